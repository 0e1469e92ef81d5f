//! Bars below each other, and where others would end: those of the histogram, and those that compare the list's rows.

use super::layout::Size;
use super::palette::Palette;
use super::strokes::Strokes;

/// Width of the shortest bar and of an end, in CSS pixels.
const LEAST: f64 = 2.0;

/// What is drawn in rows of one height, which fill a canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// By row from the top, as parts of the canvas's width; a row has no bar where it is 0.
    pub lengths: Vec<f64>,
    /// The same of where others would end. No row needs one.
    pub ends: Vec<f64>,
    /// The free part of a row above a bar, and below it. An end has none.
    pub inset: f64,
}

impl Bars {
    /// Bars and ends that stand out from every bar.
    pub fn strokes(&self, size: Size, palette: &Palette) -> Strokes {
        let mut strokes = Strokes::new(size.ratio);
        let (width, height) = size.device();
        let (width, row) = (
            f64::from(width),
            f64::from(height) / self.lengths.len().max(1) as f64,
        );
        let least = (LEAST * size.ratio).round().max(1.0);
        let across = |part: f64| (part.min(1.0) * width).round().max(least);
        // Whole pixels, so that the edges are sharp.
        let down = |from: f64, to: f64| {
            let [from, to] = [from, to].map(|at| (at * row).round());
            (from, (to - from).max(1.0))
        };
        strokes.colour(palette.bar);
        for (at, part) in some(&self.lengths) {
            let (top, height) = down(at + self.inset, at + 1.0 - self.inset);
            strokes.fill(0.0, top, across(part), height);
        }
        strokes.colour(palette.line);
        for (at, part) in some(&self.ends) {
            let (top, height) = down(at, at + 1.0);
            strokes.fill(across(part) - least, top, least, height);
        }
        strokes
    }
}

/// The rows that have one.
fn some(parts: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    let rows = parts.iter().enumerate();
    rows.filter(|(_, part)| **part > 0.0)
        .map(|(row, part)| (row as f64, *part))
}

#[cfg(test)]
mod tests {
    use super::Bars;
    use crate::chart::layout::Size;
    use crate::chart::palette::{Hue, Palette};

    /// The rectangles: left, top, width and height.
    fn drawn(lengths: &[f64], ends: &[f64], inset: f64, ratio: f64) -> Vec<[f64; 4]> {
        let size = Size {
            width: 100.0,
            height: 10.0 * lengths.len() as f64,
            ratio,
        };
        let bars = Bars {
            lengths: lengths.to_vec(),
            ends: ends.to_vec(),
            inset,
        };
        let palette = Palette::new(Hue::Inferno, true);
        let strokes = bars.strokes(size, &palette);
        // Two colours of two numbers each, and five numbers a rectangle.
        let numbers = strokes.numbers();
        let bars = lengths.iter().filter(|part| **part > 0.0).count();
        let (bars, ends) = numbers.split_at(2 + 5 * bars);
        let rectangles = bars[2..].chunks_exact(5).chain(ends[2..].chunks_exact(5));
        rectangles
            .map(|numbers| numbers[1..].try_into().expect("four"))
            .collect()
    }

    #[test]
    fn each_row_has_its_bar_and_none_where_there_is_nothing() {
        let expected = [
            [0.0, 1.0, 50.0, 8.0],
            [0.0, 21.0, 100.0, 8.0],
            [0.0, 31.0, 100.0, 8.0],
            [0.0, 41.0, 2.0, 8.0],
        ];
        assert_eq!(drawn(&[0.5, 0.0, 1.0, 7.0, 1e-9], &[], 0.1, 1.0), expected);
    }

    #[test]
    fn an_end_is_a_line_across_its_row() {
        let expected = [
            [0.0, 3.0, 80.0, 14.0],
            [76.0, 0.0, 4.0, 20.0],
            [0.0, 20.0, 4.0, 20.0],
        ];
        let found = drawn(&[0.4, 0.0], &[0.4, 0.001], 0.15, 2.0);
        assert_eq!(found, expected);
    }

    #[test]
    fn without_rows_and_without_room_there_is_nothing() {
        assert!(drawn(&[], &[], 0.1, 1.0).is_empty());
        let bars = Bars {
            lengths: vec![1.0],
            ends: Vec::new(),
            inset: 0.1,
        };
        let palette = Palette::new(Hue::Inferno, true);
        let strokes = bars.strokes(Size::default(), &palette);
        assert!(strokes.numbers().iter().all(|number| number.is_finite()));
    }
}
