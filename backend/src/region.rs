//! Whose waits lie in a rectangle of the heatmap, found by decoding the intervals that are kept.
//! Pure: no clock, no sockets.

use crate::history::Past;
use runqlat_common::buckets::SLOTS;
use runqlat_common::counts::Counts;
use runqlat_common::name;
use runqlat_common::wire::{
    Cause, Interval, MAX_REGION_SERIES, Region, RegionReply, RegionSeries, Series, SeriesKey,
    SeriesName,
};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::RangeInclusive;

/// Why a region is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    #[error("{0} begins after it ends")]
    Backwards(&'static str),
    #[error("there is no bucket {0}")]
    Slot(u8),
}

impl RegionError {
    pub fn hint(&self) -> String {
        match self {
            Self::Backwards(_) => "both ends are included: from 7 to 7 is one".into(),
            Self::Slot(_) => format!("buckets are numbered from 0 to {}", SLOTS - 1),
        }
    }
}

/// Whether a region can be one.
pub fn check(region: &Region) -> Result<(), RegionError> {
    let Region {
        from_seq,
        to_seq,
        from_slot,
        to_slot,
        context_from_seq,
        context_to_seq,
        cause: _,
    } = *region;
    let ranges = [
        ("the range of intervals", from_seq, to_seq),
        ("the range of buckets", from_slot.into(), to_slot.into()),
        ("the context", context_from_seq, context_to_seq),
    ];
    if let Some((what, ..)) = ranges.iter().find(|(_, from, to)| from > to) {
        return Err(RegionError::Backwards(what));
    }
    match usize::from(to_slot) < SLOTS {
        true => Ok(()),
        false => Err(RegionError::Slot(to_slot)),
    }
}

/// Whose waits lie in `region`, of what is kept; `names` are those of the series that live, by
/// ascending key. Decodes all intervals that region and context span, so not for an I/O thread.
pub fn answer(past: &Past, names: &[SeriesName], region: &Region) -> RegionReply {
    let known = past.known();
    let clip = |from: u64, to: u64| from.max(*known.start())..=to.min(*known.end());
    let seqs = clip(region.from_seq, region.to_seq);
    let context = clip(region.context_from_seq, region.context_to_seq);
    let first = *seqs.start().min(context.start());
    let last = *seqs.end().max(context.end());
    let mut sums = Sums::new(region, seqs, context);
    for interval in (first..=last).filter_map(|seq| past.interval(seq)) {
        sums.add(interval);
    }
    let mut reply = sums.reply(region.clone(), names);
    let nameless = reply.series.iter_mut().filter(|s| s.name.is_empty());
    let nameless = nameless.map(|series| (series.id(), &mut series.name));
    recall_names(past, *known.start()..first, nameless);
    for series in &mut reply.series {
        series.name_hex = name::shown_hex(&series.name);
    }
    reply
}

/// Waits inside and outside of a region.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    inside: u64,
    outside: u64,
}

/// What has been found so far.
struct Sums {
    slots: RangeInclusive<usize>,
    cause: Option<Cause>,
    /// Of the region, as far as it is known.
    seqs: RangeInclusive<u64>,
    /// Of its context, as far as it is known.
    context: RangeInclusive<u64>,
    whole: Part,
    /// By ascending key.
    series: Vec<(SeriesKey, Part)>,
    /// Names as of the region's end: an exec may have renamed a process since.
    names: HashMap<SeriesKey, String>,
}

impl Sums {
    fn new(region: &Region, seqs: RangeInclusive<u64>, context: RangeInclusive<u64>) -> Self {
        Self {
            slots: region.from_slot.into()..=region.to_slot.into(),
            cause: region.cause,
            seqs,
            context,
            whole: Part::default(),
            series: Vec::new(),
            names: HashMap::new(),
        }
    }

    fn add(&mut self, interval: Interval) {
        let seq = interval.column.seq;
        self.whole.add(self.part(seq, &interval.column.counts));
        self.add_series(seq, &interval.series);
        for name in interval.names {
            if seq <= *self.seqs.end() {
                self.names.insert(name.id(), name.name);
            } else {
                self.names.entry(name.id()).or_insert(name.name);
            }
        }
    }

