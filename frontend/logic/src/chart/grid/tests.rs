//! Where intervals lie, and that none is lost.

use super::{Grid, Missing, Slice};
use crate::chart::measure::{Cause, Measure};
use crate::chart::scale::TimeScale;
use proptest::prelude::{prop_assert, proptest};
use runqlat_common::buckets::Unit;
use runqlat_common::counts::{Counts, Waits};

fn one_wait(slot: usize) -> Counts {
    let mut counts = vec![0; slot + 1];
    counts[slot] = 1;
    Counts {
        woken: Waits { counts, sum_ns: 1 },
        preempted: Waits::default(),
    }
}

fn scale(span_ms: f64, width_px: u32) -> TimeScale {
    TimeScale {
        start_ms: 0.0,
        end_ms: span_ms,
        width_px,
    }
}

fn slice(seq: u64, start_ms: f64, end_ms: f64, counts: Result<&Counts, Missing>) -> Slice<'_> {
    Slice {
        seq,
        start_ms,
        end_ms,
        interval_ms: 1_000.0,
        counts,
    }
}

#[test]
fn each_interval_is_drawn_from_its_start_to_its_end() {
    let counts = one_wait(3);
    let slices = [
        slice(1, 0.0, 1_000.0, Ok(&counts)),
        // 3 ms of jitter are no gap.
        slice(2, 1_003.0, 2_000.0, Ok(&counts)),
        slice(3, 2_000.0, 3_000.0, Err(Missing::Unknown)),
        slice(5, 5_000.0, 8_000.0, Ok(&counts)),
    ];
    let grid = Grid::new(slices.into_iter(), &scale(10_000.0, 100), Cause::All);
    let edges: Vec<_> = grid.columns.iter().map(|c| (c.x0, c.x1)).collect();
    assert_eq!(edges, [(0, 10), (10, 20), (50, 80)]);
    assert_eq!(grid.index_at_pixel(19.9), Some(1));
    assert_eq!(grid.index_at_pixel(20.0), None);
    assert_eq!(grid.index_at_pixel(-1.0), None);
    assert_eq!(grid.index_of_seq(5), Some(2));
    assert_eq!(grid.index_of_seq(3), None);
    assert_eq!(grid.columns[1].measured_ms, 1_000.0);
}

/// A hatched run in the middle, and intervals that get ten times as long.
#[test]
fn what_has_no_place_is_hatched_and_says_why() {
    let counts = one_wait(3);
    let in_ms = Err(Missing::Unit(Unit::Ms));
    let slices = [
        slice(1, 0.0, 1_000.0, Ok(&counts)),
        slice(2, 1_000.0, 2_000.0, in_ms),
        slice(3, 2_000.0, 3_000.0, in_ms),
        slice(4, 3_000.0, 4_000.0, Ok(&counts)),
        // Nobody measured for half a second: no jitter, though a small part of what follows.
        slice(5, 4_500.0, 14_500.0, Ok(&counts)),
    ];
    let grid = Grid::new(slices.into_iter(), &scale(20_000.0, 200), Cause::All);
    let edges: Vec<_> = grid.columns.iter().map(|c| (c.x0, c.x1)).collect();
    assert_eq!(edges, [(0, 10), (30, 40), (45, 145)]);
    assert_eq!(grid.columns[2].measured_ms, 10_000.0);
    assert_eq!(grid.hatched.len(), 1);
    let table = [
        (1_500.0, Missing::Unit(Unit::Ms)),
        (2_999.0, Missing::Unit(Unit::Ms)),
        (4_250.0, Missing::Unknown),
        (19_000.0, Missing::Unknown),
    ];
    for (ms, why) in table {
        assert_eq!(grid.missing_at(ms), why, "{ms}");
    }
}

#[test]
fn a_lone_outlier_survives_merging() {
    let (usual, outlier) = (one_wait(2), one_wait(20));
    let slices = (0..1_000_u32).map(|i| {
        let start = f64::from(i) * 100.0;
        let counts = if i == 567 { &outlier } else { &usual };
        Slice {
            interval_ms: 100.0,
            ..slice(u64::from(i) + 1, start, start + 100.0, Ok(counts))
        }
    });
    let grid = Grid::new(slices, &scale(100_000.0, 50), Cause::All);
    assert_eq!(grid.columns.len(), 50);
    assert_eq!(grid.max_slot(), Some(20));
    assert_eq!(grid.columns[28].counts.at(20), 1);
    assert_eq!(grid.max_value(Measure::Counts, Unit::Us), 20);
}

