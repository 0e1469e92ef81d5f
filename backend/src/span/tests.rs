use super::{answer, check};
use crate::history::tests::push;
use crate::history::{History, Past};
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use runqlat_common::counts::{Counts, Waits};
use runqlat_common::wire::{
    Column, Health, Interval, MAX_SPAN_SERIES, Series, SeriesKey, SeriesName, Span, SpanReply,
};

fn waits(n: u64, sum_ns: u64) -> Counts {
    Counts {
        woken: Waits {
            counts: vec![n],
            sum_ns,
        },
        preempted: Waits::default(),
    }
}

const fn id(key: u64, start: u64) -> SeriesKey {
    SeriesKey { key, start }
}

fn named(SeriesKey { key, start }: SeriesKey, name: &str) -> SeriesName {
    SeriesName {
        key,
        start,
        name: name.into(),
        name_hex: None,
    }
}

/// Interval `seq` of a second: who waited, their names (empty where they are not new) and waits of a microsecond, and
/// who is gone.
fn interval(seq: u64, series: &[(SeriesKey, &str, u64)], gone: &[SeriesKey]) -> Interval {
    let new = series.iter().filter(|(_, name, _)| !name.is_empty());
    Interval {
        column: Column {
            seq,
            end_ms: 100_000 + seq * 1_000,
            duration_us: 1_000_000,
            counts: waits(series.iter().map(|s| s.2).sum(), 0),
        },
        series: series
            .iter()
            .map(|&(SeriesKey { key, start }, _, n)| Series {
                key,
                start,
                counts: waits(n, n * 1_000),
            })
            .collect(),
        names: new.map(|&(id, name, _)| named(id, name)).collect(),
        gone: gone.to_vec(),
        health: Health::default(),
    }
}

fn past(intervals: Vec<Interval>) -> Past {
    let mut history = History::default();
    intervals.into_iter().for_each(|i| push(&mut history, i));
    history.past()
}

fn span(from_seq: u64, to_seq: u64, by_name: bool) -> Span {
    Span {
        from_seq,
        to_seq,
        by_name,
    }
}

fn rows(reply: &SpanReply) -> Vec<(u64, &str, u32, u64)> {
    let rows = reply.series.iter();
    rows.map(|s| (s.key, s.name.as_str(), s.members, s.counts.total()))
        .collect()
}

const MAKE: SeriesKey = id(5, 0);
const SSHD: SeriesKey = id(9, 0);

/// Pid 7 is a make, which ends, and then a cc.
fn reused() -> Past {
    past(vec![
        interval(1, &[(MAKE, "make", 1)], &[]),
        interval(2, &[(MAKE, "", 2), (id(7, 2_000), "make", 8)], &[]),
        interval(
            3,
            &[(id(7, 3_000), "cc", 4), (SSHD, "", 1)],
            &[id(7, 2_000)],
        ),
        interval(4, &[(MAKE, "", 50)], &[]),
    ])
}

#[test]
fn only_the_intervals_of_the_span_count_and_a_key_that_is_given_away_is_two() {
    let living = vec![named(SSHD, "sshd"), named(id(7, 4_000), "ld")];
    let reply = answer(&reused(), living, &span(2, 3, false));
    let expected = [
        (7, "make", 1, 8),
        (7, "cc", 1, 4),
        // Named before the span began.
        (5, "make", 1, 2),
        (9, "sshd", 1, 1),
    ];
    assert_eq!(rows(&reply), expected);
    let starts: Vec<u64> = reply.series.iter().map(|s| s.start).collect();
    assert_eq!(starts, [2_000, 3_000, 0, 0]);
    assert_eq!((reply.start_ms, reply.end_ms), (101_000, 103_000));
    assert_eq!((reply.measured_us, reply.more), (2_000_000, 0));
}

#[test]
fn series_of_one_name_are_one_however_they_were_named() {
    let reply = answer(&reused(), Vec::new(), &span(2, 3, true));
    let expected = [(5, "make", 2, 10), (7, "cc", 1, 4), (9, "", 1, 1)];
    assert_eq!(rows(&reply), expected);
}

