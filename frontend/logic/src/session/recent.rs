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
use runqlat_common::wire::{Interval, Series, SeriesKey, SeriesName, Span, SpanReply};
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
    gone: Vec<SeriesKey>,
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
            let id = series.id();
            let known = self.series.entry(id).or_insert_with(|| Known::NEW);
            // A series that was reported gone and waits again is alive.
            if known.gone_ms.is_some() && !interval.gone.contains(&id) {
                known.gone_ms = None;
            }
            known.total.add(&series.counts);
            known.strip.put(seq, &series.counts);
            if let Some(name) = &known.name {
                self.by_name.put(name.key, seq, &series.counts);
            }
        }
        self.by_name.forget_before(seq);
        for id in interval.gone {
            self.leave(id, now_ms);
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
    fn leave(&mut self, id: SeriesKey, now_ms: u64) {
        match self.series.get_mut(&id) {
            Some(known) if known.gone_ms.is_some() => {}
            Some(known) if known.total.is_recent() => {
                known.gone_ms = Some(now_ms);
                self.gone.push(id);
            }
            _ => drop(self.series.remove(&id)),
        }
    }

    fn drop_oldest(&mut self) {
        let Some(part) = self.parts.pop_front() else {
            return;
        };
        for series in &part.series {
            if let Some(known) = self.series.get_mut(&series.id()) {
                known.total.subtract(&series.counts);
                if known.is_nothing() {
                    self.series.remove(&series.id());
                }
            }
        }
    }

    /// Those that are gone stay, with their names, while their waits are summed, and for a while after.
    fn forget_gone(&mut self, now_ms: u64) {
        let series = &mut self.series;
        let mut spare = self.gone.len().saturating_sub(GONE_MAX);
        // Oldest first, so that the first ones make room.
        self.gone.retain(|id| {
            let Some(known) = series.get(id) else {
                return false;
            };
            let Some(gone_ms) = known.gone_ms else {
                return false;
            };
            let is_old = now_ms.saturating_sub(gone_ms) >= GONE_MS;
            let stays = known.total.is_recent() || !(is_old || spare > 0);
            if !stays {
                spare = spare.saturating_sub(1);
                series.remove(id);
            }
            stays
        });
    }

    fn learn(&mut self, names: Vec<SeriesName>) {
        for name in names {
            let known = self.series.entry(name.id()).or_insert(Known::NEW);
            known.name = Some(Name::new(name.name));
        }
    }

    /// What was asked about another time, with the names of the series that live.
    pub fn of_span(scope: SeriesScope, reply: SpanReply, now: &Self) -> Self {
        let mut recent = Self::new(scope, Vec::new());
        let seq = reply.known_to_seq;
        for series in reply.series {
            let strip = Strip::of_levels(&series.levels, seq);
            recent.by_name.join(keys::of_name(&series.name), &strip);
            let id = series.id();
            let known = recent.series.entry(id).or_insert(Known::NEW);
            let name = Some(series.name).filter(|name| !name.is_empty());
            known.name = name.map(Name::new);
            known.total.add(&series.counts);
            known.strip.join(&strip);
            known.members = series.members.into();
            known.gone_ms = (!now.knows(id)).then_some(0);
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
    pub fn listed(&self) -> impl Iterator<Item = (SeriesKey, &Total)> {
        let listed = self.series.iter().filter(|(_, known)| known.is_listed());
        listed.map(|(id, known)| (*id, &known.total))
    }

    /// The same series, with what all of their name are known by where the kernel gave them one.
    pub fn listed_names(&self) -> impl Iterator<Item = (SeriesKey, Option<SeriesKey>)> {
        let listed = self.series.iter().filter(|(_, known)| known.is_listed());
        listed.map(|(id, known)| (*id, known.name.as_ref().map(|name| name.key)))
    }

    pub fn is_listed(&self, id: SeriesKey) -> bool {
        self.series.get(&id).is_some_and(Known::is_listed)
    }

    /// Of a series with recent waits.
    pub fn total(&self, id: SeriesKey) -> Option<&Total> {
        Some(&self.series.get(&id)?.total).filter(|total| total.is_recent())
    }

    /// Whether there is any such series as far as is known, with recent waits or without.
    pub fn knows(&self, id: SeriesKey) -> bool {
        self.series.contains_key(&id)
    }

    /// Of the living series with this number, the one that started last.
    pub fn newest(&self, key: u64) -> Option<SeriesKey> {
        let all = self.series.iter().filter(|(id, _)| id.key == key);
        let there = all.filter(|(_, known)| known.gone_ms.is_none());
        there.map(|(id, _)| *id).max()
    }

    /// The name for people: the series' own, or its id when none is known.
    pub fn name_of(&self, id: SeriesKey) -> String {
        let name = self.name(id).map(|name| &*name.text);
        keys::name(self.scope.key, id.key, name)
    }

    /// The name in lower case.
    pub fn lower_name(&self, id: SeriesKey) -> Cow<'_, str> {
        match self.name(id) {
            Some(name) => Cow::Borrowed(&name.lower),
            None => Cow::Owned(self.name_of(id)),
        }
    }

    fn name(&self, id: SeriesKey) -> Option<&Name> {
        self.series.get(&id)?.name.as_ref()
    }

    /// What the series are, and what their buckets count.
    pub fn scope(&self) -> SeriesScope {
        self.scope
    }

    /// How many series it is.
    pub fn members(&self, id: SeriesKey) -> u64 {
        self.series.get(&id).map_or(1, |known| known.members)
    }

    pub fn is_gone(&self, id: SeriesKey) -> bool {
        let gone = |known: &Known| known.gone_ms.is_some();
        self.series.get(&id).is_some_and(gone)
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
    pub fn strip(&self, id: SeriesKey) -> [Cell; CELLS] {
        self.cells(self.series.get(&id).map(|known| &known.strip))
    }

    /// The same of all series of a name.
    pub fn strip_of_name(&self, id: SeriesKey) -> [Cell; CELLS] {
        self.cells(self.by_name.of(id))
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
