//! What is asked about a region, and what is said of the answer.

use super::{Finding, question};
use crate::chart::brush::Brush;
use crate::chart::measure::Cause;
use runqlat_common::columns::Columns;
use runqlat_common::counts::Counts;
use runqlat_common::wire::{self, Column, Key, Region, RegionReply, RegionSeries};

fn reply(series: &[(u64, &str, u64, u64)], more: u32) -> RegionReply {
    let inside = series.iter().map(|s| s.2).sum::<u64>() + u64::from(more);
    RegionReply {
        region: Region {
            from_seq: 3,
            to_seq: 5,
            from_slot: 0,
            to_slot: 4,
            context_from_seq: 1,
            context_to_seq: 9,
            cause: None,
        },
        known_from_seq: 3,
        known_to_seq: 5,
        inside,
        outside: series.iter().map(|s| s.3).sum(),
        series: series
            .iter()
            .map(|&(key, name, inside, outside)| RegionSeries {
                key,
                start: 0,
                name: name.into(),
                name_hex: None,
                inside,
                outside,
            })
            .collect(),
        more,
        more_inside: more.into(),
    }
}

#[test]
fn who_has_more_than_elsewhere_comes_first() {
    let found = Finding::new(
        &reply(
            &[
                (1, "java", 50, 900),
                (2, "batch", 45, 0),
                (3, "sshd", 5, 100),
            ],
            0,
        ),
        Key::Process,
    );
    let rows: Vec<_> = found.rows.iter().map(|r| (&*r.name, &*r.times)).collect();
    assert_eq!(
        rows,
        [("batch", "only here"), ("sshd", "0.5×"), ("java", "0.6×")]
    );
    assert_eq!(found.headline, "2 processes account for 95 % of it");
    assert_eq!(found.remark, None);
}

#[test]
fn headlines_say_who_and_how_much() {
    type Case<'a> = (&'a [(u64, &'a str, u64, u64)], u32, &'a str);
    let table: [Case<'_>; 5] = [
        (&[], 0, "Nothing waited here"),
        (&[(1, "java", 5, 9)], 0, "All of it is java"),
        (
            &[(7, "", 95, 9), (2, "b", 5, 9)],
            0,
            "process 7 accounts for 95 % of it",
        ),
        (
            &[(0, "", 95, 9), (2, "b", 5, 9)],
            0,
            "other (not told apart) accounts for 95 % of it",
        ),
        (
            &[(1, "a", 10, 0), (2, "b", 10, 0)],
            80,
            "Spread over 82 processes: the first 2 account for 20 % of it",
        ),
    ];
    for (series, more, expected) in table {
        let found = Finding::new(&reply(series, more), Key::Process);
        assert_eq!(found.headline, expected);
    }
    let found = Finding::new(&reply(&[(1, "a", 1, 1)], 3), Key::Global);
    assert!(found.headline.contains("not told apart"));
}

#[test]
fn what_is_not_kept_is_said() {
    let mut old = reply(&[(1, "a", 1, 1)], 0);
    old.known_from_seq = 4;
    let remark = |reply: &RegionReply| Finding::new(reply, Key::Process).remark.unwrap();
    assert!(remark(&old).contains("part of this time"));
    old.known_from_seq = 9;
    assert!(remark(&old).contains("not kept any more"));
}

#[test]
fn a_region_asks_about_its_intervals_and_those_on_the_axis() {
    let column = |seq: u64| Column {
        seq,
        end_ms: seq * 1_000,
        duration_us: 1_000_000,
        counts: Counts::default(),
    };
    let columns = Columns::after(10, (1..=10).map(column).collect());
    let brush = Brush {
        from_ms: 3_000.0,
        to_ms: 5_000.0,
        from_slot: 2,
        to_slot: 9,
    };
    let asked = question(&columns, &brush, (1_000.0, 8_000.0), Cause::Woken).unwrap();
    assert_eq!((asked.from_seq, asked.to_seq), (4, 5));
    assert_eq!((asked.context_from_seq, asked.context_to_seq), (2, 8));
    assert_eq!((asked.from_slot, asked.to_slot), (2, 9));
    assert_eq!(asked.cause, Some(wire::Cause::Woken));
    let nowhere = Brush {
        from_ms: 90_000.0,
        to_ms: 95_000.0,
        ..brush
    };
    assert_eq!(question(&columns, &nowhere, (0.0, 9e4), Cause::All), None);
}
