//! On which pixels an interval lies, and with which others.

use super::{GridColumn, Slice};
use crate::chart::scale::TimeScale;
use runqlat_common::counts::Counts;

/// An interval that is longer than this many times what it was meant to be is the sum of several.
const SUM: f64 = 1.5;
/// Less than this part of a pixel is what calculating with fractions of a ms makes of nothing.
const HAIR: f64 = 1e-3;

/// Adds an interval to the last column, or makes one of it.
pub(super) fn place(
    columns: &mut Vec<GridColumn>,
    time: &TimeScale,
    slice: &Slice<'_>,
    start_ms: f64,
    counts: Counts,
) {
    let shared = intervals_in_a_column(time, slice);
    let last = columns.last();
    let goes_on = last.filter(|last| shared > 1 && goes_on(last, slice, shared));
    let from_ms = goes_on.map_or(start_ms, |column| column.start_ms);
    let goes_on = goes_on.is_some();
    let (x0, x1) = match shared {
        1 => pixels(time, start_ms, slice.end_ms),
        _ => whole_pixels(time, from_ms, slice.end_ms),
    };
    if shared > 1 && !goes_on && x0 == 0 {
        // What ends within the first pixel has just left the picture: the pixel is of what begins in it.
        columns.clear();
    }
    let measured_ms = slice.end_ms - start_ms;
    match columns.last_mut() {
        Some(last) if goes_on || x1 <= last.x1 => {
            last.x1 = last.x1.max(x1);
            last.last_seq = slice.seq;
            last.end_ms = slice.end_ms;
            last.measured_ms += measured_ms;
            last.counts.add(&counts);
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
                counts,
                measured_ms,
            });
        }
    }
}

/// How many intervals of its length make up a column: as few as cover a pixel. All columns have as many, where the
/// intervals of each pixel would be now one more and now one less: stripes, which move, of what never happened.
fn intervals_in_a_column(time: &TimeScale, slice: &Slice<'_>) -> u64 {
    let interval_ms = slice.interval_ms.max(1.0);
    if slice.end_ms - slice.start_ms > interval_ms * SUM {
        return 1;
    }
    let pixel_ms = (time.end_ms - time.start_ms) / f64::from(time.width_px.max(1));
    ((pixel_ms / interval_ms - HAIR).ceil() as u64).max(1)
}

/// Whether a column goes on with an interval. They are told by their numbers: so a column holds the same intervals
/// wherever it is while time moves.
fn goes_on(column: &GridColumn, slice: &Slice<'_>, shared: u64) -> bool {
    // The first of all has the number 1.
    let number = |seq: u64| seq.saturating_sub(1) / shared;
    column.last_seq.checked_add(1) == Some(slice.seq)
        && number(column.last_seq) == number(slice.seq)
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

/// The pixels of an interval that shares them: from the one in which it begins, whole ones. So the next column has a
/// pixel as soon as its first interval ends.
fn whole_pixels(time: &TimeScale, start_ms: f64, end_ms: f64) -> (u32, u32) {
    let whole = |ms| (time.pixel_from_time(ms) + HAIR) as u32;
    let x0 = whole(start_ms).min(time.width_px.saturating_sub(1));
    (x0, whole(end_ms).min(time.width_px).max(x0 + 1))
}
