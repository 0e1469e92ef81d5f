//! Where the plot lies in its canvas: margins for the axes, whole device pixels for every row.

use super::scale::RowScale;
use runqlat_common::buckets::Unit;

/// Fewest rows shown, so that the picture of a quiet host does not jump with each outlier: up to
/// 16 ms in µs, 16 s in ms.
pub const MIN_ROWS: usize = 14;

/// Margins in CSS pixels: latency labels, percentile names, the legend, time labels.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 34.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 22.0;

/// Below the time labels, when there are marks: their labels.
const MARKS: f64 = 16.0;

/// The size of a canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    /// CSS pixels.
    pub width: f64,
    pub height: f64,
    /// Device pixels in a CSS pixel.
    pub ratio: f64,
}

impl Size {
    /// Device pixels of the canvas.
    pub fn device(&self) -> (u32, u32) {
        let px = |css: f64| (css * self.ratio).round() as u32;
        (px(self.width), px(self.height))
    }
}

/// The plot's place, in device pixels of the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    pub size: Size,
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub rows: RowScale,
}

impl Layout {
    /// `None` while the canvas has no room for a plot.
    pub fn new(size: Size, rows: usize, unit: Unit, has_marks: bool) -> Option<Self> {
        let px = |css: f64| (css * size.ratio).round() as u32;
        let width = Self::plot_width(size)?;
        let (_, canvas_height) = size.device();
        let bottom = if has_marks { BOTTOM + MARKS } else { BOTTOM };
        let height = canvas_height.checked_sub(px(TOP) + px(bottom))?;
        let row_px = height / rows.max(1) as u32;
        if width == 0 || row_px == 0 {
            return None;
        }
        let rows = RowScale { rows, row_px, unit };
        Some(Self {
            size,
            left: Self::plot_left(size),
            // What whole rows leave over goes above, so that bucket 0 stays on the time axis.
            top: px(TOP) + height - rows.height_px(),
            width,
            rows,
        })
    }

    /// Width of the plot in device pixels, which does not depend on its rows.
    pub fn plot_width(size: Size) -> Option<u32> {
        let px = |css: f64| (css * size.ratio).round() as u32;
        size.device().0.checked_sub(px(LEFT) + px(RIGHT))
    }

    /// Its left edge in device pixels of the canvas, which does not either.
    pub fn plot_left(size: Size) -> u32 {
        (LEFT * size.ratio).round() as u32
    }

    /// Where the marks' labels begin, in CSS pixels of the canvas.
    pub fn marks_top(&self) -> f64 {
        self.css(self.top + self.height()) + BOTTOM
    }

    pub fn height(&self) -> u32 {
        self.rows.height_px()
    }

    /// CSS pixels from device pixels.
    pub fn css(&self, px: u32) -> f64 {
        f64::from(px) / self.size.ratio
    }

    /// Device pixels in the plot from CSS pixels in the canvas.
    pub fn plot_from_css(&self, x: f64, y: f64) -> (f64, f64) {
        (
            x * self.size.ratio - f64::from(self.left),
            y * self.size.ratio - f64::from(self.top),
        )
    }
}

/// How many rows are shown. Grows at once, since a new maximum must be seen; shrinks only when the
/// rows were not needed for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowKeeper {
    pub rows: usize,
    /// What their buckets count.
    unit: Unit,
    /// Data time at which the rows were last needed, in ms since 1970.
    needed_ms: f64,
}

/// How long rows that nothing needs stay.
const KEEP_MS: f64 = 15_000.0;

impl RowKeeper {
    /// The rows for a picture up to bucket `max_slot` at `now_ms` of the data. Rows of another unit
    /// are others.
    pub fn next(before: Option<Self>, unit: Unit, max_slot: Option<usize>, now_ms: f64) -> Self {
        let rows = max_slot.map_or(0, |slot| slot + 1).max(MIN_ROWS);
        let fresh = Self {
            rows,
            unit,
            needed_ms: now_ms,
        };
        match before.filter(|kept| kept.unit == unit) {
            // One spare row is not worth a jump.
            Some(kept) if kept.rows > rows + 1 => {
                let away = now_ms - kept.needed_ms;
                // A clock that went back means other data: start afresh.
                if (0.0..KEEP_MS).contains(&away) {
                    kept
                } else {
                    fresh
                }
            }
            Some(kept) if kept.rows >= rows => Self {
                needed_ms: now_ms,
                ..kept
            },
            _ => fresh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Layout, MIN_ROWS, RowKeeper, Size};
    use proptest::prelude::{prop_assert, proptest};
    use runqlat_common::buckets::Unit;

    #[test]
    fn rows_grow_at_once_and_shrink_late() {
        let table = [
            (0.0, Some(5), MIN_ROWS),
            (1_000.0, Some(20), 21),
            (2_000.0, Some(5), 21),
            (15_900.0, Some(19), 21),
            (16_900.0, Some(5), 21),
            (30_000.0, Some(12), 21),
            (31_000.0, Some(12), MIN_ROWS),
            (32_000.0, None, MIN_ROWS),
        ];
        let mut keeper = None;
        for (now, max, rows) in table {
            let next = RowKeeper::next(keeper, Unit::Us, max, now);
            assert_eq!(next.rows, rows, "at {now}");
            keeper = Some(next);
        }
        let tall = Some(RowKeeper::next(keeper, Unit::Us, Some(20), 33_000.0));
        let rows = |unit, now| RowKeeper::next(tall, unit, Some(3), now).rows;
        assert_eq!(rows(Unit::Us, 34_000.0), 21);
        assert_eq!(rows(Unit::Ms, 34_000.0), MIN_ROWS);
        assert_eq!(rows(Unit::Us, -1.0), MIN_ROWS);
    }

    #[test]
    fn a_canvas_without_room_has_no_plot() {
        let size = |width, height| Size {
            width,
            height,
            ratio: 1.0,
        };
        let new = |size, has_marks| Layout::new(size, 14, Unit::Us, has_marks);
        assert_eq!(new(size(0.0, 0.0), false), None);
        assert_eq!(new(size(400.0, 40.0), false), None);
        let marked = new(size(400.0, 223.0), true).unwrap();
        assert_eq!((marked.top, marked.rows.row_px), (31, 11));
        assert_eq!(marked.marks_top(), 31.0 + 154.0 + 22.0);
        let layout = new(size(400.0, 207.0), false).unwrap();
        assert_eq!((layout.left, layout.width), (56, 310));
        assert_eq!((layout.top, layout.rows.row_px), (31, 11));
    }

    proptest! {
        #[test]
        fn the_plot_lies_in_its_canvas(w in 0.0..4_000.0_f64, h in 0.0..2_000.0_f64, ratio in 0.5..4.0_f64, rows in 1..37_usize, marks: bool) {
            let size = Size { width: w, height: h, ratio };
            if let Some(layout) = Layout::new(size, rows, Unit::Us, marks) {
                let (width, height) = size.device();
                prop_assert!(layout.left + layout.width <= width);
                prop_assert!(layout.top + layout.height() <= height);
            }
        }
    }
}
