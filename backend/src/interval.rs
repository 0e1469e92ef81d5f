//! What happened between two readings. Pure: two cumulative readings in, one interval out.

mod carry;
mod meter;

pub use meter::{Meter, Step};

use crate::probe::Reading;
use carry::{Carry, UNKEYED};
use runqlat_common::contract::{COMM_LEN, KeyStats};
use runqlat_common::counts::Counts;
use runqlat_common::key_word;
use runqlat_common::name::{self, ShownName};
use runqlat_common::wire::{Key, Series, SeriesKey, SeriesName};
use std::cmp::Ordering;
use std::os::unix::ffi::OsStrExt;

/// The part of an interval that the readings determine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Between {
    pub duration_us: u64,
    /// All waits: the sum over `series`, or all there are when none are kept apart.
    pub counts: Counts,
    /// Series with waits, by ascending key.
    pub series: Vec<Series>,
    /// Names that are new or have changed.
    pub names: Vec<SeriesName>,
}

impl Between {
    /// Joins this interval with the one that follows it.
    fn then(mut self, later: Self) -> Self {
        self.duration_us = self.duration_us.saturating_add(later.duration_us);
        self.counts.add(&later.counts);
        self.series = merge(self.series, later.series);
        // The newest name comes last, and stays.
        self.names.extend(later.names);
        self.names.reverse();
        self.names.sort_by_key(SeriesName::id);
        self.names.dedup_by_key(|name| name.id());
        self
    }
}

/// The sums of two lists of series, each by ascending key.
fn merge(earlier: Vec<Series>, later: Vec<Series>) -> Vec<Series> {
    let mut merged = Vec::with_capacity(earlier.len().max(later.len()));
    let (mut earlier, mut later) = (earlier.into_iter().peekable(), later.into_iter().peekable());
    loop {
        let order = match (earlier.peek(), later.peek()) {
            (Some(one), Some(other)) => one.id().cmp(&other.id()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return merged,
        };
        let first = if order.is_gt() {
            later.next()
        } else {
            earlier.next()
        };
        merged.extend(first);
        if order.is_eq()
            && let (Some(sum), Some(other)) = (merged.last_mut(), later.next())
        {
            sum.counts.add(&other.counts);
        }
    }
}

/// The series that a row of the kernel's table counts for.
fn series_key(kind: Key, word: u64) -> SeriesKey {
    SeriesKey {
        key: key_word::id(kind.kernel_kind(), word),
        start: key_word::start_ms(kind.kernel_kind(), word),
    }
}

/// What happened from `before` to `after`. With keys of a `kind`, waits without a key form the series `other`.
fn between(before: &Reading, after: &Reading, kind: Key, carry: &mut Carry) -> Between {
    let mut counts = Counts::between(&before.unkeyed, &after.unkeyed);
    carry.settle(UNKEYED, &mut counts);
    let mut series = Vec::new();
    let mut names = Vec::new();
    if kind.has_series() && !counts.is_empty() {
        let SeriesKey { key, start } = SeriesKey::OTHER;
        let counts = counts.clone();
        series.push(Series { key, start, counts });
    }
    let mut earlier = before.keys.iter().peekable();
    for (word, stats) in after.keys.iter() {
        while earlier.next_if(|(gone, _)| *gone < word).is_some() {}
        let known = earlier.next_if(|(same, _)| *same == word);
        let known = known.map(|(_, stats)| stats);
        let old = known.unwrap_or(&KeyStats::ZERO);
        let SeriesKey { key, start } = series_key(kind, word);
        let named = after.names.get(&word);
        let is_same = match named {
            Some(_) => before.names.get(&word) == named && known.is_some(),
            None => stats.comm == old.comm,
        };
        if !is_same {
            let name = named.map_or_else(|| comm(&stats.comm), |name| name.as_bytes());
            let ShownName { name, hex } = name::shown(name);
            names.push(SeriesName {
                key,
                start,
                name,
                name_hex: hex,
            });
        }
        let mut waits = Counts::between(&old.hist, &stats.hist);
        carry.settle(word, &mut waits);
        if !waits.is_empty() {
            counts.add(&waits);
            let counts = waits;
            series.push(Series { key, start, counts });
        }
    }
    // Words are in this order already, except for namespaces whose starts are 52 days apart.
    series.sort_unstable_by_key(Series::id);
    Between {
        duration_us: after.at_ns.saturating_sub(before.at_ns) / 1_000,
        counts,
        series,
        names,
    }
}

/// A name as the kernel keeps it: bytes up to the first zero, of any encoding.
fn comm(bytes: &[u8; COMM_LEN]) -> &[u8] {
    bytes.split(|&b| b == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
