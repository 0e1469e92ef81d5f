//! The counters of all CPUs, in memory shared with the kernel: reading them is no system call.

use super::AttachError;
use runqlat_common::buckets::SLOTS;
use runqlat_common::contract::{CAUSES, CpuStats};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::{NonNull, read_volatile};

/// The map `CPUS`, mapped read-only.
pub(super) struct Counters {
    base: NonNull<CpuStats>,
    cpus: usize,
}

// SAFETY: the mapping belongs to this value alone on this side, and is only read.
unsafe impl Send for Counters {}

impl Counters {
    /// Maps the map's `cpus` values.
    pub(super) fn map(map: OwnedFd, cpus: usize) -> Result<Self, AttachError> {
        // SAFETY: a new mapping; the kernel checks the length against the map's.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                Self::bytes(cpus),
                libc::PROT_READ,
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
        Ok(Self { base, cpus })
    }

    fn bytes(cpus: usize) -> usize {
        (cpus * size_of::<CpuStats>()).next_multiple_of(4_096)
    }

    /// The sum over all CPUs. Each counter is read whole (aligned); a wait that is being
    /// counted at this moment may show in its bucket now and in its sum at the next reading.
    pub(super) fn sum(&self) -> CpuStats {
        let mut sum = CpuStats::ZERO;
        for cpu in 0..self.cpus {
            // SAFETY: inside the mapping, which holds `cpus` aligned values; volatile, for the kernel
            // writes to it.
            let one = unsafe { read_volatile(self.base.as_ptr().add(cpu)) };
            add(&mut sum, &one);
        }
        sum
    }
}

fn add(sum: &mut CpuStats, one: &CpuStats) {
    for cause in 0..CAUSES {
        for slot in 0..SLOTS {
            let count = &mut sum.hist.counts[cause][slot];
            *count = count.wrapping_add(one.hist.counts[cause][slot]);
        }
        sum.hist.sum_ns[cause] += one.hist.sum_ns[cause];
    }
    sum.collisions += one.collisions;
    sum.missed += one.missed;
    sum.unmatched += one.unmatched;
    sum.discarded += one.discarded;
}

impl Drop for Counters {
    fn drop(&mut self) {
        // SAFETY: mapped by `map` with this length, and not used any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), Self::bytes(self.cpus)) };
    }
}
