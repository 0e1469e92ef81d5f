//! The list of series: which stand in it, in what order, and the few of them that are in view.

pub mod pins;
#[cfg(test)]
mod tests;
pub mod view;

use crate::filter::Filter;
use crate::session::recent::Recent;
use crate::session::total::Total;
use pins::Pins;
use runqlat_common::counts::Range;
use runqlat_common::wire::Key;
use std::borrow::Cow;
use std::cmp::Ordering;
use view::View;

/// A column that rows can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Name,
    Id,
    Rate,
    Wait,
    P50,
    P99,
    Max,
}

/// The order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub by: Column,
    pub descending: bool,
}

impl Default for Sort {
    /// Who waits most stands first.
    fn default() -> Self {
        Self::natural(Column::Wait)
    }
}

impl Sort {
    /// Words ascend, numbers descend.
    fn natural(by: Column) -> Self {
        let descending = !matches!(by, Column::Name | Column::Id);
        Self { by, descending }
    }

    /// The order after a click on a column's head.
    pub fn clicked(self, by: Column) -> Self {
        if self.by == by {
            let descending = !self.descending;
            Self { by, descending }
        } else {
            Self::natural(by)
        }
    }
}

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its place in the list, from 0 on.
    pub index: usize,
    pub key: u64,
    pub name: String,
    pub gone: bool,
    pub pinned: bool,
    pub waits_per_s: f64,
    /// Time waited per second, in ns.
    pub wait_ns_per_s: f64,
    /// The same as a part of the largest of all rows.
    pub share: f64,
    /// Of their buckets; `None` without waits.
    pub p50: Option<Range>,
    pub p99: Option<Range>,
    pub max: Option<Range>,
}

/// The list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// The rows in view, by the place on the page that shows them: see [`View`].
    pub places: Vec<Option<Row>>,
    /// The part of the list that they are; one that has the focus may be from elsewhere.
    pub window: std::ops::Range<usize>,
    /// Rows of the list, in view or not.
    pub rows: usize,
    /// Series that pass the filter.
    pub matched: usize,
    /// All series with recent waits, and those that are gone since a short while.
    pub total: usize,
    /// What they are.
    pub key: Key,
}

impl Listing {
    pub fn new(recent: &Recent, filter: &Filter, sort: Sort, pins: &Pins, view: &View) -> Self {
        let pins = pins.of(recent.scope().key);
        let (mut total, mut matched, mut most_ns) = (0, 0, 1);
        let mut entries: Vec<Entry<'_>> = Vec::new();
        let mut pinned = 0;
        for (key, sums) in recent.listed() {
            total += 1;
            most_ns = most_ns.max(sums.sum_ns);
            let passes = filter.is_empty() || filter.matches(key, &recent.name_of(key));
            matched += usize::from(passes);
            let is_pinned = pins.contains(key);
            pinned += usize::from(is_pinned);
            if passes || is_pinned {
                entries.push(Entry::new(recent, key, sums, sort.by, is_pinned));
            }
        }
        if pinned < pins.len() {
            let absent = pins.keys().filter(|key| !recent.is_listed(*key));
            entries.extend(absent.map(|key| Entry::new(recent, key, &Total::ZERO, sort.by, true)));
        }
        let rows = entries.len();
        let shown = view.choose(&mut entries, |a, b| a.compare(b, sort.descending));
        let seconds = recent.seconds().max(1e-3);
        let row = |place: Option<(usize, usize)>| {
            place.map(|(index, at)| entries[at].row(recent, &pins, index, seconds, most_ns))
        };
        Self {
            window: view.window(rows),
            places: shown.into_iter().map(row).collect(),
            rows,
            matched,
            total,
            key: recent.scope().key,
        }
    }

    /// The row with this place in the list, where it is in view.
    pub fn at(&self, index: usize) -> Option<&Row> {
        self.places.iter().flatten().find(|row| row.index == index)
    }
}

/// A series with what it is sorted by.
struct Entry<'a> {
    key: u64,
    sums: &'a Total,
    pinned: bool,
    number: u64,
    word: Cow<'a, str>,
}

impl view::Keyed for Entry<'_> {
    fn key(&self) -> u64 {
        self.key
    }
}

impl<'a> Entry<'a> {
    fn new(recent: &'a Recent, key: u64, sums: &'a Total, by: Column, pinned: bool) -> Self {
        let slot = |slot: Option<usize>| slot.map_or(0, |slot| slot as u64 + 1);
        let number = match by {
            Column::Name => 0,
            Column::Id => key,
            Column::Rate => sums.waits,
            Column::Wait => sums.sum_ns,
            Column::P50 => slot(sums.percentile_slot(50)),
            Column::P99 => slot(sums.percentile_slot(99)),
            Column::Max => slot(sums.max_slot()),
        };
        let word = match by {
            Column::Name => recent.lower_name(key),
            _ => Cow::Borrowed(""),
        };
        Self {
            key,
            sums,
            pinned,
            number,
            word,
        }
    }

    /// Pinned rows come first. Equal rows are in the order of their waiting time and then of their
    /// ids, so that buckets, which are often equal, give an order one can read.
    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let ascending = (self.number, &self.word).cmp(&(other.number, &other.word));
        let first = if descending {
            ascending.reverse()
        } else {
            ascending
        };
        let pinned = other.pinned.cmp(&self.pinned);
        pinned
            .then(first)
            .then(other.sums.sum_ns.cmp(&self.sums.sum_ns))
            .then(self.key.cmp(&other.key))
    }

    fn row(&self, recent: &Recent, pins: &Pins, index: usize, seconds: f64, most_ns: u64) -> Row {
        let unit = recent.scope().unit;
        let range = |slot: Option<usize>| slot.map(|slot| Range::of(slot, unit));
        let known = recent.knows(self.key);
        let remembered = pins.name(self.key).filter(|_| !known);
        Row {
            index,
            key: self.key,
            name: remembered.map_or_else(|| recent.name_of(self.key), str::to_owned),
            gone: !known || recent.is_gone(self.key),
            pinned: self.pinned,
            waits_per_s: self.sums.waits as f64 / seconds,
            wait_ns_per_s: self.sums.sum_ns as f64 / seconds,
            share: self.sums.sum_ns as f64 / most_ns as f64,
            p50: range(self.sums.percentile_slot(50)),
            p99: range(self.sums.percentile_slot(99)),
            max: range(self.sums.max_slot()),
        }
    }
}
