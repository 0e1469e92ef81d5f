//! Which keys have ended. The kernel programs mark them; a key whose end they missed is found by polling its task, or
//! when its id is used again.

use crate::probe::Keys;
use crate::procfs;
use runqlat_common::key_word;
use runqlat_common::wire::Key;
use std::collections::HashSet;

/// Sweeps in which each key's task is polled once, at most.
const ROUND: u64 = 64;

/// Keys that are polled in each sweep, if there are as many: each takes some 10 µs.
const AT_LEAST: u64 = 32;

/// Finds ended keys of one kind.
pub(super) struct Ended {
    kind: Key,
    /// Whether tasks can be polled: ids here are those of the kernel's tables.
    asks: bool,
    turn: u64,
    /// Keys that ended while their entries were moved to a larger table.
    noted: HashSet<u64>,
}

impl Ended {
    pub(super) fn new(kind: Key) -> Self {
        let is_task = matches!(kind, Key::Process | Key::Thread);
        Self {
            kind,
            asks: is_task && procfs::in_initial_pid_namespace(),
            turn: 0,
            noted: HashSet::new(),
        }
    }

    /// The key is known to have ended.
    pub(super) fn note(&mut self, key: u64) {
        self.noted.insert(key);
    }

    /// The keys in `read` that have ended, in ascending order.
    pub(super) fn of(&mut self, read: &Keys) -> Vec<u64> {
        let asks = self.asks;
        self.find(read, |id| !asks || procfs::task_lives(id))
    }

    fn find(&mut self, read: &Keys, lives: impl Fn(u64) -> bool) -> Vec<u64> {
        self.turn = self.turn.wrapping_add(1);
        let round = (read.len() as u64).div_ceil(AT_LEAST).clamp(1, ROUND);
        let turn = self.turn % round;
        let noted = std::mem::take(&mut self.noted);
        let id = |key| key_word::id(self.kind.kernel_kind(), key);
        let mut rows = read.iter().peekable();
        let mut ended = Vec::new();
        while let Some((key, stats)) = rows.next() {
            let id_of_next = rows.peek().map(|(next, _)| id(*next));
            let is_used_again = id_of_next == Some(id(key));
            let is_missed = || id(key) % round == turn && !lives(id(key));
            if stats.ended != 0 || is_used_again || noted.contains(&key) || is_missed() {
                ended.push(key);
            }
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::{Ended, ROUND};
    use crate::probe::Keys;
    use runqlat_common::contract::KeyStats;
    use runqlat_common::key_word::of_task;
    use runqlat_common::wire::Key;

    const SECOND_NS: u64 = 1_000_000_000;

    fn keys(rows: &[(u64, u64)]) -> Keys {
        let row = |&(key, ended)| {
            let stats = KeyStats {
                ended,
                ..KeyStats::ZERO
            };
            (key, stats)
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn what_the_programs_say_and_what_was_noted_has_ended() {
        let key = |tid| of_task(tid, SECOND_NS);
        let read = keys(&[(key(1), 0), (key(2), 1), (key(3), 0)]);
        let mut ended = Ended::new(Key::Process);
        assert_eq!(ended.find(&read, |_| true), [key(2)]);
        ended.note(key(3));
        assert_eq!(ended.find(&read, |_| true), [key(2), key(3)]);
        assert_eq!(ended.find(&read, |_| true), [key(2)]);
    }

    #[test]
    fn an_id_that_is_used_again_is_of_another() {
        let (first, second) = (of_task(7, SECOND_NS), of_task(7, 2 * SECOND_NS));
        let read = keys(&[(first, 0), (second, 0), (of_task(8, SECOND_NS), 0)]);
        assert_eq!(Ended::new(Key::Thread).find(&read, |_| true), [first]);
        // A cgroup's word holds nothing but its id.
        let groups = keys(&[(7, 0), (8, 0)]);
        assert!(Ended::new(Key::Cgroup).find(&groups, |_| true).is_empty());
    }

    #[test]
    fn whose_end_was_missed_is_found_within_a_round_and_at_once_among_few() {
        for (tasks, sweeps) in [(20, 1), (200, 7), (10_000, ROUND)] {
            let read: Vec<_> = (1..=tasks)
                .map(|tid| (of_task(tid, SECOND_NS), 0))
                .collect();
            let read = keys(&read);
            let mut ended = Ended::new(Key::Process);
            let round = (0..sweeps).flat_map(|_| ended.find(&read, |tid| tid != 15));
            assert_eq!(
                round.collect::<Vec<_>>(),
                [of_task(15, SECOND_NS)],
                "{tasks}"
            );
        }
    }
}
