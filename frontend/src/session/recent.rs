//! The series of the last few intervals, summed: what the list of series shows. Sums are kept up
//! to date by adding what comes and subtracting what goes, so that an update costs the same however
//! many intervals are summed.

use super::keyed::Keyed;
use super::scopes::SeriesScope;
use super::strip::{CELLS, Cell, Strip};
use super::total::Total;
use crate::keys;
use runqlat_common::wire::{Interval, Series, SeriesName};
use std::borrow::Cow;
use std::collections::VecDeque;

/// Intervals that are summed: enough that a list sorted by them can be read.
pub const INTERVALS: usize = 10;

/// How long a series that is gone stays listed, so that one can still look at what it did.
pub const GONE_MS: u64 = 60_000;

/// Most of those that are listed for nothing else.
pub const GONE_MAX: usize = 2_000;

#[derive(Clone, Debug)]
struct Part {
    seq: u64,
    duration_us: u64,
    /// Of the whole scope.
    waits: u64,
    lost: u64,
    series: Vec<Series>,
}

/// What is known of one series.
#[derive(Clone, Debug)]
struct Known {
    total: Total,
    strip: Strip,
    name: Option<Name>,
    /// When it was gone, in ms since 1970.
    gone_ms: Option<u64>,
}

#[derive(Clone, Debug)]
struct Name {
    text: Box<str>,
    /// For sorting, which would else make thousands anew with every update.
    lower: Box<str>,
}

/// The last [`INTERVALS`] intervals.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    scope: SeriesScope,
    parts: VecDeque<Part>,
    series: Keyed<Known>,
    /// Series that are gone and listed.
    gone: Vec<u64>,
    /// The interval from which on all are known.
    first_seq: Option<u64>,
}

impl Recent {
    pub fn new(scope: SeriesScope, names: Vec<SeriesName>) -> Self {
        let mut recent = Self {
            scope,
            ..Self::default()
        };
        recent.learn(names);
        recent
    }

    pub fn push(&mut self, interval: Interval) {
        let (now_ms, seq) = (interval.column.end_ms, interval.column.seq);
        self.first_seq.get_or_insert(seq);
        for series in &interval.series {
            let known = self.series.entry(series.key).or_insert(Known::NEW);
            // A key that waits again after its series was gone is another series.
            if known.gone_ms.is_some() && !interval.gone.contains(&series.key) {
                known.gone_ms = None;
            }
            known.total.add(&series.counts);
            known.strip.put(seq, &series.counts);
        }
        self.learn(interval.names);
        for key in interval.gone {
            self.leave(key, now_ms);
        }
        self.parts.push_back(Part {
            seq,
            duration_us: interval.column.duration_us,
            waits: interval.column.counts.total(),
            lost: interval.health.losses.total(),
            series: interval.series,
        });
        while self.parts.len() > INTERVALS {
            self.drop_oldest();
        }
        self.forget_gone(now_ms);
    }

    /// A series is gone: it stays listed if it was.
    fn leave(&mut self, key: u64, now_ms: u64) {
        match self.series.get_mut(&key) {
            Some(known) if known.gone_ms.is_some() => {}
            Some(known) if known.total.is_recent() => {
                known.gone_ms = Some(now_ms);
                self.gone.push(key);
            }
            _ => drop(self.series.remove(&key)),
        }
    }

    fn drop_oldest(&mut self) {
        let Some(part) = self.parts.pop_front() else {
            return;
        };
        for series in &part.series {
            if let Some(known) = self.series.get_mut(&series.key) {
                known.total.subtract(&series.counts);
                if known.is_nothing() {
                    self.series.remove(&series.key);
                }
            }
        }
    }