/// Intervals of about a second from the first number on, to the end of the time that is shown.
fn seconds<'a>(first: u64, n: u64, jitter: &'a [f64], counts: &'a Counts) -> Vec<Slice<'a>> {
    let edge = |seq: u64| (seq as f64 + jitter[seq as usize % jitter.len()]) * 1_000.0;
    let slice = |seq| slice(seq, edge(seq), edge(seq + 1), Ok(counts));
    (first..first + n).map(slice).collect()
}

/// A stripe in the picture is something that happened: not that a column has a second more than its neighbour.
#[test]
fn columns_of_several_intervals_have_as_many_each_and_the_same_while_time_moves() {
    let counts = one_wait(4);
    // What is shown, and the plot's width: a little less than a pixel each, a good half, a fifth, as in an hour.
    for (shown, width) in [(300, 293), (300, 170), (3_600, 790), (3_600, 1_440)] {
        let shared = u64::from(shown / width + 1);
        let mut whole = Vec::new();
        for first in 1..20 {
            let slices = seconds(first, u64::from(shown), &[0.0, 0.02, -0.01], &counts);
            let time = TimeScale {
                start_ms: slices[0].start_ms,
                end_ms: slices[slices.len() - 1].end_ms,
                width_px: width,
            };
            let columns = Grid::new(slices.into_iter(), &time, Cause::All).columns;
            let inner = &columns[1..columns.len() - 1];
            for c in inner {
                assert_eq!(c.counts.total(), shared, "{shown} on {width}: {c:?}");
            }
            assert!(inner.iter().all(|c| c.x1 - c.x0 <= 2), "{shown} on {width}");
            assert!(columns.windows(2).all(|w| w[0].x1 == w[1].x0), "no gaps");
            assert_eq!((columns[0].x0, columns[columns.len() - 1].x1), (0, width));
            whole.extend(inner.iter().map(|c| c.first_seq % shared));
        }
        whole.dedup();
        assert_eq!(whole, [1], "{shown} on {width}");
    }
}

proptest! {
    #[test]
    fn no_wait_is_lost_and_columns_never_overlap(
        lengths in proptest::collection::vec((1.0..3_000.0_f64, proptest::bool::weighted(0.1)), 1..300),
        width in 1..400_u32,
    ) {
        let counts = one_wait(4);
        let mut at = 0.0;
        let mut slices = Vec::new();
        for (i, (length, gap)) in lengths.iter().enumerate() {
            at += if *gap { 500.0 } else { 0.0 };
            slices.push(slice(i as u64 + 1, at, at + length, Ok(&counts)));
            at += length;
        }
        let grid = Grid::new(slices.iter().copied(), &scale(at, width), Cause::All);
        let total: u64 = grid.columns.iter().map(|c| c.counts.total()).sum();
        // Where intervals share pixels, what ends within the first may have left the picture.
        let pixel_ms = at / f64::from(width);
        let left = slices.iter().filter(|slice| pixel_ms > 1_000.0 && slice.end_ms < pixel_ms * 1.001);
        let gone = left.count();
        prop_assert!(total <= lengths.len() as u64 && total >= (lengths.len() - gone) as u64);
        prop_assert!(grid.columns.len() <= width as usize);
        prop_assert!(grid.columns.iter().all(|c| c.x0 < c.x1 && c.x1 <= width));
        prop_assert!(grid.columns.windows(2).all(|w| w[0].x1 <= w[1].x0));
    }
}

#[test]
fn after_the_last_number_there_is_no_next_one() {
    let counts = one_wait(3);
    let slices = [
        slice(u64::MAX, 0.0, 1_000.0, Ok(&counts)),
        slice(0, 1_003.0, 2_000.0, Ok(&counts)),
    ];
    let grid = Grid::new(slices.into_iter(), &scale(10_000.0, 1_000), Cause::All);
    assert_eq!(grid.columns[1].start_ms, 1_003.0);
}
