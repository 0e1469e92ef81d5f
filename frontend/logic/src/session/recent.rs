//! The series of the last few intervals, summed: what the list of series shows. Sums are kept up
//! to date by adding what comes and subtracting what goes, so that an update costs the same however
//! many intervals are summed.

use super::keyed::Keyed;
use super::known::{Known, Name};
use super::scopes::SeriesScope;
use super::strip::{CELLS, Cell, Strip};
use super::strips::Strips;
use super::total::Total;
use crate::keys;
use runqlat_common::wire::{Interval, Series, SeriesName, Span, SpanReply};
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

/// The last [`INTERVALS`] intervals.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    scope: SeriesScope,
    parts: VecDeque<Part>,
    series: Keyed<Known>,
    /// Of all series of a name, also of those that are forgotten.
    by_name: Strips,
    /// Series that are gone and listed.
    gone: Vec<u64>,
    /// The interval from which on all are known.
    first_seq: Option<u64>,
    /// It is not the present: the sums are those of this span.
    span: Option<Span>,
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
        self.learn(interval.names);
        for series in &interval.series {
            let known = self.series.entry(series.key).or_insert_with(|| Known::NEW);
            // A key that waits again after its series was gone is another series.
            if known.gone_ms.is_some() && !interval.gone.contains(&series.key) {
                known.gone_ms = None;
            }
            known.total.add(&series.counts);
            known.strip.put(seq, &series.counts);
            if let Some(name) = &known.name {
                self.by_name.put(name.key, seq, &series.counts);
            }
        }
        self.by_name.forget_before(seq);
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
            let known = self.series.entry(key).or_insert(Known::NEW);
            known.name = Some(Name::new(name));
        }
    }

    /// What was asked about another time, with the names of the series that live.
    pub fn of_span(scope: SeriesScope, reply: SpanReply, now: &Self) -> Self {
        let mut recent = Self::new(scope, Vec::new());
        let seq = reply.known_to_seq;
        for series in reply.series {
            let strip = Strip::of_levels(&series.levels, seq);
            recent.by_name.join(keys::of_name(&series.name), &strip);
            let known = recent.series.entry(series.key).or_insert(Known::NEW);
            let name = match &known.name {
                // A key that was two processes' in this time.
                Some(before) if *before.text != *series.name => {
                    format!("{}, {}", before.text, series.name)
                }
                _ => series.name,
            };
            known.name = (!name.is_empty()).then(|| Name::new(name));
            known.total.add(&series.counts);
            known.strip.join(&strip);
            known.members = series.members.into();
            known.gone_ms = (!now.knows(series.key)).then_some(0);
        }
        recent.parts.push_back(Part {
            seq,
            duration_us: reply.measured_us,
            waits: 0,
            lost: 0,
            series: Vec::new(),
        });
        recent.first_seq = Some(reply.known_from_seq);
        recent.span = Some(reply.span);
        recent
    }

    /// The time that is summed, where it is not the present.
    pub fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// The series to list, in no order: those with recent waits, and those that are gone.
    pub fn listed(&self) -> impl Iterator<Item = (u64, &Total)> {
        let listed = self.series.iter().filter(|(_, known)| known.is_listed());
        listed.map(|(key, known)| (*key, &known.total))
    }

    /// The same series, with what all of their name are known by where the kernel gave them one.
    pub fn listed_names(&self) -> impl Iterator<Item = (u64, Option<u64>)> {
        let listed = self.series.iter().filter(|(_, known)| known.is_listed());
        listed.map(|(key, known)| (*key, known.name.as_ref().map(|name| name.key)))
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

    /// How many series it is.
    pub fn members(&self, key: u64) -> u64 {
        self.series.get(&key).map_or(1, |known| known.members)
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
        self.cells(self.series.get(&key).map(|known| &known.strip))
    }

    /// The same of all series of a name.
    pub fn strip_of_name(&self, key: u64) -> [Cell; CELLS] {
        self.cells(self.by_name.of(key))
    }

    fn cells(&self, strip: Option<&Strip>) -> [Cell; CELLS] {
        let Some((newest, first)) = self.seq().zip(self.first_seq) else {
            return [Cell::Unknown; CELLS];
        };
        let mut cells = strip.map_or([Cell::Quiet; CELLS], |strip| strip.last(newest));
        let known = newest.saturating_add(1).saturating_sub(first);
        let unknown = (CELLS as u64).saturating_sub(known) as usize;
        cells[..unknown].fill(Cell::Unknown);
        cells
    }

    /// Sequence number of the newest interval.
    pub fn seq(&self) -> Option<u64> {
        self.parts.back().map(|part| part.seq)
    }
}
