//! Everything that one picture of the heatmap shows, computed once per update and read by the
//! painter, the legend, the tooltip and the histogram.

use super::colour::{ColourScale, Spread};
use super::grid::{Grid, Slice};
use super::layout::{Layout, RowKeeper, Size};
use super::marks::{Change, Mark, marks};
use super::measure::{Cause, Measure};
use super::scale::TimeScale;
use runqlat_common::buckets::Unit;

/// What is asked of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    pub size: Size,
    /// Length of the time axis, in ms.
    pub window_ms: f64,
    /// Its right end, in ms since 1970.
    pub end_ms: f64,
    pub spread: Spread,
    pub measure: Measure,
    pub cause: Cause,
    /// The end of the colour scale, when it is pinned; else it follows what is shown.
    pub pinned: Option<u64>,
    /// What the buckets of the slices count.
    pub unit: Unit,
}

/// One picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub layout: Layout,
    pub time: TimeScale,
    pub grid: Grid,
    pub scale: ColourScale,
    pub measure: Measure,
    pub cause: Cause,
    pub keeper: RowKeeper,
    /// By ascending pixel.
    pub marks: Vec<Mark>,
}

impl Frame {
    /// The picture of `slices` and `changes` (both ascending), or `None` while there is no room for
    /// one. `before` is the keeper of the picture before this.
    pub fn new<'a>(
        slices: impl Iterator<Item = Slice<'a>>,
        changes: Vec<Change>,
        request: &Request,
        before: Option<RowKeeper>,
    ) -> Option<Self> {
        let time = TimeScale {
            start_ms: request.end_ms - request.window_ms,
            end_ms: request.end_ms,
            width_px: Layout::plot_width(request.size)?,
        };
        let grid = Grid::new(slices, &time, request.cause);
        let keeper = RowKeeper::next(before, request.unit, grid.max_slot(), request.end_ms);
        let left = Layout::plot_left(request.size);
        let marks = marks(changes, &time, left, request.size);
        Some(Self {
            layout: Layout::new(request.size, keeper.rows, request.unit, !marks.is_empty())?,
            time,
            scale: scale(request, &grid),
            measure: request.measure,
            cause: request.cause,
            grid,
            keeper,
            marks,
        })
    }

    /// What its buckets count.
    pub fn unit(&self) -> Unit {
        self.layout.rows.unit
    }

    /// Length of the time axis, in ms.
    pub fn span_ms(&self) -> f64 {
        self.time.end_ms - self.time.start_ms
    }

    /// The newest interval in the picture.
    pub fn newest_seq(&self) -> Option<u64> {
        self.grid.columns.last().map(|column| column.last_seq)
    }

    /// Whether anything waited in the time that is shown.
    pub fn has_waits(&self) -> bool {
        self.grid.columns.iter().any(|c| !c.counts.is_empty())
    }
}

/// A pinned scale compares two times, and so does the one of parts of a whole.
fn scale(request: &Request, grid: &Grid) -> ColourScale {
    let max = request.pinned.or(request.measure.most());
    max.map_or_else(
        || {
            let most = grid.max_value(request.measure, request.unit);
            ColourScale::holding(request.spread, most)
        },
        |max| ColourScale {
            spread: request.spread,
            max,
        },
    )
}

/// A picture of ten seconds that end ten seconds after 1970, 1,000 by 300 pixels and the axes.
#[cfg(test)]
pub(crate) fn request_for_tests(unit: Unit) -> Request {
    Request {
        size: Size {
            width: 1_090.0,
            height: 332.0,
            ratio: 1.0,
        },
        window_ms: 10_000.0,
        end_ms: 10_000.0,
        spread: Spread::Sqrt,
        measure: Measure::Counts,
        cause: Cause::All,
        pinned: None,
        unit,
    }
}
