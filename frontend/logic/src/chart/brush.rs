//! A region of the heatmap: a time range and a range of buckets, which is compared with the rest.

use super::cursor::{Cursor, Target};
use super::frame::Frame;

/// A region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brush {
    /// In ms since 1970.
    pub from_ms: f64,
    pub to_ms: f64,
    /// Buckets, both inclusive.
    pub from_slot: usize,
    pub to_slot: usize,
}

/// A rectangle in device pixels of the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Brush {
    /// The whole cells between two corners, which are in CSS pixels of the canvas and may lie outside of
    /// the plot. `None` where there are no cells.
    pub fn between(frame: &Frame, a: (f64, f64), b: (f64, f64)) -> Option<Self> {
        let layout = &frame.layout;
        let (a, b) = (
            layout.plot_from_css(a.0, a.1),
            layout.plot_from_css(b.0, b.1),
        );
        let (width, height) = (f64::from(layout.width), f64::from(layout.height()));
        let (x0, x1) = (a.0.min(b.0).max(0.0), a.0.max(b.0).min(width));
        let clip = |y: f64| y.clamp(0.0, height - 1.0);
        let (y0, y1) = (clip(a.1.min(b.1)), clip(a.1.max(b.1)));
        let inside = |c: &&super::grid::GridColumn| f64::from(c.x1) > x0 && f64::from(c.x0) < x1;
        let mut columns = frame.grid.columns.iter().filter(inside);
        let first = columns.next()?;
        let last = columns.next_back().unwrap_or(first);
        Some(Self {
            from_ms: first.start_ms,
            to_ms: last.end_ms,
            from_slot: layout.rows.slot_from_pixel(y1)?,
            to_slot: layout.rows.slot_from_pixel(y0)?,
        })
    }

    /// The region after the cursor has walked from one cell to another: it grows to hold both, from
    /// where it was.
    pub fn walked(frame: &Frame, region: Option<Self>, from: Cursor, to: Cursor) -> Option<Self> {
        let cell = |cursor: Cursor| match cursor.target(frame)? {
            Target::Cell { column, slot } => Some((frame.grid.columns.get(column)?, slot)),
            Target::Missing { .. } => None,
        };
        let (column, slot) = cell(to)?;
        let (start, start_slot) = cell(from).unwrap_or((column, slot));
        let before = region.unwrap_or(Self {
            from_ms: start.start_ms,
            to_ms: start.end_ms,
            from_slot: start_slot,
            to_slot: start_slot,
        });
        Some(Self {
            from_ms: before.from_ms.min(column.start_ms),
            to_ms: before.to_ms.max(column.end_ms),
            from_slot: before.from_slot.min(slot),
            to_slot: before.to_slot.max(slot),
        })
    }

    /// Where it lies in a picture, as far as it does.
    pub fn rect(&self, frame: &Frame) -> Option<Rect> {
        let layout = &frame.layout;
        let x = |ms: f64| f64::from(frame.time.edge_from_time(ms));
        let (x0, x1) = (x(self.from_ms), x(self.to_ms));
        let row = |slot: usize| f64::from(layout.rows.pixel_from_slot(slot));
        let top = row(self.to_slot.min(layout.rows.rows - 1));
        let bottom = row(self.from_slot) + f64::from(layout.rows.row_px);
        (x1 > x0 && bottom > top).then(|| Rect {
            left: f64::from(layout.left) + x0,
            top: f64::from(layout.top) + top,
            width: x1 - x0,
            height: bottom - top,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Brush, Rect};
    use crate::chart::frame::{Frame, request_for_tests};
    use crate::chart::grid::Slice;
    use runqlat_common::buckets::Unit;
    use runqlat_common::counts::Counts;

    /// Ten seconds, of which the last five are known; 100 pixels a second, 20 a row.
    fn frame() -> Frame {
        let counts = Counts::default();
        let slices = (5..10_u32).map(|i| Slice {
            seq: u64::from(i),
            start_ms: f64::from(i) * 1_000.0,
            end_ms: f64::from(i + 1) * 1_000.0,
            interval_ms: 1_000.0,
            counts: Ok(&counts),
        });
        Frame::new(slices, Vec::new(), &request_for_tests(Unit::Us), None).unwrap()
    }

    #[test]
    fn a_drag_takes_the_cells_that_it_touches_whatever_its_direction() {
        let frame = frame();
        let expected = Brush {
            from_ms: 6_000.0,
            to_ms: 8_000.0,
            from_slot: 1,
            to_slot: 3,
        };
        // Bucket 0 is the row above y = 310.
        let (a, b) = ((56.0 + 650.0, 235.0), (56.0 + 720.0, 285.0));
        for (a, b) in [(a, b), (b, a), ((a.0, b.1), (b.0, a.1))] {
            assert_eq!(Brush::between(&frame, a, b), Some(expected));
        }
        let rect = expected.rect(&frame).unwrap();
        let (left, top) = (56.0 + 600.0, f64::from(frame.layout.top) + 200.0);
        let (width, height) = (200.0, 60.0);
        assert_eq!(
            rect,
            Rect {
                left,
                top,
                width,
                height
            }
        );
    }

    #[test]
    fn what_lies_outside_is_cut_off() {
        let frame = frame();
        let all = Brush::between(&frame, (-50.0, -50.0), (5_000.0, 5_000.0)).unwrap();
        assert_eq!((all.from_ms, all.to_ms), (5_000.0, 10_000.0));
        assert_eq!((all.from_slot, all.to_slot), (0, 13));
        // Time of which nothing is known has no cells.
        assert_eq!(Brush::between(&frame, (60.0, 100.0), (200.0, 200.0)), None);
    }
}
