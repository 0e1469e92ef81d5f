//! The counters of all CPUs.

use super::AttachError;
use super::mapping::Mapping;
use runqlat_common::contract::CpuStats;
use std::os::fd::OwnedFd;
use std::ptr::read_volatile;

/// The map `CPUS`, mapped read-only.
pub(super) struct Counters(Mapping<CpuStats>);

impl Counters {
    /// Maps the map's `cpus` values.
    pub(super) fn map(map: &OwnedFd, cpus: usize) -> Result<Self, AttachError> {
        Mapping::new(map, cpus, libc::PROT_READ).map(Self)
    }

    /// Keys inserted into the table, on all CPUs.
    pub(super) fn inserted(&self) -> u64 {
        let one = |cpu| {
            // SAFETY: a field of a value of the mapping; volatile, for the kernel writes to it.
            unsafe { read_volatile(&raw const (*self.0.at(cpu)).inserted) }
        };
        (0..self.0.len()).map(one).sum()
    }

    /// The sum over all CPUs. Each counter is read whole (aligned); a wait that is being
    /// counted at this moment may show in its bucket now and in its sum at the next reading.
    pub(super) fn sum(&self) -> CpuStats {
        let mut sum = CpuStats::ZERO;
        for cpu in 0..self.0.len() {
            // SAFETY: a value of the mapping; volatile, for the kernel writes to it.
            let one = unsafe { read_volatile(self.0.at(cpu)) };
            sum.hist.add(&one.hist);
            sum.collisions += one.collisions;
            sum.missed += one.missed;
            sum.unmatched += one.unmatched;
            sum.discarded += one.discarded;
            sum.inserted += one.inserted;
        }
        sum
    }
}
