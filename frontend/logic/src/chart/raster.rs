//! The heatmap as pixels and stripes: pure functions of grid, rows, scale and palette. Know no canvas.

use super::colour::ColourScale;
use super::grid::Grid;
use super::layout::Layout;
use super::measure::Measure;
use super::palette::{Palette, Rgb};
use super::strokes::Strokes;
use std::iter;

/// Period and width of the stripes of missing time, in CSS pixels along x.
const HATCH_PERIOD: f64 = 8.0;
const HATCH_WIDTH: f64 = 2.0;

/// RGBA of the plot's cells, one line for each row from the top: `layout.width * layout.rows.rows` pixels. Each line stands
/// for the `row_px` that a row is high. Where no column is, a line says nothing: see [`hatch`].
pub fn raster(
    grid: &Grid,
    layout: &Layout,
    (measure, scale): (Measure, &ColourScale),
    palette: &Palette,
) -> Vec<u8> {
    let width = layout.width as usize;
    let mut pixels = Vec::with_capacity(width * 4 * layout.rows.rows);
    let mut row = vec![Pixel::default(); width];
    let mut colours = Colours::new(scale, palette);
    let totals: Vec<u64> = grid.columns.iter().map(|c| c.counts.total()).collect();
    let unit = layout.rows.unit;
    for slot in (0..layout.rows.rows).rev() {
        for (column, total) in grid.columns.iter().zip(&totals) {
            let value = measure.value(column.counts.at(slot), slot, *total, unit);
            row[column.x0 as usize..column.x1 as usize].fill(colours.of(value));
        }
        pixels.extend_from_slice(row.as_flattened());
    }
    pixels
}

/// The picture that rows of cells stand for, each `row_px` high, for where no painter makes it of them.
pub fn stretched(rows: &[u8], layout: &Layout) -> Vec<u8> {
    let rows = rows.chunks_exact(layout.width as usize * 4);
    let lines = rows.flat_map(|row| iter::repeat_n(row, layout.rows.row_px as usize));
    lines.flatten().copied().collect()
}

/// Stripes over the time that is missing, from the plot's top to its bottom.
pub fn hatch(to: &mut Strokes, grid: &Grid, layout: &Layout, palette: &Palette) {
    let period = (HATCH_PERIOD * to.ratio).round().max(2.0);
    let stripe = (HATCH_WIDTH * to.ratio).round().clamp(1.0, period - 1.0);
    let (left, top) = (f64::from(layout.left), f64::from(layout.top));
    // Stripes are anchored to the plot and not to a gap: they don't crawl as it moves.
    to.stripes(palette.missing, (period, stripe), (left + top) % period);
    for (x0, x1) in gaps(grid, layout.width) {
        let (x, width) = (left + f64::from(x0), f64::from(x1 - x0));
        to.fill(x, top, width, f64::from(layout.height()));
    }
}

/// Opaque RGBA.
type Pixel = [u8; 4];

/// The colours of values. Most cells hold few waits, so small values' are computed once in a picture.
struct Colours<'a> {
    scale: &'a ColourScale,
    palette: &'a Palette,
    small: Vec<Option<Pixel>>,
}

impl<'a> Colours<'a> {
    const SMALL: usize = 1_024;

    fn new(scale: &'a ColourScale, palette: &'a Palette) -> Self {
        let small = vec![None; Self::SMALL];
        Self {
            scale,
            palette,
            small,
        }
    }

    fn of(&mut self, value: u64) -> Pixel {
        let (scale, palette) = (self.scale, self.palette);
        let compute = || match value {
            0 => opaque(palette.empty),
            value => opaque(palette.at(scale.fraction(value))),
        };
        let kept = usize::try_from(value).ok();
        match kept.and_then(|value| self.small.get_mut(value)) {
            Some(kept) => *kept.get_or_insert_with(compute),
            None => compute(),
        }
    }
}

/// Pixel ranges that no column covers.
fn gaps(grid: &Grid, width: u32) -> Vec<(u32, u32)> {
    let mut free_from = 0;
    let mut gaps = Vec::new();
    for column in &grid.columns {
        if column.x0 > free_from {
            gaps.push((free_from, column.x0));
        }
        free_from = column.x1;
    }
    if free_from < width {
        gaps.push((free_from, width));
    }
    gaps
}

fn opaque([r, g, b]: Rgb) -> Pixel {
    [r, g, b, 255]
}

#[cfg(test)]
mod tests {
    use super::{hatch, raster};
    use crate::chart::colour::{ColourScale, Spread};
    use crate::chart::grid::{Grid, GridColumn};
    use crate::chart::layout::Layout;
    use crate::chart::layout::Size;
    use crate::chart::measure::Measure;
    use crate::chart::palette::{Hue, Palette, Rgb};
    use crate::chart::scale::RowScale;
    use crate::chart::strokes::Strokes;
    use runqlat_common::buckets::Unit;
    use runqlat_common::counts::{Counts, Waits};

    const LAYOUT: Layout = Layout {
        size: Size {
            width: 30.0,
            height: 30.0,
            ratio: 1.0,
        },
        left: 0,
        top: 0,
        width: 30,
        rows: RowScale {
            rows: 3,
            row_px: 5,
            unit: Unit::Us,
        },
    };

    fn column(x0: u32, x1: u32, counts: Vec<u64>) -> GridColumn {
        GridColumn {
            x0,
            x1,
            first_seq: 1,
            last_seq: 1,
            start_ms: 0.0,
            end_ms: 1.0,
            counts: Counts {
                woken: Waits { counts, sum_ns: 0 },
                preempted: Waits::default(),
            },
            measured_ms: 1.0,
        }
    }

    fn pixel(pixels: &[u8], x: usize, row: usize) -> Rgb {
        let at = (row * 30 + x) * 4;
        assert_eq!(pixels[at + 3], 255);
        [pixels[at], pixels[at + 1], pixels[at + 2]]
    }

    #[test]
    fn cells_have_the_colour_of_their_count_in_the_row_of_their_bucket() {
        let grid = Grid {
            columns: vec![column(10, 14, vec![0, 1, 10]), column(14, 20, vec![3])],
            ..Grid::default()
        };
        let scale = ColourScale::holding(Spread::Sqrt, 10);
        for dark in [true, false] {
            let palette = Palette::new(Hue::Inferno, dark);
            let pixels = raster(&grid, &LAYOUT, (Measure::Counts, &scale), &palette);
            assert_eq!(pixels.len(), 30 * 3 * 4);
            assert_eq!(pixel(&pixels, 10, 0), palette.at(1.0));
            assert_eq!(pixel(&pixels, 13, 1), palette.at(0.0));
            assert_eq!(pixel(&pixels, 12, 2), palette.empty);
            assert_eq!(pixel(&pixels, 14, 2), palette.at(scale.fraction(3)));
            assert_eq!(pixel(&pixels, 19, 0), palette.empty);
        }
    }

    #[test]
    fn missing_time_is_hatched_from_top_to_bottom() {
        let grid = Grid {
            columns: vec![column(10, 20, vec![1])],
            ..Grid::default()
        };
        let layout = Layout {
            left: 7,
            top: 2,
            ..LAYOUT
        };
        let palette = Palette::new(Hue::Inferno, true);
        let mut strokes = Strokes::new(2.0);
        hatch(&mut strokes, &grid, &layout, &palette);
        let mut expected = Strokes::new(2.0);
        expected.stripes(palette.missing, (16.0, 4.0), 9.0);
        expected.fill(7.0, 2.0, 10.0, 15.0);
        expected.fill(27.0, 2.0, 10.0, 15.0);
        assert_eq!(strokes, expected);
    }
}
