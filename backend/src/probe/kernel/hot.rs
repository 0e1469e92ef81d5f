//! The rows of keys that wait often, as the kernel shares them: see `runqlat_common::hot`.

use super::AttachError;
use super::ledger::Rows;
use super::mapping::Mapping;
use super::sizes::Cpus;
use runqlat_common::contract::{Hist, HotRow};
use runqlat_common::hot;
use std::os::fd::OwnedFd;
use std::ptr::read_volatile;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// The map `HOT`.
pub(super) struct Hot(Mapping<HotRow>);

impl Hot {
    /// Maps the rows of the CPUs that were present when the programs were loaded.
    pub(super) fn map(map: &OwnedFd, cpus: Cpus) -> Result<Self, AttachError> {
        Mapping::new(
            map,
            hot::rows(cpus.present),
            libc::PROT_READ | libc::PROT_WRITE,
        )
        .map(Self)
    }

    fn owner_of(&self, row: usize) -> &AtomicU64 {
        // SAFETY: a value of the mapping, aligned; nobody on this side accesses it otherwise.
        unsafe { AtomicU64::from_ptr(&raw mut (*self.0.at(row)).owner) }
    }
}

impl Rows for Hot {
    fn owner(&self, row: usize) -> u64 {
        self.owner_of(row).load(Ordering::Acquire)
    }

    fn set_owner(&mut self, row: usize, owner: u64) {
        self.owner_of(row).store(owner, Ordering::Release);
    }

    fn forget_asked(&mut self, row: usize) {
        // SAFETY: as above; aligned as well.
        let asked = unsafe { AtomicU32::from_ptr(&raw mut (*self.0.at(row)).asked) };
        // Most rows are asked for by nobody; a store would take them from their CPU's cache.
        if asked.load(Ordering::Relaxed) != 0 {
            asked.store(0, Ordering::Relaxed);
        }
    }

    fn hist(&self, row: usize) -> Hist {
        // SAFETY: a value of the mapping; volatile, for the kernel writes to it.
        let hist = unsafe { read_volatile(&raw const (*self.0.at(row)).hist) };
        // What is asked of the row from now on is as new as this.
        fence(Ordering::Acquire);
        hist
    }
}
