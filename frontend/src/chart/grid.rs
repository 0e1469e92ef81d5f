//! From intervals to the columns that are drawn. Each interval covers the pixels from its start to
//! its end; intervals that fall on the same pixel are merged by sum, so that a lone outlier stays.
//! The number of columns is bounded by the plot's width, whatever the history's length.

use super::scale::TimeScale;
use runqlat_common::counts::Counts;

/// One interval as the plot sees it.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    pub seq: u64,
    /// In ms since 1970.
    pub start_ms: f64,
    pub end_ms: f64,
    /// `None` when nothing is known of this interval.
    pub counts: Option<&'a Counts>,
}

/// One column of the plot: one interval, or the sum of several.
#[derive(Clone, Debug, PartialEq)]
pub struct GridColumn {
    /// First pixel, and first pixel after it.
    pub x0: u32,
    pub x1: u32,
    /// The intervals in it.
    pub first_seq: u64,
    pub last_seq: u64,
    /// In ms since 1970.
    pub start_ms: f64,
    pub end_ms: f64,
    pub counts: Counts,
    /// The part of `start_ms..end_ms` that was measured, in ms.
    pub measured_ms: f64,
}

/// Columns by ascending pixel, never overlapping; the gaps between them are missing time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    pub columns: Vec<GridColumn>,
}

/// Consecutive intervals that are less than this part of their length apart are neighbours: their
/// times are rounded to ms, and a hairline of missing time would be a lie.
const JITTER: f64 = 0.1;

impl Grid {
    /// Places slices, which come by ascending time.
    pub fn new<'a>(slices: impl Iterator<Item = Slice<'a>>, time: &TimeScale) -> Self {
        let mut columns: Vec<GridColumn> = Vec::new();
        for slice in slices {
            let Some(counts) = slice.counts else { continue };
            if slice.end_ms <= time.start_ms || slice.start_ms >= time.end_ms {
                continue;
            }
            let start_ms = joined_start(columns.last(), &slice);
            place(&mut columns, time, &slice, start_ms, counts);
        }
        Self { columns }
    }

    /// The column that covers a pixel.
    pub fn index_at_pixel(&self, px: f64) -> Option<usize> {
        let after = self.columns.partition_point(|c| f64::from(c.x0) <= px);
        let index = after.checked_sub(1)?;
        (px < f64::from(self.columns[index].x1)).then_some(index)
    }

    /// The column that holds an interval.
    pub fn index_of_seq(&self, seq: u64) -> Option<usize> {
        let index = self.columns.partition_point(|c| c.last_seq < seq);
        let column = self.columns.get(index)?;
        (column.first_seq <= seq).then_some(index)
    }

    /// The greatest count of a single cell.
    pub fn max_cell(&self) -> u64 {
        let cells = self.columns.iter().filter_map(|column| {
            let last = column.counts.max_slot()?;
            (0..=last).map(|slot| column.counts.at(slot)).max()
        });
        cells.max().unwrap_or(0)
    }

    /// The highest bucket with a wait in it.
    pub fn max_slot(&self) -> Option<usize> {
        self.columns
            .iter()
            .filter_map(|c| c.counts.max_slot())
            .max()
    }
}

fn joined_start(last: Option<&GridColumn>, slice: &Slice<'_>) -> f64 {
    let Some(last) = last else {
        return slice.start_ms;
    };
    let apart = (slice.start_ms - last.end_ms).abs();
    if slice.seq == last.last_seq + 1 && apart < (slice.end_ms - slice.start_ms) * JITTER {
        last.end_ms
    } else {
        slice.start_ms
    }
}

fn place(
    columns: &mut Vec<GridColumn>,
    time: &TimeScale,
    slice: &Slice<'_>,
    start_ms: f64,
    counts: &Counts,
) {
    let (x0, x1) = pixels(time, start_ms, slice.end_ms);
    let measured_ms = slice.end_ms - start_ms;
    match columns.last_mut() {
        Some(last) if x1 <= last.x1 => {
            last.last_seq = slice.seq;
            last.end_ms = slice.end_ms;
            last.measured_ms += measured_ms;
            last.counts.add(counts);
        }
        last => {
            let free_from = last.map_or(0, |last| last.x1);
            columns.push(GridColumn {
                x0: x0.max(free_from),
                x1,
                first_seq: slice.seq,
                last_seq: slice.seq,
                start_ms,
                end_ms: slice.end_ms,
                counts: counts.clone(),
                measured_ms,
            });
        }
    }
}

/// The pixels of an interval: between its rounded edges, or the one that its middle falls on when
/// it is narrower than a pixel.
fn pixels(time: &TimeScale, start_ms: f64, end_ms: f64) -> (u32, u32) {
    let (x0, x1) = (time.edge_from_time(start_ms), time.edge_from_time(end_ms));
    let (from, to) = (time.pixel_from_time(start_ms), time.pixel_from_time(end_ms));
    if to - from >= 1.0 && x0 < x1 {
        return (x0, x1);
    }
    let middle = f64::midpoint(from, to) as u32;
    let only = middle.min(time.width_px.saturating_sub(1));
    (only, only + 1)
}

#[cfg(test)]
mod tests {
    use super::{Grid, Slice};
    use crate::chart::scale::TimeScale;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
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

    fn slice(seq: u64, start_ms: f64, end_ms: f64, counts: Option<&Counts>) -> Slice<'_> {
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
            slice(1, 0.0, 1_000.0, Some(&counts)),
            // 3 ms of jitter are no gap.
            slice(2, 1_003.0, 2_000.0, Some(&counts)),
            slice(3, 2_000.0, 3_000.0, None),
            slice(5, 5_000.0, 8_000.0, Some(&counts)),
        ];
        let grid = Grid::new(slices.into_iter(), &scale(10_000.0, 100));
        let edges: Vec<_> = grid.columns.iter().map(|c| (c.x0, c.x1)).collect();
        assert_eq!(edges, [(0, 10), (10, 20), (50, 80)]);
        assert_eq!(grid.index_at_pixel(19.9), Some(1));
        assert_eq!(grid.index_at_pixel(20.0), None);
        assert_eq!(grid.index_at_pixel(-1.0), None);
        assert_eq!(grid.index_of_seq(5), Some(2));
        assert_eq!(grid.index_of_seq(3), None);
        assert_eq!(grid.columns[1].measured_ms, 1_000.0);
    }

    #[test]
    fn a_lone_outlier_survives_merging() {
        let (usual, outlier) = (one_wait(2), one_wait(20));
        let slices = (0..1_000_u32).map(|i| {
            let start = f64::from(i) * 100.0;
            let counts = if i == 567 { &outlier } else { &usual };
            slice(u64::from(i) + 1, start, start + 100.0, Some(counts))
        });
        let grid = Grid::new(slices, &scale(100_000.0, 50));
        assert_eq!(grid.columns.len(), 50);
        assert_eq!(grid.max_slot(), Some(20));
        assert_eq!(grid.columns[28].counts.at(20), 1);
        assert_eq!(grid.max_cell(), 20);
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
                slices.push(slice(i as u64 + 1, at, at + length, Some(&counts)));
                at += length;
            }
            let grid = Grid::new(slices.into_iter(), &scale(at, width));
            let total: u64 = grid.columns.iter().map(|c| c.counts.total()).sum();
            prop_assert_eq!(total, lengths.len() as u64);
            prop_assert!(grid.columns.len() <= width as usize);
            prop_assert!(grid.columns.iter().all(|c| c.x0 < c.x1 && c.x1 <= width));
            prop_assert!(grid.columns.windows(2).all(|w| w[0].x1 <= w[1].x0));
        }
    }
}
