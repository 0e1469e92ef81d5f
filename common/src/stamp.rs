//! When a wait begins and when it ends: what a wakeup or a switch does to a task's stamp.
//!
//! A stamp says since when a task waits, and why. Stamps live in a table that is indexed by the low
//! bits of the tid; the high bits (the tag) are kept in the stamp, so that two tasks that share a slot are told
//! apart. A slot holds a stamp only while its task waits: a collision needs two tasks that wait at
//! the same time. These functions decide and touch nothing: the BPF programs and the tests on the
//! host compile the same code.
//!
//! ```text
//!  63                                                        7   6   5        0
//! +-----------------------------------------------------------+-----+----------+
//! |                   ns of the clock, modulo 2^57            |cause|   tag    |
//! +-----------------------------------------------------------+-----+----------+
//! ```
//! 0 is the empty slot. 57 bits of ns are 4.5 years, and a wait is shorter. The time lies highest, so that a
//! shift wraps it and the highest bit tells whether a difference is negative: a mask of 57 bits is an instruction of
//! 10 bytes, and a program's bytes cost as much as what they do, for the scheduler's own code leaves none of them in
//! the cache.

use core::hint::cold_path;

/// Why a task waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Cause {
    /// It slept, or is new, and was put on a run queue.
    Woken = 0,
    /// It ran and lost the CPU while still runnable.
    Preempted = 1,
}

/// The content of an empty slot.
pub const EMPTY: u64 = 0;

/// Bits of the tid that a stamp can carry: a table of 2^n slots serves tids below 2^(n + 6).
pub const TAG_BITS: u32 = 6;

const TAG_MASK: u64 = (1 << TAG_BITS) - 1;
const CAUSE_SHIFT: u32 = TAG_BITS;
const CAUSE_BIT: u64 = 1 << CAUSE_SHIFT;
const TIME_SHIFT: u32 = CAUSE_SHIFT + 1;

/// A stamp for the task whose tid has the high bits `tag`, at `now` ns.
#[inline(always)]
pub fn stamp(tag: u32, cause: Cause, now: u64) -> u64 {
    (now << TIME_SHIFT) | ((cause as u64) << CAUSE_SHIFT) | (tag as u64 & TAG_MASK)
}

#[inline(always)]
fn is_own(slot: u64, tag: u32) -> bool {
    slot != EMPTY && (slot & TAG_MASK) as u32 == tag
}

/// What is done to a slot when a task becomes runnable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The wait begins: write a stamp.
    Stamp,
    /// No wait begins: the task runs right now, or its wait goes on. Leave the slot alone.
    Keep,
    /// No wait begins, for the task runs: its stamp proves an unseen switch. Clear it and count it as
    /// missed.
    Clear,
    /// Write a stamp over one that proves an unseen switch, and count it as missed.
    Replace,
    /// Write a stamp over another task's, and count the collision: that wait is lost.
    Evict,
}

/// A wakeup of a task; `new` ones (`sched_wakeup_new`) can't be waiting yet. A task `on_cpu` runs
/// right now: it had only set its state to sleep, and does not wait.
#[inline(always)]
pub fn on_wakeup(slot: u64, tag: u32, new: bool, on_cpu: bool) -> Start {
    if on_cpu {
        cold_path();
        if is_own(slot, tag) {
            Start::Clear
        } else {
            Start::Keep
        }
    } else if slot == EMPTY {
        Start::Stamp
    } else if !is_own(slot, tag) {
        cold_path();
        Start::Evict
    } else if slot & CAUSE_BIT != 0 && !new {
        cold_path();
        // Preempted after it had set its state to sleep, woken before it could: it never left the
        // run queue.
        Start::Keep
    } else {
        cold_path();
        // It was woken before and was not seen to run since.
        Start::Replace
    }
}

/// What is done to the slot of a task that leaves its CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// It is still runnable: a wait begins.
    Wait(Start),
    /// It sleeps or dies, and a stamp of its own is still there: clear it and count it as missed, lest
    /// a later wait (or a later task with this tid) inherit it.
    Clear,
    /// It sleeps or dies, as it should.
    Sleep,
}

/// A task leaves its CPU: `preempt` when it was made to, `running` when its state is TASK_RUNNING.
/// A task that is preempted stays on the run queue whatever state it has set for itself.
#[inline(always)]
pub fn on_leave(slot: u64, tag: u32, preempt: bool, running: impl FnOnce() -> bool) -> Leave {
    let own = is_own(slot, tag);
    if preempt || running() {
        Leave::Wait(if slot == EMPTY {
            Start::Stamp
        } else if own {
            cold_path();
            // It ran, so a stamp of its own should have ended then.
            Start::Replace
        } else {
            cold_path();
            Start::Evict
        })
    } else if own {
        cold_path();
        Leave::Clear
    } else {
        Leave::Sleep
    }
}

/// How a wait ends when its task starts to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It waited that long: clear the slot and count it.
    Waited { cause: Cause, ns: u64 },
    /// Nobody saw the wait begin: leave the slot, count it as unmatched.
    Unmatched,
    /// The clock went backwards between two CPUs: clear the slot, count it as discarded.
    Discarded,
}

/// A task starts to run at `now` ns.
#[inline(always)]
pub fn on_run(slot: u64, tag: u32, now: u64) -> End {
    if !is_own(slot, tag) {
        cold_path();
        return End::Unmatched;
    }
    let since = slot & !(CAUSE_BIT | TAG_MASK);
    let shifted = (now << TIME_SHIFT).wrapping_sub(since);
    // It is negative.
    if shifted >> 63 != 0 {
        cold_path();
        return End::Discarded;
    }
    let cause = if slot & CAUSE_BIT != 0 {
        Cause::Preempted
    } else {
        Cause::Woken
    };
    End::Waited {
        cause,
        ns: shifted >> TIME_SHIFT,
    }
}

#[cfg(test)]
mod tests;