    /// Walks both lists side by side, for both are in order. Of 8,000 series, looking up each key took
    /// a third of an answer's 375 ms.
    fn add_series(&mut self, seq: u64, all: &[Series]) {
        let mut new = Vec::new();
        let mut at = 0;
        for series in all {
            let part = self.part(seq, &series.counts);
            let id = series.id();
            while self.series.get(at).is_some_and(|sum| sum.0 < id) {
                at += 1;
            }
            match self.series.get_mut(at) {
                Some((known, sum)) if *known == id => sum.add(part),
                _ => new.push((id, part)),
            }
        }
        if !new.is_empty() {
            self.series.extend(new);
            self.series.sort_by_key(|sum| sum.0);
        }
    }

    /// How waits of interval `seq` fall on either side.
    fn part(&self, seq: u64, counts: &Counts) -> Part {
        let (in_region, in_context) = (self.seqs.contains(&seq), self.context.contains(&seq));
        let asked = |cause| self.cause.is_none_or(|only| only == cause);
        let sides = [
            (Cause::Woken, &counts.woken),
            (Cause::Preempted, &counts.preempted),
        ];
        let mut part = Part::default();
        for (_, waits) in sides.iter().filter(|(cause, _)| asked(*cause)) {
            for (slot, &n) in waits.counts.iter().enumerate() {
                if in_region && self.slots.contains(&slot) {
                    part.inside = part.inside.saturating_add(n);
                } else if in_context {
                    part.outside = part.outside.saturating_add(n);
                }
            }
        }
        part
    }

    /// The answer, with the names that are known of `living` series and from what was decoded.
    fn reply(mut self, region: Region, living: &[SeriesName]) -> RegionReply {
        let mut parts = std::mem::take(&mut self.series);
        parts.retain(|(_, part)| part.inside > 0);
        parts.sort_unstable_by_key(|&(id, part)| (Reverse(part.inside), id));
        let more = parts.len().saturating_sub(MAX_REGION_SERIES);
        parts.truncate(MAX_REGION_SERIES);
        let listed = parts
            .iter()
            .fold(0, |sum: u64, (_, part)| sum.saturating_add(part.inside));
        let name_of = |id: SeriesKey| {
            self.names.get(&id).map(String::as_str).or_else(|| {
                let at = living.binary_search_by_key(&id, SeriesName::id).ok()?;
                Some(&living[at].name)
            })
        };
        let series = |&(id, part): &(SeriesKey, Part)| RegionSeries {
            key: id.key,
            start: id.start,
            name: name_of(id).unwrap_or_default().to_owned(),
            name_hex: None,
            inside: part.inside,
            outside: part.outside,
        };
        RegionReply {
            region,
            known_from_seq: *self.seqs.start(),
            known_to_seq: *self.seqs.end(),
            inside: self.whole.inside,
            outside: self.whole.outside,
            series: parts.iter().map(series).collect(),
            more: u32::try_from(more).unwrap_or(u32::MAX),
            more_inside: self.whole.inside.saturating_sub(listed),
        }
    }
}

impl Part {
    fn add(&mut self, other: Self) {
        self.inside = self.inside.saturating_add(other.inside);
        self.outside = self.outside.saturating_add(other.outside);
    }
}

/// Looks for the names of those that have ended, and were named before what was decoded, the newest
/// first.
pub(crate) fn recall_names<'a>(
    past: &Past,
    before: std::ops::Range<u64>,
    nameless: impl Iterator<Item = (SeriesKey, &'a mut String)>,
) {
    let named = nameless.filter(|(id, _)| *id != SeriesKey::OTHER);
    let mut left: HashMap<_, &mut String> = named.collect();
    for seq in before.rev() {
        if left.is_empty() {
            return;
        }
        for told in past.interval(seq).into_iter().flat_map(|i| i.names) {
            if let Some(name) = left.remove(&told.id()) {
                *name = told.name;
            }
        }
    }
}

#[cfg(test)]
mod tests;
