//! The BPF system calls that aya has no method for: batches, look-up with deletion, and the count of
//! recursion misses. Errors are the kernel's.

use aya_obj::generated::{bpf_attr, bpf_cmd, bpf_prog_info};
use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd};

fn bpf(command: bpf_cmd, attr: &mut bpf_attr) -> io::Result<()> {
    // SAFETY: the callers point `attr` at memory that outlives the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command as libc::c_long,
            std::ptr::from_mut(attr),
            size_of::<bpf_attr>(),
        )
    };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

fn empty_attr() -> bpf_attr {
    // SAFETY: a union of plain C structures, for which zero is valid (and required by the kernel).
    unsafe { zeroed() }
}

/// One batch of a hash map's entries.
pub(super) struct Batch {
    /// Entries that were read.
    pub len: usize,
    /// Where the next batch starts; `None` after the last.
    pub next: Option<u32>,
}

/// Reads the next entries of a hash map from `position` on (`None`: the first) into `keys` and
/// `values`, which must be equally long. ENOSPC: longer ones are needed.
pub(super) fn lookup_batch<V>(
    map: BorrowedFd<'_>,
    position: Option<u32>,
    keys: &mut [u64],
    values: &mut [V],
) -> io::Result<Batch> {
    assert_eq!(keys.len(), values.len());
    let (mut from, mut to) = (position.unwrap_or(0), 0_u32);
    let mut attr = empty_attr();
    attr.batch.in_batch = position.map_or(0, |_| &raw mut from as u64);
    attr.batch.out_batch = &raw mut to as u64;
    attr.batch.keys = keys.as_mut_ptr() as u64;
    attr.batch.values = values.as_mut_ptr() as u64;
    attr.batch.count = u32::try_from(keys.len()).unwrap_or(u32::MAX);
    attr.batch.map_fd = map.as_raw_fd() as u32;
    let result = bpf(bpf_cmd::BPF_MAP_LOOKUP_BATCH, &mut attr);
    // SAFETY: `batch` is what was set above; the kernel wrote the count back.
    let len = unsafe { attr.batch.count } as usize;
    match result {
        Ok(()) => Ok(Batch {
            len,
            next: Some(to),
        }),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(Batch { len, next: None }),
        Err(error) => Err(error),
    }
}

/// Which call on one entry of a map.
#[derive(Clone, Copy)]
pub(super) enum Element {
    Lookup,
    Delete,
    /// Both at once, since 5.14 for hashes; EINVAL or ENOTSUPP before.
    LookupAndDelete,
}

/// `Ok(false)`: there is no such entry. `value` is left alone by a deletion.
pub(super) fn element<V>(
    map: BorrowedFd<'_>,
    what: Element,
    key: u64,
    value: &mut V,
) -> io::Result<bool> {
    let command = match what {
        Element::Lookup => bpf_cmd::BPF_MAP_LOOKUP_ELEM,
        Element::Delete => bpf_cmd::BPF_MAP_DELETE_ELEM,
        Element::LookupAndDelete => bpf_cmd::BPF_MAP_LOOKUP_AND_DELETE_ELEM,
    };
    let mut attr = empty_attr();
    attr.__bindgen_anon_2.map_fd = map.as_raw_fd() as u32;
    attr.__bindgen_anon_2.key = &raw const key as u64;
    if !matches!(what, Element::Delete) {
        attr.__bindgen_anon_2.__bindgen_anon_1.value = std::ptr::from_mut(value) as u64;
    }
    match bpf(command, &mut attr) {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(false),
        Err(error) => Err(error),
    }
}

/// How often the kernel did not run the program since it was already running on that CPU. Kernels
/// before 5.12 don't count it and say 0.
pub(super) fn recursion_misses(program: BorrowedFd<'_>) -> io::Result<u64> {
    // SAFETY: plain C structure, for which zero is valid.
    let mut info: bpf_prog_info = unsafe { zeroed() };
    let mut attr = empty_attr();
    attr.info.bpf_fd = program.as_raw_fd() as u32;
    attr.info.info = &raw mut info as u64;
    attr.info.info_len = size_of::<bpf_prog_info>() as u32;
    bpf(bpf_cmd::BPF_OBJ_GET_INFO_BY_FD, &mut attr)?;
    Ok(info.recursion_misses)
}
