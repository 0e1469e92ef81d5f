use super::{RegionError, answer, check};
use crate::history::tests::push;
use crate::history::{History, Past};
use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, proptest};
use runqlat_common::buckets::SLOTS;
use runqlat_common::counts::{Counts, Waits};
use runqlat_common::wire::{
    Cause, Column, Health, Interval, Key, MAX_REGION_SERIES, Region, RegionReply, Scope,
    ScopeChange, Series, SeriesName,
};
use std::collections::BTreeMap;

fn counts(woken: &[u64], preempted: &[u64]) -> Counts {
    let side = |counts: &[u64]| Waits {
        counts: counts.to_vec(),
        sum_ns: 0,
    };
    Counts {
        woken: side(woken),
        preempted: side(preempted),
    }
}

/// Interval `seq` of these series, which are its whole.
fn interval(seq: u64, series: Vec<(u64, Counts)>) -> Interval {
    let mut whole = Counts::default();
    series.iter().for_each(|(_, counts)| whole.add(counts));
    Interval {
        column: Column {
            seq,
            end_ms: 0,
            duration_us: 0,
            counts: whole,
        },
        series: series
            .into_iter()
            .map(|(key, counts)| Series {
                key,
                start: 0,
                counts,
            })
            .collect(),
        names: Vec::new(),
        gone: Vec::new(),
        health: Health::default(),
    }
}

fn past(intervals: Vec<Interval>) -> Past {
    let mut history = History::default();
    intervals.into_iter().for_each(|i| push(&mut history, i));
    history.past()
}

fn region(seqs: (u64, u64), slots: (u8, u8), context: (u64, u64)) -> Region {
    Region {
        from_seq: seqs.0,
        to_seq: seqs.1,
        from_slot: slots.0,
        to_slot: slots.1,
        context_from_seq: context.0,
        context_to_seq: context.1,
        cause: None,
    }
}

fn parts(reply: &RegionReply) -> Vec<(u64, u64, u64)> {
    let part = |s: &runqlat_common::wire::RegionSeries| (s.key, s.inside, s.outside);
    reply.series.iter().map(part).collect()
}

#[test]
fn waits_fall_inside_or_outside_by_interval_bucket_and_cause() {
    let past = past(vec![
        interval(1, vec![(7, counts(&[1, 2], &[4]))]),
        interval(
            2,
            vec![(3, counts(&[0, 40], &[])), (7, counts(&[8], &[0, 16]))],
        ),
        interval(3, vec![(7, counts(&[100], &[]))]),
    ]);
    let mut asked = region((1, 2), (1, 35), (1, 3));
    let reply = answer(&past, &[], &asked);
    assert_eq!((reply.inside, reply.outside), (58, 113));
    assert_eq!(parts(&reply), [(3, 40, 0), (7, 18, 113)]);
    asked.cause = Some(Cause::Preempted);
    let reply = answer(&past, &[], &asked);
    assert_eq!(parts(&reply), [(7, 16, 4)]);
    assert_eq!((reply.inside, reply.outside), (16, 4));
    // A context that is smaller than the region takes nothing from it.
    let reply = answer(&past, &[], &region((1, 2), (0, 0), (2, 2)));
    assert_eq!(parts(&reply), [(7, 13, 16)]);
    assert_eq!(
        (reply.inside, reply.outside, reply.more_inside),
        (13, 56, 0)
    );
}

