//! A histogram of waits as people and the wire use it: what happened in one interval, or a sum of
//! such. Counts, sums and percentiles; must not know about maps, sockets or pixels.

use crate::buckets::{SLOTS, Unit, lower, upper};
use crate::contract::Hist;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Waits of one cause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// Waits per bucket from bucket 0 on; trailing zeros are left out.
    pub counts: Vec<u64>,
    /// Their total, in ns.
    pub sum_ns: u64,
}

/// Waits of both causes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Waits that began with a wakeup.
    pub woken: Waits,
    /// Waits that began when the task lost its CPU while still runnable.
    pub preempted: Waits,
}

/// The range of one bucket, in µs whatever its unit; `above` is `None` for the last, open-ended one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub from: u64,
    pub above: Option<u64>,
}

impl Range {
    pub fn of(slot: usize, unit: Unit) -> Self {
        let micros = |n: u64| n * (unit.ns() / Unit::Us.ns());
        Self {
            from: micros(lower(slot)),
            above: upper(slot).map(micros),
        }
    }
}

impl Waits {
    fn new(counts: &[u64], sum_ns: u64) -> Self {
        let used = counts.iter().rposition(|&n| n != 0).map_or(0, |i| i + 1);
        Self {
            counts: counts[..used].to_vec(),
            sum_ns,
        }
    }

    fn add(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (sum, n) in self.counts.iter_mut().zip(&other.counts) {
            *sum = sum.saturating_add(*n);
        }
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
    }
}

impl Counts {
    /// What happened between two cumulative readings, in each bucket less than 2^32 waits. A
    /// histogram whose sum went back (its key was made anew in between) counts from zero.
    pub fn between(before: &Hist, after: &Hist) -> Self {
        if before == after {
            return Self::default();
        }
        let side = |cause: usize| {
            let anew = after.sum_ns[cause] < before.sum_ns[cause];
            let before = if anew { &Hist::ZERO } else { before };
            let mut counts = [0; SLOTS];
            for (slot, n) in counts.iter_mut().enumerate() {
                let (from, to) = (before.counts[cause][slot], after.counts[cause][slot]);
                *n = u64::from(to.wrapping_sub(from));
            }
            Waits::new(&counts, after.sum_ns[cause] - before.sum_ns[cause])
        };
        Self {
            woken: side(0),
            preempted: side(1),
        }
    }

    /// Adds `other`'s waits: histograms merge by sum.
    pub fn add(&mut self, other: &Self) {
        self.woken.add(&other.woken);
        self.preempted.add(&other.preempted);
    }

    /// Waits in bucket `slot`, both causes.
    pub fn at(&self, slot: usize) -> u64 {
        let of = |waits: &Waits| waits.counts.get(slot).copied().unwrap_or(0);
        of(&self.woken).saturating_add(of(&self.preempted))
    }

