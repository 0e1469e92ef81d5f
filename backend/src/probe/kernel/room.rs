//! Whether the table of keys has refused a key: a word that the kernel programs share with user space.

use super::AttachError;
use super::mapping::Mapping;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};

/// The map `FULL`.
pub(super) struct Room(Mapping<u64>);

impl Room {
    pub(super) fn map(map: &OwnedFd) -> Result<Self, AttachError> {
        Mapping::new(map, 1, libc::PROT_READ | libc::PROT_WRITE).map(Self)
    }

    /// Lets the programs insert keys again, as there is room now.
    pub(super) fn reopen(&self) {
        // SAFETY: a value of the mapping, aligned; nobody on this side accesses it otherwise.
        let full = unsafe { AtomicU64::from_ptr(self.0.at(0)) };
        full.store(0, Ordering::Release);
    }
}
