//! The BPF system calls that aya has no method for: creating a map that programs find in another one, batches, lookup
//! with deletion, and the count of recursion misses. Errors are the kernel's.

use aya_obj::generated::{bpf_attr, bpf_cmd, bpf_map_type, bpf_prog_info};
use std::ffi::CStr;
use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

fn bpf(command: bpf_cmd, attr: &mut bpf_attr) -> io::Result<libc::c_long> {
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
        Ok(result)
    }
}

fn empty_attr() -> bpf_attr {
    // SAFETY: a union of plain C structures, for which zero is valid (and required by the kernel).
    unsafe { zeroed() }
}

/// Creates a hash of `capacity` entries with keys of 8 bytes; its memory is allocated at once.
pub(super) fn create_hash<V>(name: &CStr, capacity: u32) -> io::Result<OwnedFd> {
    let mut attr = empty_attr();
    // SAFETY: the part of the union that this command reads; all of it is zero.
    let create = unsafe { &mut attr.__bindgen_anon_1 };
    create.map_type = bpf_map_type::BPF_MAP_TYPE_HASH as u32;
    create.key_size = size_of::<u64>() as u32;
    create.value_size = size_of::<V>() as u32;
    create.max_entries = capacity;
    for (to, from) in create.map_name.iter_mut().zip(name.to_bytes()) {
        *to = *from as _;
    }
    let fd = bpf(bpf_cmd::BPF_MAP_CREATE, &mut attr)?;
    // SAFETY: the call returned a descriptor that nobody else has.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Puts `map` into the first place of `maps`, an array of maps. Returns when no program uses the map that was there.
pub(super) fn put_map(maps: BorrowedFd<'_>, map: BorrowedFd<'_>) -> io::Result<()> {
    update(maps, &0_u32, &(map.as_raw_fd() as u32), 0)
}

/// The result of inserting an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inserted {
    Yes,
    WasThere,
    NoRoom,
}

/// Inserts an entry; an existing one stays as it is.
pub(super) fn insert<V>(map: BorrowedFd<'_>, key: u64, value: &V) -> io::Result<Inserted> {
    /// `BPF_NOEXIST`.
    const NEW_ONLY: u64 = 1;
    match update(map, &key, value, NEW_ONLY) {
        Ok(()) => Ok(Inserted::Yes),
        Err(error) => match error.raw_os_error() {
            Some(libc::EEXIST) => Ok(Inserted::WasThere),
            Some(libc::E2BIG) => Ok(Inserted::NoRoom),
            _ => Err(error),
        },
    }
}

fn update<K, V>(map: BorrowedFd<'_>, key: &K, value: &V, flags: u64) -> io::Result<()> {
    let mut attr = empty_attr();
    attr.__bindgen_anon_2.map_fd = map.as_raw_fd() as u32;
    attr.__bindgen_anon_2.key = std::ptr::from_ref(key) as u64;
    attr.__bindgen_anon_2.__bindgen_anon_1.value = std::ptr::from_ref(value) as u64;
    attr.__bindgen_anon_2.flags = flags;
    bpf(bpf_cmd::BPF_MAP_UPDATE_ELEM, &mut attr).map(drop)
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
        Ok(_) => Ok(Batch {
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
        Ok(_) => Ok(true),
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
