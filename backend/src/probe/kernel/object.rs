//! The kernel programs' object with their configuration filled in: constants in their instructions. aya
//! can set globals, which cost the programs more, and only through a loader that then can't be kept; a
//! new loader parses the kernel's BTF again: 15 to 80 ms of the 50 that changing the scope may take. Nor
//! can it set the size of a global, which the table of stamps is.

use super::AttachError;
use object::{Object, ObjectSection, SectionKind};
use runqlat_common::contract::{Config, placeholder_field};
use std::ops::Range;

/// Of an instruction (`struct bpf_insn`), in bytes.
const INSTRUCTION: usize = 8;

/// The one instruction of twice that size: it sets a register to 64 bits (`BPF_LD | BPF_DW | BPF_IMM`).
const LOAD_64: u8 = 0x18;

/// Of a stamp, in bytes.
const STAMP: u64 = 8;

/// The object, to be filled in again and again.
pub(super) struct Template {
    bytes: Vec<u8>,
    places: Vec<Place>,
    /// Where the size of the globals that are written stands: their section's header.
    stamps_size: usize,
}

/// An instruction that wants a part of the configuration.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// Where it lies.
    at: usize,
    /// Which bytes of [`Config`] it wants.
    field: Range<usize>,
}

impl Template {
    pub(super) fn new(object: &[u8]) -> Result<Self, AttachError> {
        let damaged = |what: &str| AttachError::Object(what.to_owned());
        let file = object::File::parse(object).map_err(|error| damaged(&error.to_string()))?;
        let mut places = Vec::new();
        for section in file.sections() {
            let Some((start, size)) = section.file_range() else {
                continue;
            };
            let code = (section.kind() == SectionKind::Text)
                .then(|| object.get(start as usize..(start + size) as usize))
                .flatten();
            places.extend(find(code.unwrap_or_default(), start as usize));
        }
        if places.is_empty() {
            return Err(damaged("no instruction wants a setting"));
        }
        let stamps_size = stamps_size(object, &file);
        Ok(Self {
            bytes: object.to_vec(),
            places,
            stamps_size: stamps_size.ok_or_else(|| damaged("there is no table of stamps"))?,
        })
    }

    /// The object with this configuration.
    pub(super) fn with(&mut self, config: &Config) -> &[u8] {
        let words: [u8; size_of::<Config>()] =
            // SAFETY: plain integers without padding, which a test of its size holds.
            unsafe { std::mem::transmute_copy(config) };
        for Place { at, field } in &self.places {
            let mut value = [0; 8];
            value[..field.len()].copy_from_slice(&words[field.clone()]);
            put(&mut self.bytes[*at..], value);
        }
        let size = STAMP << config.stamp_bits;
        self.bytes[self.stamps_size..self.stamps_size + 8].copy_from_slice(&size.to_le_bytes());
        &self.bytes
    }
}

/// Where the size of the section `.bss` stands, which must be of one stamp. In ELF's terms: `sh_size`, the 64 bits
/// at 32 in the section's header; the headers begin at `e_shoff` (64 bits at 40 in the file's header) and are of
/// `e_shentsize` (16 bits at 58).
fn stamps_size(object: &[u8], file: &object::File<'_>) -> Option<usize> {
    let section = file.section_by_name(".bss")?;
    let headers = u64::from_le_bytes(object.get(40..48)?.try_into().ok()?) as usize;
    let each = u16::from_le_bytes(object.get(58..60)?.try_into().ok()?) as usize;
    let at = headers + section.index().0 * each + 32;
    let size = u64::from_le_bytes(object.get(at..at + 8)?.try_into().ok()?);
    (size == STAMP).then_some(at)
}

/// The instructions in `code`, which lies at `start`, that set a register to a placeholder.
fn find(code: &[u8], start: usize) -> Vec<Place> {
    let mut places = Vec::new();
    let mut offset = 0;
    while let Some(instruction) = code.get(offset..offset + INSTRUCTION) {
        if instruction[0] != LOAD_64 {
            offset += INSTRUCTION;
            continue;
        }
        // Its lower half lies in the first instruction's place, the upper in that of the second.
        let field = code
            .get(offset..offset + 2 * INSTRUCTION)
            .and_then(|both| placeholder_field(constant(both)));
        places.extend(field.map(|field| Place {
            at: start + offset,
            field,
        }));
        offset += 2 * INSTRUCTION;
    }
    places
}

fn constant(instruction: &[u8]) -> u64 {
    let half = |at: usize| instruction[at..at + 4].iter().rev();
    half(12)
        .chain(half(4))
        .fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

fn put(instruction: &mut [u8], value: [u8; 8]) {
    instruction[4..8].copy_from_slice(&value[..4]);
    instruction[12..16].copy_from_slice(&value[4..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use runqlat_common::contract::placeholder;

    fn load(value: u64) -> Vec<u8> {
        let mut instruction = vec![LOAD_64, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        put(&mut instruction, value.to_le_bytes());
        instruction
    }

    #[test]
    fn only_placeholders_are_found_and_only_in_whole_instructions() {
        let exit = vec![0x95, 0, 0, 0, 0, 0, 0, 0];
        let wanted = load(placeholder(8, 4));
        // Its second half looks like the beginning of another one.
        let mut other = load(7);
        other[8] = LOAD_64;
        let code = [exit.clone(), other, wanted.clone(), exit, wanted].concat();
        let place = |at| Place { at, field: 8..12 };
        assert_eq!(find(&code, 1_000), [place(1_024), place(1_048)]);
        assert_eq!(find(&code[..code.len() - 8], 0), [place(24)]);
    }

    #[test]
    fn a_constant_goes_where_it_came_from() {
        let mut instruction = load(0x0102_0304_0506_0708);
        assert_eq!(constant(&instruction), 0x0102_0304_0506_0708);
        assert_eq!(instruction[4], 8);
        put(&mut instruction, u64::MAX.to_le_bytes());
        assert_eq!(constant(&instruction), u64::MAX);
        assert_eq!(instruction[..4], [LOAD_64, 1, 0, 0]);
    }
}
