//! What lies over the map: marks, percentiles, the marked region and the cursor. A canvas of its own, so that moving the pointer
//! repaints no map, and the map's pixels are data and nothing else.

use super::bands::{Percentile, Step, steps};
use super::brush::{Brush, Rect};
use super::cursor::Target;
use super::frame::Frame;
use super::marks::Mark;
use super::palette::Palette;
use super::strokes::{Across, Strokes, Up};

/// Columns below this width, in CSS pixels, are too narrow for outlines that jump between them.
const NARROW: f64 = 4.0;

/// What lies over the map besides its marks.
pub struct Over<'a> {
    pub percentiles: &'a [Percentile],
    pub target: Option<Target>,
    pub brush: Option<Brush>,
}

/// Marks, percentiles, the marked region and the cursor.
pub fn overlay(frame: &Frame, palette: &Palette, over: &Over<'_>) -> Strokes {
    let mut strokes = Strokes::new(frame.layout.size.ratio);
    let to = &mut strokes;
    for mark in &frame.marks {
        mark_line(to, frame, palette, mark);
    }
    let mut labelled = Vec::new();
    for percentile in over.percentiles {
        let steps = steps(&frame.grid, *percentile);
        band(to, frame, palette, *percentile, &steps);
        if let Some(last) = steps.last() {
            labelled.push((*percentile, last.slot));
        }
    }
    band_labels(to, frame, palette, &labelled);
    if let Some(rect) = over.brush.and_then(|brush| brush.rect(frame)) {
        region(to, frame, palette, rect);
    }
    if let Some(Target::Cell { column, slot }) = over.target {
        cell_outline(to, frame, palette, column, slot);
    }
    strokes
}

/// The marked region: the rest is veiled.
fn region(to: &mut Strokes, frame: &Frame, palette: &Palette, rect: Rect) {
    let layout = &frame.layout;
    let (left, top) = (f64::from(layout.left), f64::from(layout.top));
    let (right, bottom) = (
        left + f64::from(layout.width),
        top + f64::from(layout.height()),
    );
    let Rect {
        left: x,
        top: y,
        width,
        height,
    } = rect;
    to.colour(palette.empty);
    to.alpha(0.45);
    to.fill(left, top, right - left, y - top);
    to.fill(left, y + height, right - left, bottom - y - height);
    to.fill(left, y, x - left, height);
    to.fill(x + width, y, right - x - width, height);
    to.alpha(1.0);
    outline(to, palette, rect);
}

fn outline(to: &mut Strokes, palette: &Palette, rect: Rect) {
    for (colour, line) in [(palette.halo, 4.0), (palette.line, 2.0)] {
        to.colour(colour);
        to.width(line);
        to.outline(rect.left, rect.top, rect.width, rect.height);
    }
}

/// A line between the columns before and after a change, down to its flag. Dashed, so that what
/// lies under it can be seen.
fn mark_line(to: &mut Strokes, frame: &Frame, palette: &Palette, mark: &Mark) {
    let layout = &frame.layout;
    let x = f64::from(layout.left + mark.px) + 0.5;
    to.begin();
    to.move_to(x, f64::from(layout.top));
    to.line_to(x, layout.marks_top() * to.ratio);
    to.dash(&[5.0, 3.0]);
    for (colour, width, alpha) in [(palette.halo, 3.0, 0.45), (palette.mark, 1.25, 1.0)] {
        to.colour(colour);
        to.width(width);
        to.alpha(alpha);
        to.stroke();
    }
    to.dash(&[]);
}

/// The outline of the ranges in which a percentile lies.
fn band(
    to: &mut Strokes,
    frame: &Frame,
    palette: &Palette,
    percentile: Percentile,
    steps: &[Step],
) {
    let layout = &frame.layout;
    let (left, top) = (f64::from(layout.left), f64::from(layout.top));
    to.begin();
    for edge in [0, layout.rows.row_px] {
        let mut before: Option<&Step> = None;
        for step in steps {
            let y = top + f64::from(layout.rows.pixel_from_slot(step.slot) + edge) + 0.5;
            let (x0, x1) = (left + f64::from(step.x0), left + f64::from(step.x1));
            match before {
                Some(before) if step.goes_on_from(before, NARROW * to.ratio) => {
                    to.line_to(x0, y);
                }
                _ => to.move_to(x0, y),
            }
            to.line_to(x1, y);
            before = Some(step);
        }
    }
    // A halo first, so that the line stands out from whatever lies under it.
    for (colour, width) in [(palette.halo, 3.0), (palette.line, 1.25)] {
        to.colour(colour);
        to.width(width);
        to.dash(if width > 2.0 { &[] } else { percentile.dash() });
        to.alpha(if width > 2.0 { 0.45 } else { 1.0 });
        to.stroke();
    }
    to.alpha(1.0);
    to.dash(&[]);
}

/// Names at the right end of the bands, one below the other where they would meet.
fn band_labels(to: &mut Strokes, frame: &Frame, palette: &Palette, bands: &[(Percentile, usize)]) {
    let layout = &frame.layout;
    let x = f64::from(layout.left + layout.width) + 5.0 * to.ratio;
    to.colour(palette.line);
    to.align(Across::Left, Up::Middle);
    let mut lowest_free = f64::from(layout.top + layout.height());
    // From the median upwards: a label moves up when the one below it is too near.
    for (percentile, slot) in bands {
        let row = f64::from(layout.top + layout.rows.pixel_from_slot(*slot));
        let middle = row + f64::from(layout.rows.row_px) / 2.0;
        let y = middle.min(lowest_free - 6.0 * to.ratio);
        to.text(percentile.name(), x, y);
        lowest_free = y - 6.0 * to.ratio;
    }
}

fn cell_outline(to: &mut Strokes, frame: &Frame, palette: &Palette, column: usize, slot: usize) {
    let Some(column) = frame.grid.columns.get(column) else {
        return;
    };
    let layout = &frame.layout;
    let left = f64::from(layout.left + column.x0);
    let width = f64::from(column.x1 - column.x0);
    let top = f64::from(layout.top);
    let row_top = top + f64::from(layout.rows.pixel_from_slot(slot));
    let row_height = f64::from(layout.rows.row_px);
    to.colour(palette.line);
    to.alpha(0.16);
    to.fill(left, top, width, f64::from(layout.height()));
    to.fill(
        f64::from(layout.left),
        row_top,
        f64::from(layout.width),
        row_height,
    );
    to.alpha(1.0);
    outline(
        to,
        palette,
        Rect {
            left,
            top: row_top,
            width,
            height: row_height,
        },
    );
}
