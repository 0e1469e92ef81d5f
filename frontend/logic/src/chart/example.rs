//! What the heatmap of a busy machine looks like, for one that has nothing to show: short waits all the
//! time, a burst that makes them long, and a lone long one. A picture and no data.

use super::colour::{ColourScale, Spread};
use super::grid::{Grid, GridColumn};
use super::layout::{Layout, Size};
use super::measure::Measure;
use super::palette::Palette;
use super::raster::{raster, stretched};
use super::scale::RowScale;
use runqlat_common::buckets::Unit;
use runqlat_common::counts::{Counts, Waits};

const COLUMNS: u32 = 48;
const ROWS: usize = 14;

/// Device pixels of a cell.
const CELL: (u32, u32) = (5, 6);

/// Its size in pixels.
pub const SIZE: (u32, u32) = (COLUMNS * CELL.0, ROWS as u32 * CELL.1);

/// Its pixels as RGBA.
pub fn pixels(palette: &Palette) -> Vec<u8> {
    let grid = Grid {
        columns: (0..COLUMNS).map(column).collect(),
        ..Grid::default()
    };
    let (width, height) = SIZE;
    let layout = Layout {
        size: Size {
            width: f64::from(width),
            height: f64::from(height),
            ratio: 1.0,
        },
        left: 0,
        top: 0,
        width,
        rows: RowScale {
            rows: ROWS,
            row_px: CELL.1,
            unit: Unit::Us,
        },
    };
    let scale = ColourScale::holding(Spread::Sqrt, 200);
    let rows = raster(&grid, &layout, (Measure::Counts, &scale), palette);
    stretched(&rows, &layout)
}

fn column(at: u32) -> GridColumn {
    let is_burst = (20..30).contains(&at);
    let (middle, most) = if is_burst { (9_i64, 160) } else { (3, 90) };
    let mut counts: Vec<u64> = (0..ROWS as i64)
        .map(|slot| most >> (2 * (slot - middle).unsigned_abs()).min(20))
        .collect();
    if at == 40 {
        counts[12] = 1;
    }
    GridColumn {
        x0: at * CELL.0,
        x1: (at + 1) * CELL.0,
        first_seq: at.into(),
        last_seq: at.into(),
        start_ms: 0.0,
        end_ms: 0.0,
        counts: Counts {
            woken: Waits { counts, sum_ns: 0 },
            preempted: Waits::default(),
        },
        measured_ms: 1_000.0,
    }
}

#[cfg(test)]
mod tests {
    use super::{CELL, SIZE, pixels};
    use crate::chart::palette::{Hue, Palette};

    #[test]
    fn it_shows_a_lone_long_wait_above_a_burst() {
        let palette = Palette::new(Hue::Inferno, true);
        let pixels = pixels(&palette);
        let (width, height) = SIZE;
        assert_eq!(pixels.len(), (width * height * 4) as usize);
        let filled = |column: u32, slot: u32| {
            let y = (13 - slot) * CELL.1;
            let at = ((y * width + column * CELL.0) * 4) as usize;
            pixels[at..at + 3] != palette.empty
        };
        assert!(filled(40, 12) && !filled(39, 12) && !filled(40, 11));
        assert!(filled(25, 9) && !filled(5, 9) && filled(5, 3));
    }
}
