//! Memory that measuring needs. If this program's cgroup allows less, the kernel would kill the program without a
//! message, so it checks first.

use super::{AttachError, Cpus, KERNEL_BTF, Sizes};
use crate::cgroup::memory::Limit;
use crate::procfs;
use runqlat_common::wire::Key;

/// For threads, their stacks and the first minutes of history, in bytes.
const SPARE: u64 = 5_000_000;

/// Peak memory while reading the kernel's types, as a multiple of their size: this program reads them once, and so does
/// aya, which expands them.
const READING: u64 = 4;

/// Memory that stays in use of what was read, in bytes.
const KEPT: u64 = 3_000_000;

/// Whether there is room for reading the kernel's types, and then for tables of these sizes.
pub(super) fn check_all(key: Key, sizes: Sizes) -> Result<(), AttachError> {
    let types = std::fs::metadata(KERNEL_BTF).map_or(0, |file| file.len());
    let (reading, then) = (READING * types, KEPT + tables(key, sizes));
    check(reading.max(then), key.has_series() && then > reading)
}

/// Whether there is room for tables of these sizes.
pub(super) fn check_tables(key: Key, sizes: Sizes) -> Result<(), AttachError> {
    check(tables(key, sizes), key.has_series())
}

/// The error when the kernel had no memory for tables of these sizes.
pub(super) fn too_large(key: Key, sizes: Sizes) -> AttachError {
    AttachError::Memory {
        needed: needed(tables(key, sizes)),
        keyed: key.has_series(),
    }
}

fn check(more: u64, keyed: bool) -> Result<(), AttachError> {
    let needed = needed(more);
    match Limit::own() {
        Some(limit) if limit.bytes < needed => Err(AttachError::Memory { needed, keyed }),
        _ => Ok(()),
    }
}

/// Returns freed memory to the kernel; the C library would keep it.
pub(super) fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: touches nothing but free memory.
    unsafe {
        libc::malloc_trim(0);
    }
}

fn needed(more: u64) -> u64 {
    procfs::self_anonymous_bytes() + SPARE + more
}

fn tables(key: Key, sizes: Sizes) -> u64 {
    sizes.bytes(Cpus::of_host(), key.has_series(), sizes.keys)
}