    /// Those that are gone stay, with their names, while their waits are summed, and for a while after.
    fn forget_gone(&mut self, now_ms: u64) {
        let series = &mut self.series;
        let mut spare = self.gone.len().saturating_sub(GONE_MAX);
        // Oldest first, so that the first ones make room.
        self.gone.retain(|key| {
            let Some(known) = series.get(key) else {
                return false;
            };
            let Some(gone_ms) = known.gone_ms else {
                return false;
            };
            let is_old = now_ms.saturating_sub(gone_ms) >= GONE_MS;
            let stays = known.total.is_recent() || !(is_old || spare > 0);
            if !stays {
                spare = spare.saturating_sub(1);
                series.remove(key);
            }
            stays
        });
    }

    fn learn(&mut self, names: Vec<SeriesName>) {
        for SeriesName { key, name } in names {
            let lower = name.to_lowercase().into();
            let text = name.into();
            let known = self.series.entry(key).or_insert(Known::NEW);
            known.name = Some(Name { text, lower });
        }
    }

    /// The series to list, in no order: those with recent waits, and those that are gone.
    pub fn listed(&self) -> impl Iterator<Item = (u64, &Total)> {
        let listed = self.series.iter().filter(|(_, known)| known.is_listed());
        listed.map(|(key, known)| (*key, &known.total))
    }

    pub fn is_listed(&self, key: u64) -> bool {
        self.series.get(&key).is_some_and(Known::is_listed)
    }

    /// Of a series with recent waits.
    pub fn total(&self, key: u64) -> Option<&Total> {
        let total = self.series.get(&key).map(|known| &known.total);
        total.filter(|total| total.is_recent())
    }

    /// Whether there is any such series as far as is known, with recent waits or without.
    pub fn knows(&self, key: u64) -> bool {
        self.series.contains_key(&key)
    }

    /// The name for people: the series' own, or its id when none is known.
    pub fn name_of(&self, key: u64) -> String {
        let name = self.name(key).map(|name| &*name.text);
        keys::name(self.scope.key, key, name)
    }

    /// The name in lower case.
    pub fn lower_name(&self, key: u64) -> Cow<'_, str> {
        match self.name(key) {
            Some(name) => Cow::Borrowed(&name.lower),
            None => Cow::Owned(self.name_of(key)),
        }
    }

    fn name(&self, key: u64) -> Option<&Name> {
        self.series.get(&key)?.name.as_ref()
    }

    /// What the series are, and what their buckets count.
    pub fn scope(&self) -> SeriesScope {
        self.scope
    }

    pub fn is_gone(&self, key: u64) -> bool {
        let known = self.series.get(&key);
        known.is_some_and(|known| known.gone_ms.is_some())
    }

    /// The time that the sums cover, in s.
    pub fn seconds(&self) -> f64 {
        let us = self.parts.iter().map(|part| part.duration_us as f64);
        us.sum::<f64>() / 1e6
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

    /// The last intervals of a series, the oldest first.
    pub fn strip(&self, key: u64) -> [Cell; CELLS] {
        let strip = self.series.get(&key).map(|known| &known.strip);
        let ends = self.seq().zip(self.first_seq);
        std::array::from_fn(|at| {
            let back = (CELLS - 1 - at) as u64;
            let seq = ends.and_then(|(newest, first)| {
                let seq = newest.checked_sub(back)?;
                (seq >= first).then_some(seq)
            });
            seq.map_or(Cell::Unknown, |seq| {
                strip.map_or(Cell::Quiet, |strip| strip.at(seq))
            })
        })
    }

    /// Sequence number of the newest interval.
    pub fn seq(&self) -> Option<u64> {
        self.parts.back().map(|part| part.seq)
    }
}

impl Known {
    const NEW: Self = Self {
        total: Total::ZERO,
        strip: Strip::NEW,
        name: None,
        gone_ms: None,
    };

    fn is_listed(&self) -> bool {
        self.total.is_recent() || self.gone_ms.is_some()
    }

    /// Nothing is lost when it is dropped.
    fn is_nothing(&self) -> bool {
        !self.is_listed() && self.name.is_none()
    }
}