    /// All waits.
    pub fn total(&self) -> u64 {
        let sides = [&self.woken, &self.preempted];
        let all = sides.iter().flat_map(|waits| &waits.counts);
        all.fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Total wait, in ns.
    pub fn sum_ns(&self) -> u64 {
        self.woken.sum_ns.saturating_add(self.preempted.sum_ns)
    }

    pub fn is_empty(&self) -> bool {
        self.woken.counts.is_empty() && self.preempted.counts.is_empty()
    }

    /// The highest bucket with a wait in it: the true maximum lies there.
    pub fn max_slot(&self) -> Option<usize> {
        // Asked of every series with every update: from the end, which is seldom zero, and not bucket by bucket.
        let last = |waits: &Waits| waits.counts.iter().take(SLOTS).rposition(|n| *n > 0);
        last(&self.woken).max(last(&self.preempted))
    }

    /// The bucket that holds the wait of rank `ceil(q * total)`, for 0 < q <= 1. A percentile read
    /// from buckets is a range and not a number.
    pub fn quantile_slot(&self, q: f64) -> Option<usize> {
        let total = self.total();
        // Counts below 2^53 are exact in an f64, which is 285 years of a million waits a second.
        let exact = total as f64 * q;
        let floor = exact as u64;
        let rank = if (floor as f64) < exact {
            floor + 1
        } else {
            floor
        };
        let rank = rank.clamp(1, total.max(1));
        let mut seen = 0_u64;
        (0..SLOTS).find(|&slot| {
            seen = seen.saturating_add(self.at(slot));
            seen >= rank
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Waits};
    use crate::buckets::{SLOTS, slot_of};
    use crate::contract::Hist;
    use alloc::{vec, vec::Vec};
    use proptest::prelude::{prop_assert_eq, proptest};

    fn counts_of(waits: &[u64]) -> Counts {
        let mut hist = Hist::ZERO;
        for &us in waits {
            hist.counts[0][slot_of(us)] += 1;
            hist.sum_ns[0] += us * 1_000;
        }
        Counts::between(&Hist::ZERO, &hist)
    }

    #[test]
    fn an_empty_histogram_has_no_percentile() {
        let none = Counts::default();
        assert!(none.is_empty());
        assert_eq!(none.total(), 0);
        assert_eq!(none.quantile_slot(0.5), None);
        assert_eq!(none.max_slot(), None);
    }

    #[test]
    fn trailing_zeros_are_left_out() {
        let counts = counts_of(&[5, 5, 0]);
        assert_eq!(
            counts.woken,
            Waits {
                counts: vec![1, 0, 2],
                sum_ns: 10_000
            }
        );
        assert_eq!(counts.preempted, Waits::default());
    }

    #[test]
    fn a_histogram_made_anew_counts_from_zero() {
        let (mut before, mut after) = (Hist::ZERO, Hist::ZERO);
        (before.counts[1][4], before.sum_ns[1]) = (10, 200_000);
        assert!(Counts::between(&before, &after).is_empty());
        (after.counts[1][3], after.sum_ns[1]) = (2, 20_000);
        assert_eq!(Counts::between(&before, &after).total(), 2);
    }

    #[test]
    fn counters_may_wrap_between_readings() {
        let (mut before, mut after) = (Hist::ZERO, Hist::ZERO);
        (before.counts[0][1], before.sum_ns[0]) = (u32::MAX, 1 << 43);
        (after.counts[0][1], after.sum_ns[0]) = (4, (1 << 43) + 10_000);
        assert_eq!(Counts::between(&before, &after).total(), 5);
    }

    proptest! {
        #[test]
        fn a_percentile_is_the_bucket_of_the_sorted_wait(
            mut waits in proptest::collection::vec(0..1_u64 << 40, 1..200),
            percent in 1..=100_usize,
        ) {
            let counts = counts_of(&waits);
            waits.sort_unstable();
            let rank = (waits.len() * percent).div_ceil(100);
            let slot = slot_of(waits[rank - 1]);
            // 0.29 * 100 is a hair above 29 in binary; ask in the same rational the rank has.
            let q = rank as f64 / waits.len() as f64;
            let found = counts.quantile_slot(q);
            let next = waits.get(rank).map(|&w| slot_of(w));
            // A rounded-up product may land on the next wait, never further.
            assert!(found == Some(slot) || found == next, "{found:?} {slot} {next:?}");
            prop_assert_eq!(counts.max_slot(), waits.last().map(|&w| slot_of(w)));
        }

        #[test]
        fn sums_do_not_depend_on_order(
            a in proptest::collection::vec(0..1_u64 << 36, 0..50),
            b in proptest::collection::vec(0..1_u64 << 36, 0..50),
        ) {
            let mut ab = counts_of(&a);
            ab.add(&counts_of(&b));
            let both: Vec<u64> = a.iter().chain(&b).copied().collect();
            prop_assert_eq!(ab, counts_of(&both));
        }

        #[test]
        fn deltas_of_cumulative_readings_add_up(
            steps in proptest::collection::vec((0..2_usize, 0..SLOTS, 1..1_000_u32), 0..100),
        ) {
            let mut reading = Hist::ZERO;
            let mut sum = Counts::default();
            for (cause, slot, n) in steps {
                let before = reading;
                reading.counts[cause][slot] += n;
                reading.sum_ns[cause] += u64::from(n);
                sum.add(&Counts::between(&before, &reading));
            }
            prop_assert_eq!(sum, Counts::between(&Hist::ZERO, &reading));
        }
    }
}
