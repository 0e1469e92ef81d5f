//! The counters of each CPU, and how counters are added to.

use crate::config;
use aya_ebpf::bindings::BPF_F_MMAPABLE;
use aya_ebpf::helpers::bpf_get_smp_processor_id;
use aya_ebpf::macros::map;
use aya_ebpf::maps::Array;
use runqlat_common::buckets::slot_of;
use runqlat_common::contract::{CpuStats, Hist};
use runqlat_common::stamp::Cause;

/// One entry per possible CPU; user space sets the size. Mapped by user space, which reads it
/// without a system call. A plain array by CPU id costs the same per event as a per-CPU map, which
/// can't be mapped.
#[map]
static CPUS: Array<CpuStats> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// The running CPU's counters. Programs on the scheduler's tracepoints run with interrupts off, so
/// nothing else on this CPU writes to them meanwhile.
#[inline(always)]
pub(crate) fn this_cpu() -> Option<*mut CpuStats> {
    // SAFETY: a helper without arguments.
    let cpu = unsafe { bpf_get_smp_processor_id() };
    CPUS.get_ptr_mut(cpu)
}

/// Adds to a counter that this CPU alone writes.
///
/// # Safety
/// `counter` points into a map value.
#[inline(always)]
pub(crate) unsafe fn bump(counter: *mut u64) {
    // SAFETY: by the caller.
    unsafe { *counter += 1 }
}

/// Counts a wait of `ns` in a histogram that this CPU alone writes.
///
/// # Safety
/// `hist` points into a map value.
#[inline(always)]
pub(crate) unsafe fn count_local(hist: *mut Hist, cause: Cause, ns: u64) {
    // SAFETY: by the caller, and the indices are in bounds.
    unsafe {
        let (count, sum) = cells(hist, cause, ns);
        *count = (*count).wrapping_add(1);
        *sum += ns;
    }
}

/// Counts a wait of `ns` in a histogram that other CPUs write too.
///
/// # Safety
/// `hist` points into a map value.
#[inline(always)]
pub(crate) unsafe fn count_shared(hist: *mut Hist, cause: Cause, ns: u64) {
    // SAFETY: by the caller, and the indices are in bounds.
    unsafe {
        let (count, sum) = cells(hist, cause, ns);
        add_count(count);
        add_sum(sum, ns);
    }
}

/// The counter and the sum that a wait of `ns` goes into.
#[inline(always)]
unsafe fn cells(hist: *mut Hist, cause: Cause, ns: u64) -> (*mut u32, *mut u64) {
    let slot = slot_of(config::unit().of(ns));
    // SAFETY: `slot_of` is below SLOTS and there are as many sums as causes.
    unsafe {
        let counts = (&raw mut (*hist).counts).cast::<[u32; runqlat_common::buckets::SLOTS]>();
        let count = counts.add(cause as usize).cast::<u32>().add(slot);
        let sum = (&raw mut (*hist).sum_ns).cast::<u64>().add(cause as usize);
        (count, sum)
    }
}

/// Adds 1, wrapping. The BPF target's `core` has no read-modify-write atomics.
#[inline(always)]
unsafe fn add_count(count: *mut u32) {
    #[cfg(target_arch = "bpf")]
    // SAFETY: one instruction that adds to memory the caller vouches for.
    unsafe {
        core::arch::asm!(
            "lock *(u32 *)({count} + 0) += {n}",
            count = in(reg) count,
            n = in(reg) 1_u64,
            options(nostack),
        );
    }
    #[cfg(not(target_arch = "bpf"))]
    // SAFETY: never run; the host only checks this crate.
    unsafe {
        *count = (*count).wrapping_add(1);
    }
}

/// Adds `ns`, as above.
#[inline(always)]
unsafe fn add_sum(sum: *mut u64, ns: u64) {
    #[cfg(target_arch = "bpf")]
    // SAFETY: as above.
    unsafe {
        core::arch::asm!(
            "lock *(u64 *)({sum} + 0) += {ns}",
            sum = in(reg) sum,
            ns = in(reg) ns,
            options(nostack),
        );
    }
    #[cfg(not(target_arch = "bpf"))]
    // SAFETY: as above.
    unsafe {
        *sum += ns;
    }
}
