//! What is drawn besides pixels, lines and labels, as a list: so it is data, which the host's tests read and which can
//! be sent to where it is painted.
//!
//! The list is one of numbers: a stroke's kind and then what it needs; `static/painter.js` reads the same. Words stand
//! apart, in the order in which they are written.

use super::palette::Rgb;

/// A kind of stroke, with the numbers that follow it. All are in device pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// 0xrrggbb, of all that follows.
    Colour,
    /// From 0 to 1, of all that follows.
    Alpha,
    /// Left, top, width and height of a full rectangle.
    Fill,
    /// The same of an outline.
    Outline,
    /// Where the next of the words stands.
    Text,
    /// How words stand about their place: across and up, each an index of what the painter knows.
    Align,
    /// A line's.
    Width,
    /// Of a line: how many lengths, and they.
    Dash,
    /// A new line begins.
    Begin,
    /// To a place, without drawing.
    Move,
    /// To a place.
    Line,
    /// Draws the line.
    Stroke,
    /// Stripes in place of a colour, for the rectangles that follow: two colours as above, the length after which they
    /// repeat, the length of it that has the second colour, and where that begins.
    Stripes,
}

/// How words stand about the place that they are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Across {
    Left,
    Center,
    Right,
}

/// The same, up and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Up {
    Top,
    Middle,
}

/// A list of strokes.
#[derive(Clone, Debug, PartialEq)]
pub struct Strokes {
    /// Device pixels in a CSS pixel.
    pub ratio: f64,
    numbers: Vec<f64>,
    /// A line for each.
    words: String,
}

impl Strokes {
    pub fn new(ratio: f64) -> Self {
        Self {
            ratio,
            numbers: Vec::new(),
            words: String::new(),
        }
    }

    /// Kinds and what they need.
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// What is written, each in a line of its own.
    pub fn words(&self) -> &str {
        &self.words
    }

    fn put(&mut self, kind: Kind, numbers: &[f64]) {
        self.numbers.push(f64::from(kind as u8));
        self.numbers.extend_from_slice(numbers);
    }

    pub fn colour(&mut self, colour: Rgb) {
        self.put(Kind::Colour, &[number(colour)]);
    }

    /// Stripes from lower left to upper right for the rectangles that follow, in device pixels: a pixel whose x and y, less
    /// `shift`, are below `stripe` modulo `period` has the second colour.
    pub fn stripes(&mut self, colours: [Rgb; 2], (period, stripe): (f64, f64), shift: f64) {
        let [ground, striped] = colours.map(number);
        self.put(Kind::Stripes, &[ground, striped, period, stripe, shift]);
    }

    pub fn alpha(&mut self, alpha: f64) {
        self.put(Kind::Alpha, &[alpha]);
    }

    /// A full rectangle.
    pub fn fill(&mut self, left: f64, top: f64, width: f64, height: f64) {
        self.put(Kind::Fill, &[left, top, width, height]);
    }

    /// A rectangle's outline.
    pub fn outline(&mut self, left: f64, top: f64, width: f64, height: f64) {
        self.put(Kind::Outline, &[left, top, width, height]);
    }

    pub fn align(&mut self, across: Across, up: Up) {
        self.put(Kind::Align, &[f64::from(across as u8), f64::from(up as u8)]);
    }

    pub fn text(&mut self, text: &str, x: f64, y: f64) {
        self.put(Kind::Text, &[x, y]);
        self.words.push_str(text);
        self.words.push('\n');
    }

    /// A line's width, in CSS pixels.
    pub fn width(&mut self, width: f64) {
        self.put(Kind::Width, &[width * self.ratio]);
    }

    /// A line's dashes and the gaps between them, in CSS pixels; none for a line without.
    pub fn dash(&mut self, dash: &[f64]) {
        self.put(Kind::Dash, &[dash.len() as f64]);
        let ratio = self.ratio;
        self.numbers
            .extend(dash.iter().map(|length| length * ratio));
    }

    pub fn begin(&mut self) {
        self.put(Kind::Begin, &[]);
    }

    pub fn move_to(&mut self, x: f64, y: f64) {
        self.put(Kind::Move, &[x, y]);
    }

    pub fn line_to(&mut self, x: f64, y: f64) {
        self.put(Kind::Line, &[x, y]);
    }

