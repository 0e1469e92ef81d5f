//! The life of a wait: it begins at a wakeup or when a runnable task loses its CPU, and ends when
//! the task starts to run.

use crate::config;
use crate::keys;
use crate::stats::{bump, count_local, this_cpu};
use crate::task::Task;
use aya_ebpf::helpers::bpf_ktime_get_ns;
use runqlat_common::contract::{CpuStats, START_UNIT_NS};
use runqlat_common::stamp::{self, Cause, EMPTY, End, Leave, Start};

/// Since when tasks wait; user space makes it larger, to a power of two. Indexed by what [`SPREAD`] makes of the tid: 8
/// bytes a slot bound its memory. As a global it is a map's one value, whose address the programs know: no key
/// is stored for a look-up, and no bound compared.
static mut STAMPS: u64 = EMPTY;

/// The first slot. By its name, for the compiler knows of this one only.
#[inline(always)]
fn stamps() -> *mut u64 {
    #[cfg(target_arch = "bpf")]
    // SAFETY: sets one register.
    unsafe {
        let first;
        core::arch::asm!(
            "{first} = {stamps} ll",
            first = out(reg) first,
            stamps = sym STAMPS,
            options(nomem, nostack, preserves_flags),
        );
        first
    }
    #[cfg(not(target_arch = "bpf"))]
    {
        &raw mut STAMPS
    }
}

/// Odd, so that tids that differ in their low bits have different slots. Without it, eight tasks that were started one
/// after the other, and so tend to run at the same time, would share a cache line that each of their CPUs writes twice
/// per wait.
const SPREAD: u64 = 0x9e37_79b1;

/// The slot of `tid`, and the part of `tid` that tells tasks of one slot apart.
#[inline(always)]
fn slot_of_tid(tid: u32) -> (*mut u64, u32) {
    let index = u64::from(tid).wrapping_mul(SPREAD) & config::stamp_mask();
    let tag = u64::from(tid) >> (config::stamp_bits() & 31);
    (stamps().wrapping_add(index as usize), tag as u32)
}

/// The idle task is no task, and a process filter looks at the task that waits.
#[inline(always)]
fn is_measured<T: Task>(task: T, tid: u32) -> bool {
    tid != 0 && (config::only_tgid() == 0 || is_of_process(task))
}

/// Whether the task belongs to the process that was chosen, and not to a later one with the same tgid.
#[inline(always)]
fn is_of_process<T: Task>(task: T) -> bool {
    u64::from(task.tgid()) == config::only_tgid()
        && (config::only_start() == 0
            || task.leader().start_ns() / START_UNIT_NS == config::only_start())
}

/// The cgroup filter, which is asked where a wait ends: one test a switch instead of three, each
/// dearer than a stamp; and a task that is moved while it waits leaves no stamp behind.
#[inline(always)]
fn is_in_cgroup<T: Task>(task: T) -> bool {
    config::only_cgroup() == 0 || task.is_under(config::only_cgroup(), config::only_cgroup_level())
}

/// Half of what a program costs beyond being called, so it is read once and only where it is wanted. Reading it waits
/// for all that was begun before, loads that miss the cache among it.
#[inline(always)]
fn clock() -> u64 {
    // SAFETY: a helper without arguments.
    unsafe { bpf_ktime_get_ns() }
}

/// `task` was put on a run queue.
#[inline(always)]
pub(crate) fn wakeup<T: Task>(task: T, new: bool) {
    let tid = task.tid();
    if !is_measured(task, tid) {
        return;
    }
    let on_cpu = task.is_on_cpu();
    let (slot, tag) = slot_of_tid(tid);
    // SAFETY: a map value.
    let start = stamp::on_wakeup(unsafe { slot.read_volatile() }, tag, new, on_cpu);
    begin(start, task, slot, || {
        stamp::stamp(tag, Cause::Woken, clock())
    });
}

/// `prev` leaves this CPU and `next` starts to run on it: one moment, and the clock is read once, so that a wait that
/// begins here and one that ends here abut. Before any table is looked at: that goes on while the clock is read.
#[inline(always)]
pub(crate) fn switch<T: Task>(preempt: bool, prev: T, next: T) {
    let tid = next.tid();
    if is_measured(next, tid) {
        let now = clock();
        leave(preempt, prev, || now);
        run(next, tid, now);
    } else {
        leave(preempt, prev, clock);
    }
}

#[inline(always)]
fn leave<T: Task>(preempt: bool, prev: T, now: impl FnOnce() -> u64) {
    let tid = prev.tid();
    if !is_measured(prev, tid) {
        return;
    }
    let (slot, tag) = slot_of_tid(tid);
    // SAFETY: a map value.
    match stamp::on_leave(unsafe { slot.read_volatile() }, tag, preempt, || {
        prev.is_running()
    }) {
        Leave::Wait(start) => {
            begin(start, prev, slot, || {
                stamp::stamp(tag, Cause::Preempted, now())
            });
        }
        Leave::Clear => {
            // SAFETY: a map value.
            unsafe { slot.write_volatile(EMPTY) };
            tally(prev, |cpu| &raw mut cpu.missed);
        }
        Leave::Sleep => {}
    }
}

#[inline(always)]
fn begin<T: Task>(start: Start, task: T, slot: *mut u64, stamp: impl FnOnce() -> u64) {
    match start {
        Start::Keep => return,
        Start::Clear => {
            // SAFETY: a map value.
            unsafe { slot.write_volatile(EMPTY) };
            return tally(task, |cpu| &raw mut cpu.missed);
        }
        Start::Stamp => {}
        Start::Replace => tally(task, |cpu| &raw mut cpu.missed),
        Start::Evict => tally(task, |cpu| &raw mut cpu.collisions),
    }
    // SAFETY: a map value.
    unsafe { slot.write_volatile(stamp()) };
}

#[inline(always)]
fn run<T: Task>(next: T, tid: u32, now: u64) {
    let (slot, tag) = slot_of_tid(tid);
    // SAFETY: a map value.
    let (cause, ns) = match stamp::on_run(unsafe { slot.read_volatile() }, tag, now) {
        End::Unmatched => return tally(next, |cpu| &raw mut cpu.unmatched),
        End::Discarded => {
            // SAFETY: a map value.
            unsafe { slot.write_volatile(EMPTY) };
            return tally(next, |cpu| &raw mut cpu.discarded);
        }
        End::Waited { cause, ns } => (cause, ns),
    };
    // SAFETY: a map value.
    unsafe { slot.write_volatile(EMPTY) };
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
