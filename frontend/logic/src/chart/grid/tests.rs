//! Where intervals lie, and that none is lost.

use super::{Grid, Missing, Slice};
use crate::chart::measure::{Cause, Measure};
use crate::chart::scale::TimeScale;
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
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
        slice(u64::from(i) + 1, start, start + 100.0, Ok(counts))
    });
    let grid = Grid::new(slices, &scale(100_000.0, 50), Cause::All);
    assert_eq!(grid.columns.len(), 50);
    assert_eq!(grid.max_slot(), Some(20));
    assert_eq!(grid.columns[28].counts.at(20), 1);
    assert_eq!(grid.max_value(Measure::Counts, Unit::Us), 20);
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
        let grid = Grid::new(slices.into_iter(), &scale(at, width), Cause::All);
        let total: u64 = grid.columns.iter().map(|c| c.counts.total()).sum();
        prop_assert_eq!(total, lengths.len() as u64);
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
