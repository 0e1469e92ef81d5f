//! What the list shows, and in which order.

mod held;

use super::pins::Pins;
use super::view::View;
use super::{Column, How, Listing, Row, Sort};
use crate::filter::Filter;
use crate::session::recent::Recent;
use crate::session::scopes::SeriesScope;
use crate::words;
use runqlat_common::buckets::Unit;
use runqlat_common::counts::{Counts, Range, Waits};
use runqlat_common::wire::{self, Health, Interval, Key, Series, SeriesKey, SeriesName};

fn id(key: u64) -> SeriesKey {
    SeriesKey { key, start: 0 }
}

/// Each is id, name, bucket and number of waits.
type Waiting<'a> = &'a [(u64, &'a str, usize, u64)];

/// Interval `seq`, of so many seconds, with its names.
fn interval(seq: u64, seconds: u64, series: Waiting<'_>) -> Interval {
    let counts = |slot: usize, n: u64| {
        let mut counts = vec![0; slot + 1];
        counts[slot] = n;
        let sum_ns = n << slot;
        Counts {
            woken: Waits { counts, sum_ns },
            preempted: Waits::default(),
        }
    };
    let waits = series.iter().map(|&(key, _, slot, n)| Series {
        key,
        start: 0,
        counts: counts(slot, n),
    });
    let names = series.iter().map(|&(key, name, ..)| SeriesName {
        key,
        start: 0,
        name: name.into(),
        name_hex: None,
    });
    Interval {
        column: wire::Column {
            seq,
            end_ms: 2_000 + seq * 1_000,
            duration_us: seconds * 1_000_000,
            counts: Counts::default(),
        },
        series: waits.collect(),
        names: names.collect(),
        gone: Vec::new(),
        health: Health::default(),
    }
}

/// One interval of 2 s.
fn recent(unit: Unit, series: Waiting<'_>) -> Recent {
    let scope = SeriesScope {
        key: Key::Thread,
        unit,
    };
    let mut recent = Recent::new(scope, Vec::new());
    recent.push(interval(1, 2, series));
    recent
}

/// The list as a window with room for ten rows shows it.
fn list(recent: &Recent, filter: &str, sort: Sort) -> Listing {
    let filter = Filter::new(filter).expect("a filter");
    let how = How {
        sort,
        ..how(&filter, &NO_PINS, &TEN)
    };
    Listing::new(recent, &how, None)
}

static TEN: View = View {
    top: 0,
    visible: 10,
    scrolls: false,
    held: None,
};

static NO_PINS: Pins = Pins::NONE;

fn how<'a>(filter: &'a Filter, pins: &'a Pins, view: &'a View) -> How<'a> {
    How {
        filter,
        sort: Sort::default(),
        pins,
        view,
        by_name: false,
        held: None,
    }
}

fn ten_from(top: usize) -> View {
    View {
        top,
        visible: 10,
        scrolls: false,
        held: None,
    }
}

fn rows(listing: &Listing) -> Vec<&Row> {
    listing.places.iter().flatten().collect()
}

fn keys(listing: &Listing) -> Vec<u64> {
    listing
        .places
        .iter()
        .flatten()
        .map(|row| row.key.key)
        .collect()
}

#[test]
fn a_name_that_half_of_many_have_is_told() {
    let named = |from: u64, n: u64, name| (from..from + n).map(move |key| (key, name, 4, 1));
    let alike = |make, cc, unnamed| {
        let all = named(100, make, "make").chain(named(200, cc, "cc"));
        let all: Vec<_> = all.chain(named(300, unnamed, "")).collect();
        let mut interval = interval(1, 2, &all);
        interval.names.retain(|name| !name.name.is_empty());
        let scope = SeriesScope {
            key: Key::Thread,
            unit: Unit::Us,
        };
        let mut recent = Recent::new(scope, Vec::new());
        recent.push(interval);
        list(&recent, "", Sort::default()).alike
    };
    assert_eq!(alike(30, 20, 10), Some(("make".to_owned(), 30)));
    assert_eq!(alike(29, 20, 10), None);
    assert_eq!(alike(20, 20, 0), None, "so few are read as they are");
    assert!(alike(30, 30, 0).is_some_and(|(_, n)| n == 30));
}

#[test]
fn rows_are_sorted_by_the_chosen_column() {
    let recent = recent(
        Unit::Us,
        &[(1, "b", 10, 4), (2, "A", 0, 500), (3, "c", 12, 1)],
    );
    let list = |sort| keys(&list(&recent, "", sort));
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
    let listing = list(&recent, "", Sort::default());
    let rows = rows(&listing);
    let row = rows[0];
    assert_eq!(
        (row.waits_per_s, row.wait_ns_per_s, row.share),
        (2.0, 2_048.0, 1.0)
    );
    assert_eq!(row.p99, Some(Range::of(10, Unit::Us)));
    assert_eq!((row.p50, row.max), (row.p99, row.p99));
    assert_eq!(listing.key, Key::Thread);
    assert_eq!(rows[1].share, 0.5);
}

#[test]
fn buckets_are_those_of_their_unit() {
    let recent = recent(Unit::Ms, &[(1, "b", 10, 4)]);
    let listing = list(&recent, "", Sort::default());
    let found = rows(&listing)[0].max.map(words::short_range);
    assert_eq!(found.as_deref(), Some("1.02–2.05 s"));
}

#[test]
fn thousands_of_rows_are_counted_and_a_few_built() {
    let many: Vec<_> = (1..=3_000).map(|key| (key, "worker", 3, key)).collect();
    let recent = recent(Unit::Us, &many);
    let all = list(&recent, "", Sort::default());
    assert_eq!((all.rows, all.matched, all.total), (3_000, 3_000, 3_000));
    assert_eq!(keys(&all), (2_991..=3_000).rev().collect::<Vec<_>>());
    let few = list(&recent, "299", Sort::default());
    assert_eq!((few.rows, few.matched, few.total), (11, 11, 3_000));
    let (filter, pins) = (Filter::default(), Pins::default());
    let end = Listing::new(&recent, &how(&filter, &pins, &ten_from(2_995)), None);
    assert_eq!(keys(&end), (1..=10).rev().collect::<Vec<_>>());
    assert_eq!(end.at(2_999).map(|row| row.key), Some(id(1)));
}

#[test]
fn pinned_rows_are_on_top_whatever_the_filter_and_the_order() {
    let recent = recent(
        Unit::Us,
        &[(1, "b", 10, 4), (2, "A", 0, 500), (3, "c", 12, 1)],
    );
    let mut pins = Pins::default();
    pins.toggle(Key::Thread, id(2), "A");
    pins.toggle(Key::Thread, id(9), "left");
    for (filter, expected) in [("", [2, 9, 1, 3].as_slice()), ("c", &[2, 9, 3])] {
        let filter = Filter::new(filter).expect("a filter");
        let listing = Listing::new(&recent, &how(&filter, &pins, &TEN), None);
        assert_eq!(keys(&listing), expected);
        let rows = rows(&listing);
        assert_eq!((rows[1].name.as_str(), rows[1].gone), ("left", true));
        assert_eq!((rows[0].pinned, rows[2].pinned), (true, false));
        assert_eq!(listing.rows, expected.len());
    }
}
