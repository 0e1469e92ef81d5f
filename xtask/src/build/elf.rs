//! As much of the ELF format as it takes to tell a static binary from a dynamic one.

/// Whether the binary names a dynamic loader (a program header PT_INTERP), so that it does not run without the
/// libraries of the machine it is on. `None` if these bytes are no little-endian 64-bit ELF file.
pub(super) fn needs_loader(bytes: &[u8]) -> Option<bool> {
    const MAGIC_64_LITTLE: &[u8] = b"\x7fELF\x02\x01";
    const PT_INTERP: u32 = 3;
    if !bytes.starts_with(MAGIC_64_LITTLE) {
        return None;
    }
    // Offsets of e_phoff, e_phentsize and e_phnum in the header, from elf(5).
    let table = usize::try_from(u64::from_le_bytes(array(bytes, 32)?)).ok()?;
    let size = usize::from(u16::from_le_bytes(array(bytes, 54)?));
    let count = usize::from(u16::from_le_bytes(array(bytes, 56)?));
    for index in 0..count {
        let kind = u32::from_le_bytes(array(bytes, table.checked_add(index * size)?)?);
        if kind == PT_INTERP {
            return Some(true);
        }
    }
    Some(false)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_is_dynamic() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(needs_loader(&bytes), Some(true));
    }

    #[test]
    fn other_bytes_are_no_answer() {
        assert_eq!(needs_loader(b""), None);
        assert_eq!(needs_loader(b"#!/bin/sh\n"), None);
        assert_eq!(needs_loader(b"\x7fELF\x02\x01\x01"), None);
    }
}