#[test]
fn the_longest_wait_of_each_of_the_last_intervals_is_told() {
    let levels = |past: &Past, span: Span| -> Vec<(u64, Vec<u8>)> {
        let reply = answer(past, Vec::new(), &span);
        reply
            .series
            .into_iter()
            .map(|s| (s.key, s.levels))
            .collect()
    };
    let found = levels(&reused(), span(1, 4, true));
    let expected = [(5, vec![1, 1, 0, 1]), (7, vec![1, 0]), (9, vec![1, 0])];
    assert_eq!(found, expected);
    // Of a long time the last two minutes at a second each.
    let long = (1..=200).map(|seq| interval(seq, &[(MAKE, "make", u64::from(seq != 100))], &[]));
    let found = levels(&past(long.collect()), span(1, 190, false));
    assert_eq!(found[0].1.len(), 120);
    let quiet: Vec<_> = found[0]
        .1
        .iter()
        .enumerate()
        .filter(|(_, level)| **level == 0)
        .collect();
    assert_eq!(quiet, [(29, &0)]);
}

#[test]
fn what_is_not_kept_any_more_is_told() {
    let reply = answer(&reused(), Vec::new(), &span(4, 900, false));
    assert_eq!((reply.known_from_seq, reply.known_to_seq), (4, 4));
    let reply = answer(&reused(), Vec::new(), &span(700, 900, false));
    assert!(reply.known_from_seq > reply.known_to_seq && reply.series.is_empty());
    assert!(check(&span(5, 4, false)).is_err() && check(&span(4, 4, true)).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// However many fork, wait and end: the longest are listed, and no wait of the others is lost.
    #[test]
    fn a_storm_is_cut_off_where_it_would_be_without_a_bound(
        seeds in proptest::collection::vec(1..1_000_000_u64, 1..12), by_name: bool,
    ) {
        let storm = |seq: u64, seed: u64| -> Vec<(SeriesKey, &str, u64)> {
            (0..900).map(|n| (id(n + 1, seq), "cc", (n * seed) % 977 + 1)).collect()
        };
        let storms = (1..).zip(&seeds).map(|(seq, &seed)| {
            let all = storm(seq, seed);
            let ends: Vec<SeriesKey> = all.iter().map(|(id, ..)| *id).collect();
            interval(seq, &all, &ends)
        });
        let past = past(storms.collect());
        let reply = answer(&past, Vec::new(), &span(1, 99, by_name));
        let mut all: Vec<u64> = seeds.iter().flat_map(|&seed| storm(0, seed)).map(|s| s.2).collect();
        let whole: u64 = all.iter().sum();
        if by_name {
            prop_assert_eq!(rows(&reply), [(1, "cc", all.len() as u32, whole)]);
        } else {
            all.sort_unstable_by(|a, b| b.cmp(a));
            all.truncate(MAX_SPAN_SERIES);
            let listed: Vec<u64> = reply.series.iter().map(|s| s.counts.total()).collect();
            prop_assert_eq!(&listed, &all);
            prop_assert_eq!(reply.more_waits + listed.iter().sum::<u64>(), whole);
            prop_assert_eq!(reply.more as usize + listed.len(), seeds.len() * 900);
        }
    }
}

/// Each process has a name of its own, and some of them wait longer: those are listed with all their waits, and nothing
/// is lost of the rest.
#[test]
fn more_names_than_there_is_room_for_are_counted_and_the_longest_stay() {
    const STEPS: u64 = 50;
    const EACH: u64 = 1_000;
    let names: Vec<String> = (0..STEPS * EACH).map(|n| format!("p{n}")).collect();
    let step = |seq: u64| {
        let of = |n: u64| {
            let key = seq * EACH + n;
            let waits = if n == 0 { 9 } else { 1 };
            let name: &str = if n == 0 {
                "long"
            } else {
                &names[(key - EACH) as usize]
            };
            (id(key, 1), name, waits)
        };
        let series: Vec<_> = (0..EACH).map(of).collect();
        let gone: Vec<_> = series.iter().map(|(id, ..)| *id).collect();
        interval(seq, &series, &gone)
    };
    let past = past((1..=STEPS).map(step).collect());
    let SpanReply {
        series,
        more,
        more_waits,
        ..
    } = answer(&past, Vec::new(), &span(1, STEPS, true));
    assert_eq!(series.len(), MAX_SPAN_SERIES);
    assert_eq!(
        (&*series[0].name, series[0].members),
        ("long", STEPS as u32)
    );
    assert_eq!(series[0].counts.total(), 9 * STEPS);
    let listed: u64 = series.iter().map(|s| s.counts.total()).sum();
    assert_eq!(listed + more_waits, STEPS * (EACH - 1 + 9));
    let all = STEPS * (EACH - 1) + 1;
    assert_eq!(u64::from(more) + series.len() as u64, all);
}
