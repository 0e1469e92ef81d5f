//! The heatmap as pixels: a pure function of grid, rows, scale and palette. Knows no canvas.

use super::colour::ColourScale;
use super::grid::{Grid, GridColumn};
use super::layout::Layout;
use super::measure::Measure;
use super::palette::{Palette, Rgb};

/// Period and width of the stripes of missing time, in CSS pixels along x.
const HATCH_PERIOD: f64 = 8.0;
const HATCH_WIDTH: f64 = 2.0;

/// RGBA of the plot, row by row from the top: `layout.width * layout.height()` pixels.
pub fn raster(
    grid: &Grid,
    layout: &Layout,
    (measure, scale): (Measure, &ColourScale),
    palette: &Palette,
) -> Vec<u8> {
    let width = layout.width as usize;
    let line = width * 4;
    let mut pixels = Vec::with_capacity(line * layout.height() as usize);
    let mut row = vec![0; line];
    let totals: Vec<u64> = grid.columns.iter().map(|c| c.counts.total()).collect();
    let unit = layout.rows.unit;
    for slot in (0..layout.rows.rows).rev() {
        for (column, total) in grid.columns.iter().zip(&totals) {
            let value = measure.value(column.counts.at(slot), slot, *total, unit);
            fill(&mut row, column, value, scale, palette);
        }
        for _ in 0..layout.rows.row_px {
            pixels.extend_from_slice(&row);
        }
    }
    let ratio = layout.size.ratio;
    for (from, to) in gaps(grid, layout.width) {
        hatch(&mut pixels, line, (from, to), ratio, palette);
    }
    pixels
}

/// The pixels of one cell.
fn fill(row: &mut [u8], column: &GridColumn, value: u64, scale: &ColourScale, palette: &Palette) {
    let rgb = match value {
        0 => palette.empty,
        value => palette.at(scale.fraction(value)),
    };
    let span = column.x0 as usize * 4..column.x1 as usize * 4;
    for pixel in row[span].chunks_exact_mut(4) {
        put(pixel, rgb);
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

fn hatch(pixels: &mut [u8], line: usize, gap: (u32, u32), ratio: f64, palette: &Palette) {
    let period = ((HATCH_PERIOD * ratio).round() as usize).max(2);
    let stripe = ((HATCH_WIDTH * ratio).round() as usize).clamp(1, period - 1);
    let [ground, striped] = palette.missing;
    for (y, row) in pixels.chunks_exact_mut(line).enumerate() {
        let span = gap.0 as usize * 4..gap.1 as usize * 4;
        for (x, pixel) in row[span].chunks_exact_mut(4).enumerate() {
            // Stripes are anchored to the plot and not to the gap: they don't crawl as it moves.
            let phase = (x + gap.0 as usize + y) % period;
            put(pixel, if phase < stripe { striped } else { ground });
        }
    }
}

fn put(pixel: &mut [u8], [r, g, b]: Rgb) {
    pixel.copy_from_slice(&[r, g, b, 255]);
}

#[cfg(test)]
mod tests {
    use super::raster;
    use crate::chart::colour::{ColourScale, Spread};
    use crate::chart::grid::{Grid, GridColumn};
    use crate::chart::layout::Layout;
    use crate::chart::layout::Size;
    use crate::chart::measure::Measure;
    use crate::chart::palette::{Hue, Palette, Rgb};
    use crate::chart::scale::RowScale;
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

    fn pixel(pixels: &[u8], x: usize, y: usize) -> Rgb {
        let at = (y * 30 + x) * 4;
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
            assert_eq!(pixels.len(), 30 * 15 * 4);
            assert_eq!(pixel(&pixels, 10, 0), palette.at(1.0));
            assert_eq!(pixel(&pixels, 13, 9), palette.at(0.0));
            assert_eq!(pixel(&pixels, 12, 10), palette.empty);
            assert_eq!(pixel(&pixels, 14, 14), palette.at(scale.fraction(3)));
            assert_eq!(pixel(&pixels, 19, 0), palette.empty);
        }
    }

    #[test]
    fn missing_time_is_hatched_from_top_to_bottom() {
        let grid = Grid {
            columns: vec![column(10, 20, vec![1])],
            ..Grid::default()
        };
        let scale = ColourScale::holding(Spread::Sqrt, 10);
        let palette = Palette::new(Hue::Inferno, true);
        let pixels = raster(&grid, &LAYOUT, (Measure::Counts, &scale), &palette);
        for y in 0..15 {
            for x in (0..10).chain(20..30) {
                let is_stripe = (x + y) % 8 < 2;
                assert_eq!(
                    pixel(&pixels, x, y),
                    palette.missing[usize::from(is_stripe)]
                );
            }
        }
    }
}
