use super::{History, MAX_COLUMNS, MAX_SERIES_BYTES, RECENT};
use crate::frame::Frame;
use runqlat_common::counts::{Counts, Waits};
use runqlat_common::wire::{
    Column, Format, Health, Interval, Series, SeriesKey, SeriesName, ServerMessage,
};
use std::time::{Duration, Instant};

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
    let ids: Vec<_> = keys.iter().map(|&key| (key, 0)).collect();
    interval_of(seq, &ids)
}

/// The same for keys with starts.
fn interval_of(seq: u64, ids: &[(u64, u64)]) -> Interval {
    let series = |&(key, start): &(u64, u64)| Series {
        key,
        start,
        counts: counts(seq),
    };
    Interval {
        column: Column {
            seq,
            end_ms: seq * 1_000,
            duration_us: 1_000_000,
            counts: counts(seq),
        },
        series: ids.iter().map(series).collect(),
        names: Vec::new(),
        gone: Vec::new(),
        health: Health::default(),
    }
}

pub(crate) fn push(history: &mut History, interval: Interval) {
    let message = ServerMessage::Interval(interval);
    history.push(Frame::new(message));
}

fn id(key: u64, start: u64) -> SeriesKey {
    SeriesKey { key, start }
}

fn named(key: u64, start: u64) -> SeriesName {
    SeriesName {
        key,
        start,
        name: format!("p{key} of {start}"),
        name_hex: None,
    }
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
    assert_eq!(history.past().series(7, None).from_seq, 51);
}

#[test]
fn memory_of_series_is_bounded_and_the_gap_is_told() {
    let mut history = History::default();
    for seq in 1..=10 {
        let mut big = interval(seq, &[]);
        big.names.push(SeriesName {
            name: "x".repeat(MAX_SERIES_BYTES / 4 - 100),
            ..named(1, 0)
        });
        push(&mut history, big);
    }
    let past = history.past().series(7, None);
    assert_eq!((past.from_seq, past.to_seq), (7, 10));
    assert_eq!(history.columns().iter().count(), 10);
}

#[test]
fn a_series_past_names_only_intervals_with_waits() {
    let mut history = History::default();
    push(&mut history, interval(1, &[3, 7]));
    push(&mut history, interval(2, &[3]));
    push(&mut history, interval(3, &[1, 7, 9]));
    let past = history.past().series(7, None);
    assert_eq!((past.from_seq, past.to_seq), (1, 3));
    assert_eq!(past.columns, [(1, counts(1)), (3, counts(3))]);
}

#[test]
fn before_the_first_interval_nothing_is_known() {
    let past = History::default().past().series(1, None);
    assert_eq!((past.from_seq, past.to_seq), (1, 0));
}

/// A viewer that joins hears the newest intervals in full: who started in them is named there.
fn all_names(history: &History) -> Vec<SeriesName> {
    let recent = history.recent_intervals().flat_map(|i| i.names.clone());
    history.names().into_iter().chain(recent).collect()
}

#[test]
fn names_outlive_their_process_while_it_is_in_view() {
    let mut history = History::default();
    for seq in 1..=20 {
        let mut next = interval(seq, &[7]);
        next.names = Vec::from_iter((seq == 1).then(|| named(7, 0)));
        next.gone = Vec::from_iter((seq == 20).then(|| id(7, 0)));
        push(&mut history, next);
        assert_eq!(all_names(&history), [named(7, 0)], "{seq}");
    }
    for seq in 21..20 + RECENT as u64 {
        push(&mut history, interval(seq, &[]));
        assert_eq!(history.names(), [named(7, 0)], "{seq}");
    }
    push(&mut history, interval(20 + RECENT as u64, &[]));
    assert_eq!(history.name(id(7, 0)), None);
    assert_eq!(history.names(), []);
}

