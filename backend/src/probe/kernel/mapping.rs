//! A map's values in memory shared with the kernel: reading them is no system call.

use super::AttachError;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::NonNull;

/// The values of an array that may be mapped.
pub(super) struct Mapping<T> {
    base: NonNull<T>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone on this side.
unsafe impl<T> Send for Mapping<T> {}

impl<T> Mapping<T> {
    /// Maps the map's `len` values.
    pub(super) fn new(map: &OwnedFd, len: usize, access: libc::c_int) -> Result<Self, AttachError> {
        // SAFETY: a new mapping; the kernel checks the length against the map's.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                Self::bytes(len),
                access,
                libc::MAP_SHARED,
                map.as_raw_fd(),
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(AttachError::Map(io::Error::last_os_error()));
        }
        let base =
            NonNull::new(base.cast()).ok_or(AttachError::Map(io::ErrorKind::Other.into()))?;
        Ok(Self { base, len })
    }

    fn bytes(len: usize) -> usize {
        (len * size_of::<T>()).next_multiple_of(4_096)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Where a value lies: aligned, and valid as long as the mapping. The kernel writes to it meanwhile.
    pub(super) fn at(&self, index: usize) -> *mut T {
        assert!(index < self.len);
        // SAFETY: inside the mapping.
        unsafe { self.base.as_ptr().add(index) }
    }
}

impl<T> Drop for Mapping<T> {
    fn drop(&mut self) {
        // SAFETY: mapped by `new` with this length, and not used any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), Self::bytes(self.len)) };
    }
}
