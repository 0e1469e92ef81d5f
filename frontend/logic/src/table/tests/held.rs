//! Rows that keep their places, and rows that are many series.

use super::{TEN, Waiting, how, id, interval, keys, recent, rows};
use crate::filter::Filter;
use crate::session::recent::Recent;
use crate::session::strip::Cell;
use crate::table::pins::Pins;
use crate::table::{How, Listing};
use runqlat_common::buckets::Unit;
use runqlat_common::counts::Range;

/// Interval `seq` of a second.
fn next(recent: &mut Recent, seq: u64, series: Waiting<'_>) {
    recent.push(interval(seq, 1, series));
}

#[test]
fn rows_keep_their_places_under_a_hand() {
    let mut recent = recent(
        Unit::Us,
        &[(1, "a", 3, 40), (2, "b", 3, 30), (3, "c", 3, 20)],
    );
    let (filter, pins) = (Filter::default(), Pins::default());
    let how = how(&filter, &pins, &TEN);
    let held = |number| How {
        held: Some(number),
        ..how
    };
    let before = Listing::new(&recent, &how, None);
    assert_eq!(keys(&before), [1, 2, 3]);
    // The last one overtakes all, and a new one comes, before the hand is there: what was seen stays.
    next(&mut recent, 2, &[(3, "c", 3, 900), (7, "new", 3, 500)]);
    let first = Listing::new(&recent, &held(1), Some(&before));
    assert_eq!(keys(&first), [1, 2, 3, 7]);
    // Numbers go on, what is new comes last, and what has waited no more for long still has its place.
    for seq in 3..20 {
        next(&mut recent, seq, &[(3, "c", 3, seq), (9, "newer", 9, 900)]);
    }
    let second = Listing::new(&recent, &held(1), Some(&first));
    assert_eq!(keys(&second), [1, 2, 3, 7, 9]);
    let rates: Vec<_> = rows(&second).iter().map(|row| row.waits_per_s).collect();
    assert_eq!((rates[0], rates[3]), (0.0, 0.0));
    assert!(rates[2] > 0.0 && rates[4] > 800.0);
    // Another filter or another sort is a hand's wish; and the hand that leaves lets go.
    assert_eq!(
        keys(&Listing::new(&recent, &held(2), Some(&second))),
        [9, 3]
    );
    assert_eq!(keys(&Listing::new(&recent, &how, Some(&second))), [9, 3]);
}

#[test]
fn a_storm_of_forks_is_one_row_by_name() {
    let storm: Vec<_> = (100..900).map(|key| (key, "make", 4, 1)).collect();
    let all = [
        storm.as_slice(),
        &[(1, "sshd", 12, 2), (2, "cc", 5, 1), (3, "cc", 9, 1)],
    ]
    .concat();
    let recent = recent(Unit::Us, &all);
    let (filter, pins) = (Filter::default(), Pins::default());
    let how = how(&filter, &pins, &TEN);
    let single = Listing::new(&recent, &how, None);
    assert_eq!(
        (single.rows, single.alike.clone()),
        (803, Some(("make".to_owned(), 800)))
    );
    let by_name = How {
        by_name: true,
        ..how
    };
    let listing = Listing::new(&recent, &by_name, None);
    let found: Vec<_> = rows(&listing)
        .into_iter()
        .map(|row| (row.name.as_str(), row.members, row.series, row.waits_per_s))
        .collect();
    let expected = [
        ("make", 800, None, 400.0),
        ("sshd", 1, Some(id(1)), 1.0),
        ("cc", 2, None, 1.0),
    ];
    assert_eq!(found, expected);
    assert_eq!((listing.rows, listing.matched, listing.total), (3, 3, 3));
    let cc = rows(&listing)[2];
    assert_eq!(
        (cc.p50, cc.max),
        (Some(Range::of(5, Unit::Us)), Some(Range::of(9, Unit::Us)))
    );
    assert_eq!(cc.strip(&recent)[119], Cell::Longest(9));
    // A key's beginning finds its group.
    let filter = Filter::new("3").expect("a filter");
    let found = Listing::new(
        &recent,
        &How {
            filter: &filter,
            ..by_name
        },
        None,
    );
    assert_eq!(rows(&found)[0].name, "make");
    assert_eq!(found.matched, 2);
}
