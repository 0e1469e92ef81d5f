//! Series' recent past as strips of pixels: a bar an interval, whose height and colour say how long the
//! longest wait was. The scale is the same for all series and all times, so that strips can be compared.

use super::palette::{Palette, Rgb};
use crate::session::strip::{CELLS, Cell};
use runqlat_common::buckets::Unit;

/// Period of the stripes of unknown time, in CSS pixels along x.
const HATCH_PERIOD: f64 = 6.0;

/// The sizes of strips that stand below each other, in device pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    pub width: u32,
    /// From one strip to the next.
    pub row_px: u32,
    /// Free above the highest bar, and below the base line.
    pub margin_px: u32,
    /// Device pixels in a CSS pixel.
    pub ratio: f64,
}

impl Layout {
    /// For strips of these CSS pixels.
    pub fn new(width: f64, row: f64, ratio: f64) -> Self {
        let px = |css: f64| (css * ratio).round().max(0.0) as u32;
        Self {
            width: px(width),
            row_px: px(row),
            margin_px: px(3.0).min(px(row) / 4),
            ratio,
        }
    }

    /// First pixel of a cell.
    fn left(&self, cell: usize) -> usize {
        self.width as usize * cell / CELLS
    }
}

/// The bucket that has the last colour and the greatest height: a second, or in milliseconds 8.
pub fn top_slot(unit: Unit) -> u8 {
    match unit {
        Unit::Us => 20,
        Unit::Ms => 13,
    }
}

/// RGBA of strips below each other, clear where there is nothing: `layout.width` pixels wide, and
/// `layout.row_px` high for each.
pub fn raster(strips: &[[Cell; CELLS]], layout: &Layout, unit: Unit, palette: &Palette) -> Vec<u8> {
    let line = layout.width as usize * 4;
    let mut pixels = vec![0; line * layout.row_px as usize * strips.len()];
    if pixels.is_empty() {
        return pixels;
    }
    let rows = pixels.chunks_exact_mut(line * layout.row_px as usize);
    for (row, strip) in rows.zip(strips) {
        for (at, cell) in strip.iter().enumerate() {
            let across = layout.left(at)..layout.left(at + 1);
            match cell {
                Cell::Unknown => hatch(row, layout, across, palette),
                Cell::Quiet => bar(row, layout, across, (0, palette.frame), palette),
                Cell::Longest(slot) => {
                    let part = f64::from(*slot) / f64::from(top_slot(unit));
                    let looks = (height(layout, part), palette.at(part));
                    bar(row, layout, across, looks, palette);
                }
            }
        }
    }
    pixels
}

/// At least one pixel, and no more than there is room for.
fn height(layout: &Layout, part: f64) -> usize {
    let room = layout.row_px.saturating_sub(2 * layout.margin_px).max(1);
    let px = (part.min(1.0) * f64::from(room - 1)).round() as usize;
    px + 1
}

type Across = std::ops::Range<usize>;

/// A bar on the base line.
fn bar(row: &mut [u8], layout: &Layout, across: Across, looks: (usize, Rgb), palette: &Palette) {
    let (height, rgb) = looks;
    let base = base(layout);
    for y in base.saturating_sub(height)..base {
        paint(row, layout, across.clone(), y, rgb);
    }
    paint(row, layout, across, base, palette.frame);
}

/// The row of pixels of the base line.
fn base(layout: &Layout) -> usize {
    layout.row_px.saturating_sub(layout.margin_px + 1) as usize
}

fn paint(row: &mut [u8], layout: &Layout, across: Across, y: usize, [r, g, b]: Rgb) {
    let line = y * layout.width as usize;
    let span = (line + across.start) * 4..(line + across.end) * 4;
    for pixel in row[span].chunks_exact_mut(4) {
        pixel.copy_from_slice(&[r, g, b, 255]);
    }
}

/// Stripes for what is not known.
fn hatch(row: &mut [u8], layout: &Layout, across: Across, palette: &Palette) {
    let period = ((HATCH_PERIOD * layout.ratio).round() as usize).max(2);
    for y in layout.margin_px as usize..base(layout) {
        for x in across.clone() {
            if (x + y) % period == 0 {
                paint(row, layout, x..x + 1, y, palette.missing[1]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Layout, raster};
    use crate::chart::palette::{Hue, Palette};
    use crate::session::strip::{CELLS, Cell};
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use runqlat_common::buckets::Unit;

    fn pixel(pixels: &[u8], width: usize, x: usize, y: usize) -> [u8; 4] {
        let at = (y * width + x) * 4;
        [pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]]
    }

    #[test]
    fn longer_waits_are_higher_and_nearer_to_the_scales_end() {
        let palette = Palette::new(Hue::Inferno, true);
        let layout = Layout::new(120.0, 24.0, 1.0);
        let mut strip = [Cell::Quiet; CELLS];
        strip[0] = Cell::Unknown;
        for (at, slot) in [(1, 0), (2, 10), (3, 20), (4, 35)] {
            strip[at] = Cell::Longest(slot);
        }
        let pixels = raster(&[[Cell::Quiet; CELLS], strip], &layout, Unit::Us, &palette);
        assert_eq!(pixels.len(), 120 * 48 * 4);
        let height = |x: usize| {
            let above = 24..24 + 20;
            above
                .filter(|y| pixel(&pixels, 120, x, *y)[3] == 255)
                .count()
        };
        assert_eq!([1, 2, 3, 4, 5].map(height), [1, 10, 18, 18, 0]);
        let [r, g, b] = palette.at(0.5);
        assert_eq!(pixel(&pixels, 120, 2, 43), [r, g, b, 255]);
        let [r, g, b] = palette.frame;
        for x in 1..120 {
            assert_eq!(pixel(&pixels, 120, x, 44), [r, g, b, 255], "the base line");
            assert_eq!(
                pixel(&pixels, 120, x, 10),
                [0; 4],
                "a quiet series is clear"
            );
        }
        // Unknown is no base line and no bar.
        assert_eq!(pixel(&pixels, 120, 0, 44), [0; 4]);
        assert!(height(0) > 0);
    }

    proptest! {
        #[test]
        fn every_size_has_its_pixels(
            width in 0.0..700.0_f64, row in 0.0..80.0_f64, ratio in 0.5..4.0_f64, slot in 0..36_u8, n in 0..4_usize,
        ) {
            let palette = Palette::new(Hue::Viridis, false);
            let layout = Layout::new(width, row, ratio);
            let mut strip = [Cell::Longest(slot); CELLS];
            strip[0] = Cell::Unknown;
            let pixels = raster(&vec![strip; n], &layout, Unit::Ms, &palette);
            prop_assert_eq!(pixels.len(), (layout.width * layout.row_px) as usize * n * 4);
            if width * ratio > 240.0 && row * ratio > 4.0 && n > 0 {
                prop_assert!(pixels.chunks_exact(4).any(|pixel| pixel[3] == 255));
            }
        }
    }
}
