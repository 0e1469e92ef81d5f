//! A key as the kernel's tables hold it: a 64-bit word with the id of its owner and when that started, because ids are
//! reused. Two processes that have the same tgid one after the other have two keys.
//!
//! ```text
//!              63                22 bits  42  41                                       0
//! task         +-------------------------+-----------------------------------------------+
//!              |        tgid or tid      |        start, in units of 2^20 ns             |
//!              +-------------------------+-----------------------------------------------+
//!              63                32 bits  32  31                                       0
//! namespace    +-------------------------+-----------------------------------------------+
//!              |          inode          |   start of its first process, modulo 2^32     |
//!              +-------------------------+-----------------------------------------------+
//! cgroup       the id alone: the kernel never gives one out twice
//! ```
//! The id is in the high bits, so that words sort by id, then by start. Starts are CLOCK_BOOTTIME's (`start_boottime`
//! in `task_struct`). A unit is 1.05 ms: task starts are unique for 146 years, and the kernel takes longer than a unit
//! to reuse an id. A namespace's start repeats after 52 days, but only has to differ from its predecessor's.

use crate::contract::key;

/// Bits of a task's word that hold its start. The rest are enough for its id: the kernel's limit is 2^22
/// (`PID_MAX_LIMIT`).
const TASK_START_BITS: u32 = 42;

/// Bits of a namespace's word that hold the start.
const NAMESPACE_START_BITS: u32 = 32;

/// A unit of the start is 2^20 ns.
const UNIT_BITS: u32 = 20;

/// The word of the process or thread `id` that started at `start_ns`.
#[inline(always)]
pub fn of_task(id: u32, start_ns: u64) -> u64 {
    // Two shifts, because a 42-bit mask takes an instruction of 16 bytes.
    let above = 64 - TASK_START_BITS - UNIT_BITS;
    ((id as u64) << TASK_START_BITS) | ((start_ns << above) >> (above + UNIT_BITS))
}

/// The word of the pid namespace `inode` whose first process started at `start_ns`.
#[inline(always)]
pub fn of_namespace(inode: u32, start_ns: u64) -> u64 {
    ((inode as u64) << NAMESPACE_START_BITS) | u64::from((start_ns >> UNIT_BITS) as u32)
}

/// How far the id lies from the lowest bit in words of this kind, one of [`key`].
#[inline(always)]
pub fn id_shift(kind: u64) -> u32 {
    match kind {
        key::PROCESS | key::THREAD => TASK_START_BITS,
        key::PIDNS => NAMESPACE_START_BITS,
        _ => 0,
    }
}

/// The id in a word of this kind.
#[inline(always)]
pub fn id(kind: u64, word: u64) -> u64 {
    word >> id_shift(kind)
}

/// When the owner of a word of this kind started, in ms of CLOCK_BOOTTIME; 0 where the word has no start. Two words
/// with the same id never give the same time: a unit is longer than a millisecond.
pub fn start_ms(kind: u64, word: u64) -> u64 {
    let start = word & !(u64::MAX << id_shift(kind));
    (start << UNIT_BITS) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::{id, id_shift, of_namespace, of_task, start_ms};
    use crate::contract::key::{CGROUP, GLOBAL, PIDNS, PROCESS, THREAD};
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    const YEAR_NS: u64 = 365 * 24 * 3_600 * 1_000_000_000;

    #[test]
    fn a_cgroup_is_its_id() {
        assert_eq!((id(CGROUP, 4_711), start_ms(CGROUP, 4_711)), (4_711, 0));
        assert_eq!((id_shift(GLOBAL), id_shift(THREAD)), (0, 42));
    }

    #[test]
    fn a_start_is_told_to_a_millisecond() {
        let word = of_task(u32::MAX >> 10, 90_000_000_000);
        assert!((89_998..=90_000).contains(&start_ms(PROCESS, word)));
        let word = of_namespace(4_026_531_836, 90_000_000_000);
        assert_eq!(id(PIDNS, word), 4_026_531_836);
        assert!((89_998..=90_000).contains(&start_ms(PIDNS, word)));
    }

    proptest! {
        #[test]
        fn who_started_later_has_another_word_and_start(
            tid in 1..1_u32 << 22, start in 0..100 * YEAR_NS, later in 1_u64 << 20..YEAR_NS,
        ) {
            let (first, second) = (of_task(tid, start), of_task(tid, start + later));
            prop_assert_eq!((id(PROCESS, first), id(THREAD, second)), (tid.into(), tid.into()));
            prop_assert!(first < second);
            prop_assert!(start_ms(PROCESS, first) < start_ms(PROCESS, second));
            // It is neither of the two words with a special meaning as a row's owner.
            prop_assert!(first != crate::hot::FREE && first != crate::hot::LEAVING);
        }
    }
}