#[test]
fn a_name_that_came_back_stays() {
    let mut history = History::default();
    let mut first = interval(1, &[7]);
    first.names = vec![named(7, 0)];
    first.gone = vec![id(7, 0)];
    push(&mut history, first);
    for seq in 2..=30 {
        let mut next = interval(seq, &[7]);
        next.names = Vec::from_iter((seq == 2).then(|| named(7, 0)));
        push(&mut history, next);
    }
    assert_eq!(history.name(id(7, 0)), Some("p7 of 0"));
}

/// Pid 7 ends in interval 2 and is another process from 3 on.
fn reused() -> History {
    let mut history = History::default();
    let mut first = interval_of(1, &[(7, 100), (8, 100)]);
    first.names = vec![named(7, 100), named(8, 100)];
    let mut second = interval_of(2, &[(7, 100)]);
    second.gone = vec![id(7, 100)];
    let mut third = interval_of(3, &[(7, 900), (8, 100)]);
    third.names = vec![named(7, 900)];
    let intervals = [first, second, third, interval_of(4, &[(7, 900)])];
    intervals.into_iter().for_each(|i| push(&mut history, i));
    history
}

#[test]
fn a_key_that_is_another_process_is_another_series() {
    let history = reused();
    let past = history.past();
    // Asked for with and without a start: the process whose past is meant, and its intervals.
    let table = [
        ((7, Some(100)), 100, vec![1, 2]),
        ((7, Some(900)), 900, vec![3, 4]),
        ((7, None), 900, vec![3, 4]),
        ((7, Some(500)), 500, vec![]),
        ((8, None), 100, vec![1, 3]),
        ((9, None), 0, vec![]),
    ];
    for ((key, start), of, seqs) in table {
        let found = past.series(key, start);
        let found_seqs: Vec<u64> = found.columns.iter().map(|(seq, _)| *seq).collect();
        let asked = (key, start);
        assert_eq!((found.key, found.start), (key, of), "{asked:?}");
        assert_eq!(found_seqs, seqs, "{asked:?}");
    }
    assert_eq!(history.newest(7), Some(id(7, 900)));
    assert_eq!(history.newest(9), None);
    assert_eq!(history.name(id(7, 100)), Some("p7 of 100"));
    assert_eq!(history.name(id(7, 900)), Some("p7 of 900"));
}

#[test]
fn of_a_reused_key_only_the_ended_name_is_forgotten() {
    let mut history = reused();
    for seq in 5..=30 {
        push(&mut history, interval_of(seq, &[(7, 900)]));
    }
    assert_eq!(history.names(), [named(7, 900), named(8, 100)]);
}

/// How long the hub's lock is held in a storm of forks, with this many starts and ends in each interval.
fn storm(forks: u64) -> Duration {
    let mut history = History::default();
    let mut held = Vec::new();
    for seq in 1..=2 * RECENT as u64 {
        let ids: Vec<_> = (0..forks).map(|at| (seq * forks + at, seq)).collect();
        let mut next = interval_of(seq, &ids);
        next.names = ids.iter().map(|&(key, start)| named(key, start)).collect();
        next.gone = ids.iter().map(|&(key, start)| id(key, start)).collect();
        let frame = Frame::new(ServerMessage::Interval(next));
        frame.bytes(Format::Postcard);
        // An interval, and a viewer that joins.
        let begun = Instant::now();
        let spare = history.push(frame);
        let names = history.names();
        held.push(begun.elapsed());
        assert!(names.len() as u64 <= forks);
        drop(spare);
    }
    assert_eq!(history.names.len() as u64, RECENT as u64 * forks);
    // The first ones drop nothing yet, and other tests take CPU time from some.
    held[RECENT..].iter().min().copied().unwrap_or_default()
}

#[test]
fn a_storm_of_forks_holds_the_lock_for_milliseconds() {
    if cfg!(debug_assertions) {
        // Ten times as many cost about ten times as much, not a hundred times.
        let (few, many) = (storm(300), storm(3_000));
        assert!(many < 40 * few, "{few:?} to {many:?}");
    } else {
        let held = storm(10_000);
        assert!(held <= Duration::from_millis(5), "{held:?}");
    }
}
