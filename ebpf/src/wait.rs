//! The life of a wait: it begins at a wakeup or when a runnable task loses its CPU, and ends when
//! the task starts to run.

use crate::config;
use crate::keys;
use crate::stats::{bump, count_local, this_cpu};
use crate::task::Task;
use aya_ebpf::helpers::bpf_ktime_get_ns;
use aya_ebpf::macros::map;
use aya_ebpf::maps::Array;
use runqlat_common::contract::CpuStats;
use runqlat_common::stamp::{self, Cause, EMPTY, End, Leave, Start};

/// Since when tasks wait; user space sets the size, a power of two. Indexed by the tid's low bits:
/// a direct look-up in an array costs half of one in a hash, and 8 bytes a slot bound its memory.
#[map]
static STAMPS: Array<u64> = Array::with_max_entries(1, 0);

/// The slot of `tid`, and the part of `tid` that tells tasks of one slot apart.
#[inline(always)]
fn slot_of_tid(tid: u32) -> Option<(*mut u64, u32)> {
    let bits = config::stamp_bits();
    let slot = STAMPS.get_ptr_mut(tid & ((1 << bits) - 1))?;
    Some((slot, tid >> bits))
}

/// The idle task is no task, and a process filter looks at the task that waits.
#[inline(always)]
fn is_measured<T: Task>(task: T, tid: u32) -> bool {
    tid != 0 && (config::only_tgid() == 0 || task.tgid() == config::only_tgid())
}

/// The cgroup filter, which is asked where a wait ends: one test a switch instead of three, each
/// dearer than a stamp; and a task that is moved while it waits leaves no stamp behind.
#[inline(always)]
fn is_in_cgroup<T: Task>(task: T) -> bool {
    config::only_cgroup() == 0 || task.is_under(config::only_cgroup(), config::only_cgroup_level())
}

/// `task` was put on a run queue.
#[inline(always)]
pub(crate) fn wakeup<T: Task>(task: T, new: bool) {
    if config::empty() != 0 {
        return;
    }
    let tid = task.tid();
    if !is_measured(task, tid) {
        return;
    }
    let Some((slot, tag)) = slot_of_tid(tid) else {
        return;
    };
    // SAFETY: a map value.
    let start = stamp::on_wakeup(unsafe { *slot }, tag, new, task.is_on_cpu());
    begin(start, task, slot, tag, Cause::Woken);
    if new {
        keys::reused(task);
    }
}

/// `prev` leaves this CPU and `next` starts to run on it.
#[inline(always)]
pub(crate) fn switch<T: Task>(preempt: bool, prev: T, next: T) {
    if config::empty() != 0 {
        return;
    }
    leave(preempt, prev);
    run(next);
}

#[inline(always)]
fn leave<T: Task>(preempt: bool, prev: T) {
    let tid = prev.tid();
    if !is_measured(prev, tid) {
        return;
    }
    let Some((slot, tag)) = slot_of_tid(tid) else {
        return;
    };
    // SAFETY: a map value.
    match stamp::on_leave(unsafe { *slot }, tag, preempt, || prev.is_running()) {
        Leave::Wait(start) => begin(start, prev, slot, tag, Cause::Preempted),
        Leave::Clear => {
            // SAFETY: a map value.
            unsafe { *slot = EMPTY };
            tally(prev, |cpu| &raw mut cpu.missed);
        }
        Leave::Sleep => {}
    }
}

#[inline(always)]
fn begin<T: Task>(start: Start, task: T, slot: *mut u64, tag: u32, cause: Cause) {
    match start {
        Start::Keep => return,
        Start::Clear => {
            // SAFETY: a map value.
            unsafe { *slot = EMPTY };
            return tally(task, |cpu| &raw mut cpu.missed);
        }
        Start::Stamp => {}
        Start::Replace => tally(task, |cpu| &raw mut cpu.missed),
        Start::Evict => tally(task, |cpu| &raw mut cpu.collisions),
    }
    // SAFETY: a map value, and a helper without arguments.
    unsafe { *slot = stamp::stamp(tag, cause, bpf_ktime_get_ns()) };
}

#[inline(always)]
fn run<T: Task>(next: T) {
    let tid = next.tid();
    if !is_measured(next, tid) {
        return;
    }
    let Some((slot, tag)) = slot_of_tid(tid) else {
        return;
    };
    // SAFETY: a map value, and a helper without arguments.
    let end = unsafe { stamp::on_run(*slot, tag, bpf_ktime_get_ns()) };
    let (cause, ns) = match end {
        End::Unmatched => return tally(next, |cpu| &raw mut cpu.unmatched),
        End::Discarded => {
            // SAFETY: a map value.
            unsafe { *slot = EMPTY };
            return tally(next, |cpu| &raw mut cpu.discarded);
        }
        End::Waited { cause, ns } => (cause, ns),
    };
    // SAFETY: a map value.
    unsafe { *slot = EMPTY };
    if !is_in_cgroup(next) || keys::count(next, cause, ns) {
        return;
    }
    if let Some(cpu) = this_cpu() {
        // SAFETY: a map value.
        unsafe { count_local(&raw mut (*cpu).hist, cause, ns) };
    }
}

/// Counts a loss of `task`'s, which is none where its waits are not asked for.
#[inline(always)]
fn tally<T: Task>(task: T, counter: impl FnOnce(&mut CpuStats) -> *mut u64) {
    if !is_in_cgroup(task) {
        return;
    }
    if let Some(cpu) = this_cpu() {
        // SAFETY: a map value that no other CPU writes.
        unsafe { bump(counter(&mut *cpu)) };
    }
}