    pub fn stroke(&mut self) {
        self.put(Kind::Stroke, &[]);
    }
}

/// 0xrrggbb.
fn number([r, g, b]: Rgb) -> f64 {
    u32::from_be_bytes([0, r, g, b]).into()
}

#[cfg(test)]
mod tests {
    use super::super::axes::axes;
    use super::super::bands::Percentile;
    use super::super::brush::Brush;
    use super::super::frame::{Frame, Request, request_for_tests};
    use super::super::grid::Slice;
    use super::super::overlay::{Over, overlay};
    use super::super::palette::{Hue, Palette};
    use super::{Kind, Strokes};
    use runqlat_common::buckets::Unit;
    use runqlat_common::counts::{Counts, Waits};

    /// Takes a list apart as the painter does; all numbers must be used up.
    fn kinds(strokes: &Strokes) -> Vec<(u8, Vec<f64>)> {
        let mut numbers = strokes.numbers().iter().copied();
        let mut found = Vec::new();
        while let Some(kind) = numbers.next() {
            let kind = kind as u8;
            let needs = match kind {
                0 | 1 | 6 => 1,
                2 | 3 => 4,
                4 | 5 | 9 | 10 => 2,
                7 => numbers.next().expect("how many lengths") as usize,
                8 | 11 => 0,
                12 => 5,
                kind => panic!("{kind} is no stroke"),
            };
            let its: Vec<_> = numbers.by_ref().take(needs).collect();
            assert_eq!(its.len(), needs, "cut off");
            assert!(its.iter().all(|number| number.is_finite()), "{its:?}");
            found.push((kind, its));
        }
        found
    }

    fn palette() -> Palette {
        Palette::new(Hue::default(), false)
    }

    fn frame() -> Frame {
        let counts = Counts {
            woken: Waits {
                counts: vec![4, 0, 2, 1],
                sum_ns: 9_000,
            },
            preempted: Waits::default(),
        };
        let slices = (0..9).map(|at| Slice {
            seq: at + 1,
            start_ms: at as f64 * 1_000.0,
            end_ms: (at + 1) as f64 * 1_000.0,
            interval_ms: 1_000.0,
            counts: Ok(&counts),
        });
        Frame::new(slices, Vec::new(), &request_for_tests(Unit::Us), None).expect("room")
    }

    #[test]
    fn every_word_has_its_place_and_every_place_its_word() {
        let strokes = axes(&frame(), &palette(), 60);
        let texts = kinds(&strokes)
            .iter()
            .filter(|(kind, _)| *kind == Kind::Text as u8)
            .count();
        assert!(texts > 4, "{texts}");
        assert_eq!(strokes.words().lines().count(), texts);
        assert!(
            strokes
                .words()
                .lines()
                .any(|label| label == "1 ms" || label == "1 µs")
        );
        assert!(
            strokes
                .words()
                .lines()
                .any(|label| label.starts_with("01:00:0"))
        );
    }

    #[test]
    fn no_two_times_have_one_label() {
        for window_ms in [600.0, 2_000.0, 10_000.0] {
            let request = Request {
                window_ms,
                ..request_for_tests(Unit::Us)
            };
            let frame = Frame::new([].into_iter(), Vec::new(), &request, None).expect("room");
            let strokes = axes(&frame, &palette(), 0);
            let mut labels: Vec<_> = strokes
                .words()
                .lines()
                .filter(|l| l.contains(':'))
                .collect();
            let all = labels.len();
            labels.dedup();
            assert!(all > 1 && labels.len() == all, "{labels:?}");
        }
    }

    #[test]
    fn what_lies_over_the_map_leaves_no_veil_and_no_dashes_behind() {
        let frame = frame();
        let all = Over {
            percentiles: &Percentile::ALL,
            target: None,
            brush: Some(Brush {
                from_ms: 2_000.0,
                to_ms: 4_000.0,
                from_slot: 0,
                to_slot: 2,
            }),
        };
        let strokes = kinds(&overlay(&frame, &palette(), &all));
        let last = |kind: Kind| {
            let mut all = strokes.iter().rev();
            all.find(|(found, _)| *found == kind as u8)
                .expect("one")
                .1
                .clone()
        };
        assert_eq!(last(Kind::Alpha), [1.0]);
        assert!(last(Kind::Dash).is_empty());
    }
}
