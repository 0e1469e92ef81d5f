//! From intervals to the columns that are drawn. Each interval covers the pixels from its start to
//! its end; intervals that are narrower than a pixel are merged by sum, so that a lone outlier stays.
//! The number of columns is bounded by the plot's width, whatever the history's length.

use self::place::place;
use super::measure::{Cause, Measure};
use super::scale::TimeScale;
use runqlat_common::buckets::Unit;
use runqlat_common::counts::Counts;
use runqlat_common::wire::Key;

/// One interval as the plot sees it.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    pub seq: u64,
    /// In ms since 1970.
    pub start_ms: f64,
    pub end_ms: f64,
    /// How long it was meant to be, in ms; one that is much longer is the sum of several.
    pub interval_ms: f64,
    pub counts: Result<&'a Counts, Missing>,
}

/// Why an interval has no column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing is known of it.
    Unknown,
    /// It was measured in this unit, and the axis has another.
    Unit(Unit),
    /// It was counted by this, and what is shown is a series of something else.
    Key(Key),
}

/// Neighbouring intervals that are missing for one reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hatched {
    /// In ms since 1970.
    pub start_ms: f64,
    pub end_ms: f64,
    pub why: Missing,
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
    /// Missing time of which is known why, by ascending time.
    pub hatched: Vec<Hatched>,
}

/// Consecutive intervals that are less than this part of the shorter one's length apart are
/// neighbours: their times are rounded to ms, and a hairline of missing time would be a lie.
const JITTER: f64 = 0.1;

impl Grid {
    /// Places the waits of one cause of slices, which come by ascending time.
    pub fn new<'a>(
        slices: impl Iterator<Item = Slice<'a>>,
        time: &TimeScale,
        cause: Cause,
    ) -> Self {
        let mut grid = Self::default();
        let mut before: Option<Slice<'a>> = None;
        for slice in slices {
            if slice.end_ms <= time.start_ms || slice.start_ms >= time.end_ms {
                continue;
            }
            match slice.counts {
                Ok(counts) => {
                    let start_ms = joined_start(before.as_ref(), &slice);
                    place(&mut grid.columns, time, &slice, start_ms, cause.of(counts));
                }
                Err(why) => {
                    let goes_on = before.is_some_and(|b| b.counts.err() == Some(why));
                    grid.hatch(&slice, why, goes_on);
                }
            }
            before = Some(slice);
        }
        grid
    }

    fn hatch(&mut self, slice: &Slice<'_>, why: Missing, goes_on: bool) {
        match self.hatched.last_mut() {
            Some(last) if goes_on => last.end_ms = slice.end_ms,
            _ => self.hatched.push(Hatched {
                start_ms: slice.start_ms,
                end_ms: slice.end_ms,
                why,
            }),
        }
    }

    /// Why nothing is drawn at a time.
    pub fn missing_at(&self, ms: f64) -> Missing {
        let at = self.hatched.partition_point(|span| span.end_ms < ms);
        let span = self.hatched.get(at).filter(|span| span.start_ms <= ms);
        span.map_or(Missing::Unknown, |span| span.why)
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

    /// The greatest value of a single cell.
    pub fn max_value(&self, measure: Measure, unit: Unit) -> u64 {
        let cells = self.columns.iter().filter_map(|column| {
            let (last, total) = (column.counts.max_slot()?, column.counts.total());
            let value = |slot| measure.value(column.counts.at(slot), slot, total, unit);
            (0..=last).map(value).max()
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

fn joined_start(before: Option<&Slice<'_>>, slice: &Slice<'_>) -> f64 {
    let Some(before) = before.filter(|before| before.counts.is_ok()) else {
        return slice.start_ms;
    };
    let apart = (slice.start_ms - before.end_ms).abs();
    let length = |slice: &Slice<'_>| slice.end_ms - slice.start_ms;
    if before.seq.checked_add(1) == Some(slice.seq)
        && apart < length(before).min(length(slice)) * JITTER
    {
        before.end_ms
    } else {
        slice.start_ms
    }
}

mod place;
#[cfg(test)]
mod tests;
