//! Which cell is looked at: under the pointer, chosen with the keys, or frozen by a click. A chosen
//! cell is held by its interval and bucket, so that it moves along with its time.

use super::bands::Percentile;
use super::frame::Frame;

/// What is pointed at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Cursor {
    #[default]
    Nothing,
    /// The pointer, in CSS pixels of the canvas.
    Pointer { x: f64, y: f64 },
    /// A cell, chosen with the keys or frozen.
    Cell { seq: u64, slot: usize, frozen: bool },
}

/// What lies under a cursor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// A cell: index of the grid's column, and bucket.
    Cell { column: usize, slot: usize },
    /// Missing time, in ms since 1970.
    Missing { ms: f64 },
}

/// A key that moves the cursor by one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    Earlier,
    Later,
    Longer,
    Shorter,
}

impl Cursor {
    /// What it points at in a picture.
    pub fn target(&self, frame: &Frame) -> Option<Target> {
        match *self {
            Self::Nothing => None,
            Self::Pointer { x, y } => at_point(frame, x, y),
            Self::Cell { seq, slot, .. } => {
                let column = frame.grid.index_of_seq(seq)?;
                Some(Target::Cell { column, slot })
            }
        }
    }

    pub fn is_frozen(&self) -> bool {
        matches!(self, Self::Cell { frozen: true, .. })
    }

    /// The cursor on the same cell, frozen; itself when it is on none.
    pub fn frozen(self, frame: &Frame) -> Self {
        match self.target(frame) {
            Some(Target::Cell { column, slot }) => cell(frame, column, slot, true),
            _ => self,
        }
    }

    /// The cursor after a key. From nowhere it starts at the newest column's median.
    pub fn moved(self, frame: &Frame, step: Move) -> Self {
        let Some(last) = frame.grid.columns.len().checked_sub(1) else {
            return self;
        };
        let frozen = self.is_frozen();
        let Some(Target::Cell { column, slot }) = self.target(frame) else {
            let median = Percentile::P50.slot(&frame.grid.columns[last].counts);
            return cell(frame, last, median.unwrap_or(0), frozen);
        };
        let (column, slot) = match step {
            Move::Earlier => (column.saturating_sub(1), slot),
            Move::Later => ((column + 1).min(last), slot),
            Move::Longer => (column, (slot + 1).min(frame.layout.rows.rows - 1)),
            Move::Shorter => (column, slot.saturating_sub(1)),
        };
        cell(frame, column, slot, frozen)
    }
}

fn cell(frame: &Frame, column: usize, slot: usize, frozen: bool) -> Cursor {
    Cursor::Cell {
        seq: frame.grid.columns[column].last_seq,
        slot,
        frozen,
    }
}

fn at_point(frame: &Frame, x: f64, y: f64) -> Option<Target> {
    let (x, y) = frame.layout.plot_from_css(x, y);
    let slot = frame.layout.rows.slot_from_pixel(y)?;
    if !(0.0..f64::from(frame.layout.width)).contains(&x) {
        return None;
    }
    Some(match frame.grid.index_at_pixel(x) {
        Some(column) => Target::Cell { column, slot },
        None => Target::Missing {
            ms: frame.time.time_from_pixel(x),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Move, Target};
    use crate::chart::frame::{Frame, request_for_tests};
    use crate::chart::grid::Slice;
    use proptest::prelude::{prop_assert, proptest};
    use runqlat_common::buckets::Unit;
    use runqlat_common::counts::{Counts, Waits};

    /// Ten seconds, of which the last five are known; 100 pixels a second.
    fn frame() -> Frame {
        let counts = Counts {
            woken: Waits {
                counts: vec![0, 0, 7],
                sum_ns: 0,
            },
            preempted: Waits::default(),
        };
        let slices = (5..10_u32).map(|i| Slice {
            seq: u64::from(i),
            start_ms: f64::from(i) * 1_000.0,
            end_ms: f64::from(i + 1) * 1_000.0,
            interval_ms: 1_000.0,
            counts: Ok(&counts),
        });
        let request = request_for_tests(Unit::Us);
        Frame::new(slices, Vec::new(), &request, None).unwrap()
    }

    #[test]
    fn the_pointer_hits_cells_missing_time_and_nothing() {
        let frame = frame();
        assert_eq!(frame.layout.rows.row_px, 20);
        let at = |x, y| Cursor::Pointer { x, y }.target(&frame);
        assert_eq!(
            at(56.0 + 999.0, 309.0),
            Some(Target::Cell { column: 4, slot: 0 })
        );
        assert_eq!(
            at(56.0 + 500.0, 31.0),
            Some(Target::Cell {
                column: 0,
                slot: 13
            })
        );
        assert_eq!(
            at(56.0 + 100.0, 100.0),
            Some(Target::Missing { ms: 1_000.0 })
        );
        assert_eq!(at(20.0, 100.0), None);
        assert_eq!(at(600.0, 322.0), None);
    }

    #[test]
    fn keys_walk_from_the_newest_median_and_stop_at_the_edges() {
        let frame = frame();
        let start = Cursor::Nothing.moved(&frame, Move::Later);
        let cell = |seq, slot| Cursor::Cell {
            seq,
            slot,
            frozen: false,
        };
        assert_eq!(start, cell(9, 2));
        assert_eq!(start.moved(&frame, Move::Later), cell(9, 2));
        assert_eq!(start.moved(&frame, Move::Earlier), cell(8, 2));
        assert_eq!(start.moved(&frame, Move::Longer), cell(9, 3));
        assert!(
            start
                .frozen(&frame)
                .moved(&frame, Move::Shorter)
                .is_frozen()
        );
        // A cell that left the picture is no target.
        assert_eq!(cell(2, 2).target(&frame), None);
        assert_eq!(Cursor::Nothing.frozen(&frame), Cursor::Nothing);
    }

    proptest! {
        #[test]
        fn no_walk_leaves_the_picture(moves in proptest::collection::vec(0..4_u8, 0..60)) {
            let frame = frame();
            let mut cursor = Cursor::Nothing;
            for step in moves {
                let step = [Move::Earlier, Move::Later, Move::Longer, Move::Shorter][usize::from(step)];
                cursor = cursor.moved(&frame, step);
                let Some(Target::Cell { column, slot }) = cursor.target(&frame) else {
                    panic!("{cursor:?} is no cell");
                };
                prop_assert!(column < 5 && slot < 14);
            }
        }
    }
}
