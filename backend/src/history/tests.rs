use super::{History, MAX_COLUMNS, MAX_SERIES_BYTES, RECENT};
use crate::frame::Frame;
use runqlat_common::counts::{Counts, Waits};
use runqlat_common::wire::{Column, Health, Interval, Series, SeriesName, ServerMessage};

fn counts(n: u64) -> Counts {
    Counts {
        woken: Waits {
            counts: vec![n],
            sum_ns: n,
        },
        ..Counts::default()
    }
}

/// Interval `seq`, in which the series in `keys` waited `seq` times each.
fn interval(seq: u64, keys: &[u64]) -> Interval {
    let series = |&key: &u64| Series {
        key,
        counts: counts(seq),
    };
    Interval {
        column: Column {
            seq,
            end_ms: seq * 1_000,
            duration_us: 1_000_000,
            counts: counts(seq),
        },
        series: keys.iter().map(series).collect(),
        names: Vec::new(),
        gone: Vec::new(),
        health: Health::default(),
    }
}

pub(crate) fn push(history: &mut History, interval: Interval) {
    let message = ServerMessage::Interval(interval);
    history.push(Frame::new(message));
}

fn named(key: u64) -> Vec<SeriesName> {
    let name = format!("p{key}");
    vec![SeriesName { key, name }]
}

#[test]
fn length_is_bounded_and_the_newest_stay() {
    let mut history = History::default();
    for seq in 1..=MAX_COLUMNS as u64 + 50 {
        push(&mut history, interval(seq, &[7]));
    }
    let columns: Vec<u64> = history.columns().newest().map(|c| c.seq).collect();
    assert_eq!(columns.len(), MAX_COLUMNS);
    assert_eq!(columns[0], 51);
    assert_eq!(history.columns().older().count(), 0, "an hour is over");
    assert_eq!(history.seq(), MAX_COLUMNS as u64 + 50);
    assert_eq!(history.recent().count(), RECENT);
    assert_eq!(history.past().series(7).from_seq, 51);
}

#[test]
fn memory_of_series_is_bounded_and_the_gap_is_told() {
    let mut history = History::default();
    for seq in 1..=10 {
        let mut big = interval(seq, &[]);
        big.names.push(SeriesName {
            key: 1,
            name: "x".repeat(MAX_SERIES_BYTES / 4 - 100),
        });
        push(&mut history, big);
    }
    let past = history.past().series(7);
    assert_eq!((past.from_seq, past.to_seq), (7, 10));
    assert_eq!(history.columns().iter().count(), 10);
}

#[test]
fn a_series_past_names_only_intervals_with_waits() {
    let mut history = History::default();
    push(&mut history, interval(1, &[3, 7]));
    push(&mut history, interval(2, &[3]));
    push(&mut history, interval(3, &[1, 7, 9]));
    let past = history.past().series(7);
    assert_eq!((past.from_seq, past.to_seq), (1, 3));
    assert_eq!(past.columns, [(1, counts(1)), (3, counts(3))]);
}

#[test]
fn before_the_first_interval_nothing_is_known() {
    let past = History::default().past().series(1);
    assert_eq!((past.from_seq, past.to_seq), (1, 0));
}

#[test]
fn names_outlive_their_process_while_it_is_in_view() {
    let mut history = History::default();
    let mut first = interval(1, &[7]);
    first.names = named(7);
    push(&mut history, first);
    let mut second = interval(2, &[7]);
    second.gone = vec![7];
    push(&mut history, second);
    assert_eq!(history.names(), named(7));
    for seq in 3..=2 + RECENT as u64 {
        push(&mut history, interval(seq, &[]));
    }
    assert_eq!(history.name(7), None);
    assert_eq!(history.names(), []);
}

#[test]
fn a_name_that_came_back_stays() {
    let mut history = History::default();
    let mut first = interval(1, &[7]);
    first.names = named(7);
    first.gone = vec![7];
    push(&mut history, first);
    for seq in 2..=30 {
        push(&mut history, interval(seq, &[7]));
    }
    assert_eq!(history.name(7), Some("p7"));
}
