//! Which tasks may have ended: to ask after each of 10,000 takes as long as to read all their counters.

use crate::probe::Keys;

/// Whom nothing is known to have happened to is asked after once in so many times.
const ROUND: u64 = 8;

/// A task has to run in order to end, and before that it waits. So those that have waited since the
/// last time are asked after, and the others in turns, for a wait may be lost, or the last one may have
/// begun earlier.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    /// Keys and the total of their waits as of the last time, by ascending key.
    last: Vec<(u64, u64)>,
    turn: u64,
}

impl Suspects {
    /// The keys in `read` to ask after, in ascending order.
    pub(super) fn of(&mut self, read: &Keys) -> Vec<u64> {
        self.turn = (self.turn + 1) % ROUND;
        let mut last = std::mem::take(&mut self.last).into_iter().peekable();
        let mut suspects = Vec::new();
        for (key, total) in read.totals() {
            while last.next_if(|(gone, _)| *gone < key).is_some() {}
            let is_idle = last.next_if_eq(&(key, total)).is_some();
            if !is_idle || key % ROUND == self.turn {
                suspects.push(key);
            }
            self.last.push((key, total));
        }
        suspects
    }
}

#[cfg(test)]
mod tests {
    use super::{ROUND, Suspects};
    use crate::probe::Keys;
    use std::convert::Infallible;

    fn keys(totals: &[(u64, u64)]) -> Keys {
        let mut keys = Keys::default();
        let filled: Result<(), Infallible> = keys.fill(totals.len(), |ids, stats| {
            for (at, (key, total)) in totals.iter().enumerate() {
                ids[at] = *key;
                stats[at].hist.sum_ns[1] = *total;
            }
            Ok((totals.len(), 0))
        });
        filled.unwrap();
        keys
    }

    #[test]
    fn who_is_new_or_has_waited_is_asked_after_at_once() {
        let mut suspects = Suspects::default();
        // Multiples of the round are all asked after at the same time, which is not the second.
        let key = |n: u64| n * ROUND;
        let first = keys(&[(key(1), 5), (key(2), 5), (key(4), 5)]);
        assert_eq!(suspects.of(&first), [key(1), key(2), key(4)]);
        let second = keys(&[(key(2), 6), (key(3), 0), (key(4), 5)]);
        assert_eq!(suspects.of(&second), [key(2), key(3)]);
    }

    #[test]
    fn everybody_is_asked_after_once_in_a_round() {
        let mut suspects = Suspects::default();
        let idle = keys(&(1..100).map(|key| (key, 7)).collect::<Vec<_>>());
        suspects.of(&idle);
        let mut asked: Vec<_> = (0..ROUND).flat_map(|_| suspects.of(&idle)).collect();
        asked.sort_unstable();
        assert_eq!(asked, idle.ids().collect::<Vec<_>>());
    }
}
