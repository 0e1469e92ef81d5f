//! Who waited in a span of time, found by decoding the intervals that are kept. Pure: no clock, no
//! sockets.

use crate::history::Past;
use crate::region::{RegionError, recall_names};
use runqlat_common::counts::Counts;
use runqlat_common::name;
use runqlat_common::wire::{
    Interval, MAX_LEVELS, MAX_SPAN_SERIES, SeriesKey, SeriesName, Span, SpanReply, SpanSeries,
};
use std::cmp::Reverse;
use std::collections::HashMap;

/// Names that are kept while there may be more to come: some 4 MB.
const MAX_NAMES: usize = 8 * MAX_SPAN_SERIES;

/// Whether a span can be one.
pub fn check(span: &Span) -> Result<(), RegionError> {
    match span.from_seq <= span.to_seq {
        true => Ok(()),
        false => Err(RegionError::Backwards("the range of intervals")),
    }
}

/// Who waited in `span`, of what is kept; `living` are the names of the series that live. Decodes all intervals of
/// the span, so not for an I/O thread.
pub fn answer(past: &Past, living: Vec<SeriesName>, span: &Span) -> SpanReply {
    let known = past.known();
    let from = span.from_seq.max(*known.start());
    let to = span.to_seq.min(*known.end());
    let mut sums = Sums::new(span.by_name, to);
    for interval in (from..=to).filter_map(|seq| past.interval(seq)) {
        sums.add(interval);
    }
    sums.end(living);
    let nameless = sums.ended.iter_mut().filter(|s| s.name.is_empty());
    let nameless = nameless.map(|series| (series.id(), &mut series.name));
    recall_names(past, *known.start()..from, nameless);
    sums.reply(span.clone(), (from, to))
}

/// A series that goes on.
#[derive(Default)]
struct Running {
    counts: Counts,
    levels: Vec<u8>,
}

impl Running {
    /// Adds an interval, so many before the last one.
    fn add(&mut self, counts: &Counts, back: usize) {
        self.counts.add(counts);
        if back >= MAX_LEVELS {
            return;
        }
        let level = counts.max_slot().map_or(0, |slot| slot + 1);
        let level = u8::try_from(level).unwrap_or(u8::MAX);
        if self.levels.is_empty() {
            self.levels.resize(back + 1, 0);
        }
        let at = self.levels.len() - 1 - back;
        self.levels[at] = level;
    }
}

/// Both end with the same interval.
fn join_levels(all: &mut Vec<u8>, mut other: Vec<u8>) {
    if all.len() < other.len() {
        std::mem::swap(all, &mut other);
    }
    let later = all.iter_mut().rev().zip(other.into_iter().rev());
    later.for_each(|(level, other)| *level = other.max(*level));
}

/// What has been found so far.
struct Sums {
    by_name: bool,
    /// The last interval.
    to: u64,
    /// Series that go on.
    running: HashMap<SeriesKey, Running>,
    names: HashMap<SeriesKey, String>,
    /// Series that are complete.
    ended: Vec<SpanSeries>,
    /// Those of one name.
    groups: HashMap<String, SpanSeries>,
    more: u32,
    more_waits: u64,
    times: Option<(u64, u64)>,
    measured_us: u64,
}

impl Sums {
    fn new(by_name: bool, to: u64) -> Self {
        Self {
            by_name,
            to,
            running: HashMap::new(),
            names: HashMap::new(),
            ended: Vec::new(),
            groups: HashMap::new(),
            more: 0,
            more_waits: 0,
            times: None,
            measured_us: 0,
        }
    }

    fn add(&mut self, interval: Interval) {
        let column = interval.column;
        let start_ms = column.end_ms.saturating_sub(column.duration_us / 1_000);
        let first_ms = self.times.map_or(start_ms, |(first_ms, _)| first_ms);
        self.times = Some((first_ms, column.end_ms));
        self.measured_us = self.measured_us.saturating_add(column.duration_us);
        let names = interval.names.into_iter();
        self.names.extend(names.map(|name| (name.id(), name.name)));
        let back = usize::try_from(self.to - column.seq).unwrap_or(usize::MAX);
        for series in interval.series {
            let running = self.running.entry(series.id()).or_default();
            running.add(&series.counts, back);
        }
        for id in interval.gone {
            let name = self.names.remove(&id).unwrap_or_default();
            if let Some(running) = self.running.remove(&id) {
                self.complete(id, name, running);
            }
        }
    }

