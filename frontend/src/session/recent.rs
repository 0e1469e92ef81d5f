//! The series of the last few intervals, summed: what the list of series shows. Sums are kept up
//! to date by adding what comes and subtracting what goes, so that an update costs the same however
//! many intervals are summed.

use super::scopes::SeriesScope;
use crate::keys;
use runqlat_common::buckets::SLOTS;
use runqlat_common::counts::Counts;
use runqlat_common::wire::{Interval, Series, SeriesName};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Intervals that are summed: enough that a list sorted by them can be read.
pub const INTERVALS: usize = 10;

/// The waits of one series in the recent intervals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// Waits by bucket, both causes.
    pub counts: [u64; SLOTS],
    pub waits: u64,
    pub sum_ns: u64,
    /// Recent intervals in which it waited; at 0 it leaves.
    intervals: usize,
}

#[derive(Clone, Debug)]
struct Part {
    seq: u64,
    duration_us: u64,
    /// Of the whole scope.
    waits: u64,
    lost: u64,
    series: Vec<Series>,
}

/// The last [`INTERVALS`] intervals.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    scope: SeriesScope,
    parts: VecDeque<Part>,
    totals: BTreeMap<u64, Total>,
    names: BTreeMap<u64, String>,
    gone: BTreeSet<u64>,
}

impl Recent {
    pub fn new(scope: SeriesScope, intervals: Vec<Interval>, names: Vec<SeriesName>) -> Self {
        let mut recent = Self {
            scope,
            ..Self::default()
        };
        for interval in intervals {
            recent.push(interval);
        }
        recent.learn(names);
        recent
    }

    pub fn push(&mut self, interval: Interval) {
        for key in &interval.gone {
            self.gone.insert(*key);
        }
        for series in &interval.series {
            // A key that waits again after its series was gone is another series.
            if !interval.gone.contains(&series.key) {
                self.gone.remove(&series.key);
            }
            self.totals
                .entry(series.key)
                .or_insert(Total::ZERO)
                .add(&series.counts);
        }
        self.learn(interval.names);
        self.parts.push_back(Part {
            seq: interval.column.seq,
            duration_us: interval.column.duration_us,
            waits: interval.column.counts.total(),
            lost: interval.health.losses.total(),
            series: interval.series,
        });
        while self.parts.len() > INTERVALS {
            self.drop_oldest();
        }
        self.forget_gone();
    }

    fn drop_oldest(&mut self) {
        let Some(part) = self.parts.pop_front() else {
            return;
        };
        for series in &part.series {
            let Some(total) = self.totals.get_mut(&series.key) else {
                continue;
            };
            total.subtract(&series.counts);
            if total.intervals == 0 {
                self.totals.remove(&series.key);
            }
        }
    }

    /// A name lives as long as its series, and longer while its waits are in the list.
    fn forget_gone(&mut self) {
        let (totals, names) = (&self.totals, &mut self.names);
        self.gone.retain(|key| {
            let listed = totals.contains_key(key);
            if !listed {
                names.remove(key);
            }
            listed
        });
    }

    fn learn(&mut self, names: Vec<SeriesName>) {
        for SeriesName { key, name } in names {
            self.names.insert(key, name);
        }
    }

    /// Series with recent waits, by ascending key.
    pub fn totals(&self) -> impl Iterator<Item = (u64, &Total)> {
        self.totals.iter().map(|(key, total)| (*key, total))
    }

    pub fn total(&self, key: u64) -> Option<&Total> {
        self.totals.get(&key)
    }

    /// The name for people: the series' own, or its id when none is known.
    pub fn name_of(&self, key: u64) -> String {
        let known = self.names.get(&key);
        keys::name(self.scope.key, key, known.map(String::as_str))
    }

    /// What the series are, and what their buckets count.
    pub fn scope(&self) -> SeriesScope {
        self.scope
    }

    pub fn is_gone(&self, key: u64) -> bool {
        self.gone.contains(&key)
    }

    /// The time that the sums cover, in s.
    pub fn seconds(&self) -> f64 {
        let us: u64 = self.parts.iter().map(|part| part.duration_us).sum();
        us as f64 / 1e6
    }

    /// Waits of the whole scope.
    pub fn waits(&self) -> u64 {
        let waits = self.parts.iter().map(|part| part.waits);
        waits.fold(0, u64::saturating_add)
    }

    /// Waits lost since the oldest recent interval.
    pub fn newly_lost(&self) -> u64 {
        let pairs = self.parts.iter().zip(self.parts.iter().skip(1));
        // The counters start anew with the programs of another scope. What those count first are
        // the tasks that were waiting already, as at the start.
        pairs.fold(0, |sum, (before, after)| {
            sum.saturating_add(after.lost.saturating_sub(before.lost))
        })
    }

    /// Sequence number of the newest interval.
    pub fn seq(&self) -> Option<u64> {
        self.parts.back().map(|part| part.seq)
    }
}

impl Total {
    const ZERO: Self = Self {
        counts: [0; SLOTS],
        waits: 0,
        sum_ns: 0,
        intervals: 0,
    };

    // Both wrap alike, so that what is added is subtracted exactly, whatever a peer sends.
    fn add(&mut self, counts: &Counts) {
        self.each(counts, u64::wrapping_add);
        self.intervals += 1;
    }

    fn subtract(&mut self, counts: &Counts) {
        self.each(counts, u64::wrapping_sub);
        self.intervals = self.intervals.saturating_sub(1);
    }

    fn each(&mut self, counts: &Counts, op: fn(u64, u64) -> u64) {
        for side in [&counts.woken, &counts.preempted] {
            for (sum, n) in self.counts.iter_mut().zip(&side.counts) {
                *sum = op(*sum, *n);
                self.waits = op(self.waits, *n);
            }
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