#[test]
fn what_is_not_known_is_not_claimed() {
    let change = |number, key, from_seq| ScopeChange {
        number,
        scope: Scope {
            key,
            ..Scope::default()
        },
        from_seq,
        at_ms: 0,
        by: String::new(),
    };
    let mut history = History::default();
    let none = answer(
        &history.past(),
        &[],
        &region((0, u64::MAX), (0, 35), (0, u64::MAX)),
    );
    assert!(none.known_from_seq > none.known_to_seq);
    history.set_scope(change(1, Key::Thread, 1));
    push(&mut history, interval(1, vec![(7, counts(&[1], &[]))]));
    history.set_scope(change(2, Key::Process, 2));
    for seq in 2..=4 {
        push(&mut history, interval(seq, vec![(7, counts(&[10], &[]))]));
    }
    let ask = |seqs| answer(&history.past(), &[], &region(seqs, (0, 35), (0, u64::MAX)));
    let table = [
        ((0, 3), (2, 3), (20, 10)),
        ((4, u64::MAX), (4, 4), (10, 20)),
        ((0, u64::MAX), (2, 4), (30, 0)),
        ((1, 1), (2, 1), (0, 30)),
        ((u64::MAX, u64::MAX), (u64::MAX, 4), (0, 30)),
    ];
    for (seqs, known, sides) in table {
        let reply = ask(seqs);
        assert_eq!(
            (reply.known_from_seq, reply.known_to_seq),
            known,
            "{seqs:?}"
        );
        assert_eq!((reply.inside, reply.outside), sides, "{seqs:?}");
    }
}

#[test]
fn without_series_the_whole_is_still_counted() {
    let mut one = interval(1, vec![(7, counts(&[5, 6], &[]))]);
    one.series.clear();
    let reply = answer(&past(vec![one]), &[], &region((1, 1), (1, 1), (1, 1)));
    assert_eq!((reply.inside, reply.outside), (6, 5));
    assert_eq!(
        (parts(&reply), reply.more, reply.more_inside),
        (vec![], 0, 6)
    );
}

fn name(key: u64, start: u64, name: &str) -> SeriesName {
    SeriesName {
        key,
        start,
        name: name.into(),
        name_hex: None,
    }
}

#[test]
fn names_are_those_of_the_time() {
    let named = |seq, key: u64, text: &str| {
        let mut interval = interval(seq, vec![(7, counts(&[1], &[])), (8, counts(&[1], &[]))]);
        interval.names = vec![name(key, 0, text)];
        interval
    };
    let past = past(vec![
        named(1, 7, "seven"),
        named(2, 9, ""),
        named(3, 7, "later"),
        named(4, 9, ""),
    ]);
    let living = [name(8, 0, "eight")];
    let names = |seqs, context| -> Vec<String> {
        let reply = answer(&past, &living, &region(seqs, (0, 0), context));
        reply.series.into_iter().map(|series| series.name).collect()
    };
    assert_eq!(names((1, 1), (1, 4)), ["seven", "eight"]);
    assert_eq!(names((3, 3), (1, 4)), ["later", "eight"]);
    // Named before all that was asked for.
    assert_eq!(names((4, 4), (4, 4)), ["later", "eight"]);
    assert_eq!(names((2, 2), (2, 2)), ["seven", "eight"]);
}