    /// Completes what still runs at the span's end.
    fn end(&mut self, living: Vec<SeriesName>) {
        let mut living: HashMap<_, _> = living.into_iter().map(|n| (n.id(), n.name)).collect();
        for (id, running) in std::mem::take(&mut self.running) {
            let name = self.names.remove(&id);
            let name = name.or_else(|| living.remove(&id)).unwrap_or_default();
            self.complete(id, name, running);
        }
    }

    fn complete(&mut self, id: SeriesKey, name: String, running: Running) {
        let series = SpanSeries {
            key: id.key,
            start: id.start,
            name,
            name_hex: None,
            members: 1,
            counts: running.counts,
            levels: running.levels,
        };
        if self.by_name && !series.name.is_empty() && id != SeriesKey::OTHER {
            return self.join(series);
        }
        self.ended.push(series);
        // A storm of forks ends more of them than there is memory for. What has ended grows no more, so that only
        // those who would be listed now can be listed; unless they join others of their name in the end.
        let most = if self.by_name {
            MAX_NAMES
        } else {
            MAX_SPAN_SERIES
        };
        if self.ended.len() >= 4 * most {
            self.keep_longest(most);
        }
    }

    fn join(&mut self, series: SpanSeries) {
        match self.groups.get_mut(&series.name) {
            Some(group) => {
                let first = group.id().min(series.id());
                (group.key, group.start) = (first.key, first.start);
                group.members = group.members.saturating_add(series.members);
                group.counts.add(&series.counts);
                join_levels(&mut group.levels, series.levels);
            }
            None => drop(self.groups.insert(series.name.clone(), series)),
        }
        // Whoever names each process differently fills it. A name that is left out and comes again begins anew, and is
        // listed only if it then waits longer than most.
        if self.groups.len() >= 2 * MAX_NAMES {
            let mut groups: Vec<_> = std::mem::take(&mut self.groups).into_values().collect();
            self.leave_out(&mut groups, MAX_NAMES);
            let named = groups.into_iter().map(|group| (group.name.clone(), group));
            self.groups = named.collect();
        }
    }

    fn keep_longest(&mut self, most: usize) {
        let mut ended = std::mem::take(&mut self.ended);
        self.leave_out(&mut ended, most);
        self.ended = ended;
    }

    /// Leaves those that waited longest.
    fn leave_out(&mut self, all: &mut Vec<SpanSeries>, most: usize) {
        all.sort_unstable_by_key(|series| (Reverse(series.counts.sum_ns()), series.id()));
        for series in all.drain(all.len().min(most)..) {
            self.more = self.more.saturating_add(1);
            self.more_waits = self.more_waits.saturating_add(series.counts.total());
        }
    }

    /// The answer; those that were named last join their groups.
    fn reply(mut self, span: Span, known: (u64, u64)) -> SpanReply {
        if self.by_name {
            let (named, nameless) = std::mem::take(&mut self.ended)
                .into_iter()
                .partition(|series| !series.name.is_empty());
            self.ended = nameless;
            let named: Vec<SpanSeries> = named;
            named.into_iter().for_each(|series| self.join(series));
            self.ended
                .extend(std::mem::take(&mut self.groups).into_values());
        }
        self.keep_longest(MAX_SPAN_SERIES);
        for series in &mut self.ended {
            series.name_hex = name::shown_hex(&series.name);
        }
        let (start_ms, end_ms) = self.times.unwrap_or_default();
        SpanReply {
            span,
            known_from_seq: known.0,
            known_to_seq: known.1,
            start_ms,
            end_ms,
            measured_us: self.measured_us,
            series: self.ended,
            more: self.more,
            more_waits: self.more_waits,
        }
    }
}

#[cfg(test)]
mod tests;
