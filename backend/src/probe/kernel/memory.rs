//! What measuring takes of memory. Where the own cgroup may not use that much, the kernel would end this program without a
//! word, so it is told before.

use super::{AttachError, Cpus, KERNEL_BTF, Sizes};
use crate::cgroup::memory::Limit;
use crate::procfs;
use runqlat_common::wire::Key;

/// For threads, their stacks and the first minutes of history, in bytes.
const SPARE: u64 = 5_000_000;

/// Reading the kernel's types takes so many times their size, for a moment: once by this program, and by aya, which makes
/// more of them.
const READING: u64 = 4;

/// Of what is read, for as long as the program runs, in bytes.
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

/// The kernel had no room for tables of these sizes.
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

/// Gives back what was read and is not needed any more: the C library keeps freed memory for later.
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
