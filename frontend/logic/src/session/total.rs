//! The waits of one series, summed over the recent intervals.

use runqlat_common::buckets::SLOTS;
use runqlat_common::counts::Counts;

/// The waits of one series in the recent intervals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// Waits by bucket, both causes.
    pub counts: [u64; SLOTS],
    pub waits: u64,
    pub sum_ns: u64,
    /// Recent intervals in which it waited.
    intervals: usize,
}

impl Total {
    pub const ZERO: Self = Self {
        counts: [0; SLOTS],
        waits: 0,
        sum_ns: 0,
        intervals: 0,
    };

    /// Whether it waited in any recent interval.
    pub fn is_recent(&self) -> bool {
        self.intervals > 0
    }

    // Both wrap alike, so that what is added is subtracted exactly, whatever a peer sends.
    pub fn add(&mut self, counts: &Counts) {
        self.each(counts, u64::wrapping_add);
        self.intervals += 1;
    }

    pub fn subtract(&mut self, counts: &Counts) {
        self.each(counts, u64::wrapping_sub);
        self.intervals = self.intervals.saturating_sub(1);
    }

    /// Adds another's, of the same intervals or of others.
    pub fn join(&mut self, other: &Self) {
        for (sum, n) in self.counts.iter_mut().zip(&other.counts) {
            *sum = sum.wrapping_add(*n);
        }
        self.waits = self.waits.wrapping_add(other.waits);
        self.sum_ns = self.sum_ns.wrapping_add(other.sum_ns);
        self.intervals = self.intervals.max(other.intervals);
    }

    #[inline(always)]
    fn each(&mut self, counts: &Counts, op: impl Fn(u64, u64) -> u64) {
        for side in [&counts.woken, &counts.preempted] {
            let mut waits = self.waits;
            for (sum, n) in self.counts.iter_mut().zip(&side.counts) {
                *sum = op(*sum, *n);
                waits = op(waits, *n);
            }
            self.waits = waits;
            self.sum_ns = op(self.sum_ns, side.sum_ns);
        }
    }

    /// The highest bucket with a wait in it.
    pub fn max_slot(&self) -> Option<usize> {
        self.counts.iter().rposition(|n| *n != 0)
    }

    /// The bucket of the wait with rank `ceil(percent / 100 * waits)`.
    pub fn percentile_slot(&self, percent: u64) -> Option<usize> {
        let rank = (u128::from(self.waits) * u128::from(percent)).div_ceil(100);
        let mut seen = 0_u128;
        self.counts.iter().position(|n| {
            seen += u128::from(*n);
            seen >= rank && seen > 0
        })
    }
}