/// Pid 7 is a make until interval 2, and then an nginx.
#[test]
fn a_key_that_is_another_process_has_a_part_of_its_own() {
    let of = |seq, start, n, text: &str| {
        let mut interval = interval(seq, vec![(7, counts(&[n], &[])), (8, counts(&[1], &[]))]);
        interval.series[0].start = start;
        interval.names = Vec::from_iter((!text.is_empty()).then(|| name(7, start, text)));
        interval
    };
    let past = past(vec![
        of(1, 100, 5, "make"),
        of(2, 100, 6, ""),
        of(3, 900, 20, ""),
        of(4, 900, 30, ""),
    ]);
    let living = [name(7, 900, "nginx"), name(8, 0, "sh")];
    let reply = answer(&past, &living, &region((2, 3), (0, 0), (1, 4)));
    let rows = reply.series.iter();
    let rows: Vec<_> = rows
        .map(|s| (s.key, s.start, &*s.name, s.inside, s.outside))
        .collect();
    let expected = [
        (7, 900, "nginx", 20, 30),
        (7, 100, "make", 6, 5),
        (8, 0, "sh", 2, 2),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn nonsense_is_refused() {
    let table = [
        (region((1, 1), (0, 35), (9, 9)), Ok(())),
        (
            region((2, 1), (0, 35), (1, 9)),
            Err(RegionError::Backwards("the range of intervals")),
        ),
        (
            region((1, 2), (3, 2), (1, 9)),
            Err(RegionError::Backwards("the range of buckets")),
        ),
        (
            region((1, 2), (0, 1), (9, 1)),
            Err(RegionError::Backwards("the context")),
        ),
        (region((1, 2), (0, 36), (1, 9)), Err(RegionError::Slot(36))),
        (
            region((1, 2), (255, 255), (1, 9)),
            Err(RegionError::Slot(255)),
        ),
    ];
    for (region, expected) in table {
        assert_eq!(check(&region), expected, "{region:?}");
        if let Err(error) = check(&region) {
            assert!(!error.hint().is_empty());
        }
    }
}

#[test]
fn the_rest_of_a_long_list_is_summed() {
    let of = |n: usize| {
        let series = (0..n as u64).map(|key| (key, counts(&[2], &[])));
        let past = past(vec![interval(1, series.collect())]);
        let reply = answer(&past, &[], &region((1, 1), (0, 0), (1, 1)));
        (reply.series.len(), reply.more, reply.more_inside)
    };
    let most = MAX_REGION_SERIES;
    assert_eq!(of(most), (most, 0, 0));
    assert_eq!(of(most + 3), (most, 3, 6));
}

/// Some intervals of some series.
fn some_intervals() -> impl Strategy<Value = Vec<Interval>> {
    let waits = || proptest::collection::vec(0..50_u64, 0..SLOTS);
    let some = (waits(), waits()).prop_map(|(woken, preempted)| counts(&woken, &preempted));
    let series = proptest::collection::btree_map(0..300_u64, some, 0..150);
    let number =
        |(seq, series): (u64, BTreeMap<u64, Counts>)| interval(seq, series.into_iter().collect());
    proptest::collection::vec(series, 0..8)
        .prop_map(move |all| (1..).zip(all).map(number).collect())
}

fn ordered((a, b): (u64, u64)) -> (u64, u64) {
    (a.min(b), a.max(b))
}

proptest! {
    #[test]
    fn every_wait_is_on_one_side_and_of_one_series(
        intervals in some_intervals(),
        seqs in (0..10_u64, 0..10_u64).prop_map(ordered),
        slots in (0..SLOTS as u64, 0..SLOTS as u64).prop_map(ordered),
        context in (0..10_u64, 0..10_u64).prop_map(ordered),
        cause in 0..3_usize,
    ) {
        let mut asked = region(seqs, (slots.0 as u8, slots.1 as u8), context);
        asked.cause = [None, Some(Cause::Woken), Some(Cause::Preempted)][cause];
        let reply = answer(&past(intervals.clone()), &[], &asked);

        // As the columns, which a viewer has, tell it.
        let (mut inside, mut outside) = (0, 0);
        for column in intervals.iter().map(|i| &i.column) {
            let Counts { woken, preempted } = &column.counts;
            let sides = [(woken, Some(Cause::Preempted)), (preempted, Some(Cause::Woken))];
            for (waits, _) in sides.iter().filter(|(_, not)| asked.cause.is_none() || asked.cause != *not) {
                for (slot, n) in (0_u64..).zip(&waits.counts) {
                    let within = |(from, to): (u64, u64), at| (from..=to).contains(&at);
                    if within(seqs, column.seq) && within(slots, slot) {
                        inside += n;
                    } else if within(context, column.seq) {
                        outside += n;
                    }
                }
            }
        }
        prop_assert_eq!((reply.inside, reply.outside), (inside, outside));
        let listed: u64 = reply.series.iter().map(|series| series.inside).sum();
        prop_assert_eq!(listed + reply.more_inside, reply.inside);
        prop_assert!(reply.more > 0 || reply.more_inside == 0);
        prop_assert!(reply.more == 0 || reply.series.len() == MAX_REGION_SERIES);
        let order: Vec<_> = reply.series.iter().map(|s| (std::cmp::Reverse(s.inside), s.key)).collect();
        prop_assert!(order.is_sorted() && reply.series.iter().all(|series| series.inside > 0));
    }
}
