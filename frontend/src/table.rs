//! The list of series: rows, their order, and how many are shown.

use crate::filter::Filter;
use crate::session::recent::{Recent, Total};
use runqlat_common::counts::Range;
use runqlat_common::wire::Key;
use std::cmp::Ordering;

/// Most rows that the page builds. More than anyone reads; a filter narrows the rest.
pub const MAX_ROWS: usize = 200;

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
    pub key: u64,
    pub name: String,
    pub gone: bool,
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

/// The rows that are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// At most [`MAX_ROWS`].
    pub rows: Vec<Row>,
    /// Series that pass the filter.
    pub matched: usize,
    /// All series with recent waits.
    pub total: usize,
    /// What they are.
    pub key: Key,
}

impl Listing {
    pub fn new(recent: &Recent, filter: &Filter, sort: Sort) -> Self {
        let mut total = 0;
        let mut most_ns = 1;
        let mut entries: Vec<Entry<'_>> = Vec::new();
        for (key, sums) in recent.totals() {
            total += 1;
            most_ns = most_ns.max(sums.sum_ns);
            // Names are made only where they are looked at.
            if filter.is_empty() || filter.matches(key, &recent.name_of(key)) {
                entries.push(Entry::new(recent, key, sums, sort.by));
            }
        }
        let matched = entries.len();
        entries.sort_unstable_by(|a, b| a.compare(b, sort.descending));
        entries.truncate(MAX_ROWS);
        let seconds = recent.seconds().max(1e-3);
        let rows = entries.iter().map(|e| e.row(recent, seconds, most_ns));
        Self {
            rows: rows.collect(),
            matched,
            total,
            key: recent.scope().key,
        }
    }
}

/// A series with what it is sorted by.
struct Entry<'a> {
    key: u64,
    sums: &'a Total,
    number: u64,
    word: String,
}

impl<'a> Entry<'a> {
    fn new(recent: &Recent, key: u64, sums: &'a Total, by: Column) -> Self {
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
            Column::Name => recent.name_of(key).to_lowercase(),
            _ => String::new(),
        };
        Self {
            key,
            sums,
            number,
            word,
        }
    }

    /// Equal rows are in the order of their waiting time and then of their ids, so that buckets,
    /// which are often equal, give an order one can read.
    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let ascending = (self.number, &self.word).cmp(&(other.number, &other.word));
        let first = if descending {
            ascending.reverse()
        } else {
            ascending
        };
        first
            .then(other.sums.sum_ns.cmp(&self.sums.sum_ns))
            .then(self.key.cmp(&other.key))
    }

    fn row(&self, recent: &Recent, seconds: f64, most_ns: u64) -> Row {
        let unit = recent.scope().unit;
        let range = |slot: Option<usize>| slot.map(|slot| Range::of(slot, unit));
        Row {
            key: self.key,
            name: recent.name_of(self.key),
            gone: recent.is_gone(self.key),
            waits_per_s: self.sums.waits as f64 / seconds,
            wait_ns_per_s: self.sums.sum_ns as f64 / seconds,
            share: self.sums.sum_ns as f64 / most_ns as f64,
            p50: range(self.sums.percentile_slot(50)),
            p99: range(self.sums.percentile_slot(99)),
            max: range(self.sums.max_slot()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, Listing, MAX_ROWS, Sort};
    use crate::filter::Filter;
    use crate::session::recent::Recent;
    use crate::session::scopes::SeriesScope;
    use crate::words;
    use runqlat_common::buckets::Unit;
    use runqlat_common::counts::{Counts, Range, Waits};
    use runqlat_common::wire::{self, Health, Interval, Key, Series, SeriesName};

    /// One interval of 2 s; each series is id, name, bucket and number of waits.
    fn recent(unit: Unit, series: &[(u64, &str, usize, u64)]) -> Recent {
        let counts = |slot: usize, n: u64| {
            let mut counts = vec![0; slot + 1];
            counts[slot] = n;
            let sum_ns = n << slot;
            Counts {
                woken: Waits { counts, sum_ns },
                preempted: Waits::default(),
            }
        };
        let interval = Interval {
            column: wire::Column {
                seq: 1,
                end_ms: 2_000,
                duration_us: 2_000_000,
                counts: Counts::default(),
            },
            series: series
                .iter()
                .map(|&(key, _, slot, n)| Series {
                    key,
                    counts: counts(slot, n),
                })
                .collect(),
            names: Vec::new(),
            gone: Vec::new(),
            health: Health::default(),
        };
        let names = series.iter().map(|&(key, name, ..)| SeriesName {
            key,
            name: name.into(),
        });
        let scope = SeriesScope {
            key: Key::Thread,
            unit,
        };
        Recent::new(scope, vec![interval], names.collect())
    }

    fn keys(listing: &Listing) -> Vec<u64> {
        listing.rows.iter().map(|row| row.key).collect()
    }

    #[test]
    fn rows_are_sorted_by_the_chosen_column() {
        let recent = recent(
            Unit::Us,
            &[(1, "b", 10, 4), (2, "A", 0, 500), (3, "c", 12, 1)],
        );
        let list = |sort| keys(&Listing::new(&recent, &Filter::default(), sort));
        let by = |by| Sort::natural(by);
        // 1 and 3 waited 4,096 ns each, 2 waited 500.
        assert_eq!(list(Sort::default()), [1, 3, 2]);
        assert_eq!(list(by(Column::Name)), [2, 1, 3]);
        assert_eq!(list(by(Column::Id)), [1, 2, 3]);
        assert_eq!(list(by(Column::Rate)), [2, 1, 3]);
        assert_eq!(list(by(Column::Max)), [3, 1, 2]);
        assert_eq!(list(by(Column::P50).clicked(Column::P50)), [2, 1, 3]);
        assert_eq!(Sort::default().clicked(Column::Name), by(Column::Name));
    }

    #[test]
    fn rates_are_per_second_and_bars_relative_to_the_largest() {
        let recent = recent(Unit::Us, &[(1, "b", 10, 4), (2, "A", 0, 2_048)]);
        let listing = Listing::new(&recent, &Filter::default(), Sort::default());
        let row = &listing.rows[0];
        assert_eq!(
            (row.waits_per_s, row.wait_ns_per_s, row.share),
            (2.0, 2_048.0, 1.0)
        );
        assert_eq!(row.p99, Some(Range::of(10, Unit::Us)));
        assert_eq!((row.p50, row.max), (row.p99, row.p99));
        assert_eq!(listing.key, Key::Thread);
        assert_eq!(listing.rows[1].share, 0.5);
    }

    #[test]
    fn buckets_are_those_of_their_unit() {
        let recent = recent(Unit::Ms, &[(1, "b", 10, 4)]);
        let listing = Listing::new(&recent, &Filter::default(), Sort::default());
        let found = listing.rows[0].max.map(words::short_range);
        assert_eq!(found.as_deref(), Some("1.02–2.05 s"));
    }

    #[test]
    fn thousands_of_rows_are_capped_and_counted() {
        let many: Vec<_> = (1..=3_000).map(|key| (key, "worker", 3, key)).collect();
        let recent = recent(Unit::Us, &many);
        let all = Listing::new(&recent, &Filter::default(), Sort::default());
        assert_eq!(
            (all.rows.len(), all.matched, all.total),
            (MAX_ROWS, 3_000, 3_000)
        );
        assert_eq!(all.rows[0].key, 3_000);
        let few = Listing::new(&recent, &Filter::new("299"), Sort::default());
        assert_eq!((few.rows.len(), few.matched, few.total), (11, 11, 3_000));
    }
}
