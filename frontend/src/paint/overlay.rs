//! What lies over the map: marks, percentiles, the marked region and the cursor. A canvas of its own, so that moving the pointer
//! repaints no map, and the map's pixels are data and nothing else.

use super::pen::Pen;
use super::prepare;
use crate::chart::bands::{Percentile, Step, steps};
use crate::chart::brush::{Brush, Rect};
use crate::chart::cursor::Target;
use crate::chart::frame::Frame;
use crate::chart::marks::Mark;
use crate::chart::palette::Palette;
use web_sys::HtmlCanvasElement;

/// Columns below this width, in CSS pixels, are too narrow for outlines that jump between them.
const NARROW: f64 = 4.0;

/// What lies over the map besides its marks.
pub(crate) struct Over<'a> {
    pub(crate) percentiles: &'a [Percentile],
    pub(crate) target: Option<Target>,
    pub(crate) brush: Option<Brush>,
}

/// Draws marks, percentiles, the marked region and the cursor over the map.
pub(crate) fn overlay(
    canvas: &HtmlCanvasElement,
    frame: &Frame,
    palette: &Palette,
    over: &Over<'_>,
) -> Option<()> {
    let context = prepare(canvas, frame)?;
    let pen = Pen::new(&context, frame);
    for mark in &frame.marks {
        mark_line(&pen, frame, palette, mark);
    }
    let mut labelled = Vec::new();
    for percentile in over.percentiles {
        let steps = steps(&frame.grid, *percentile);
        band(&pen, frame, palette, *percentile, &steps);
        if let Some(last) = steps.last() {
            labelled.push((*percentile, last.slot));
        }
    }
    band_labels(&pen, frame, palette, &labelled);
    if let Some(rect) = over.brush.and_then(|brush| brush.rect(frame)) {
        region(&pen, frame, palette, rect);
    }
    if let Some(Target::Cell { column, slot }) = over.target {
        cell_outline(&pen, frame, palette, column, slot);
    }
    Some(())
}

/// The marked region: the rest is veiled.
fn region(pen: &Pen<'_>, frame: &Frame, palette: &Palette, rect: Rect) {
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
    pen.colour(palette.empty);
    pen.context.set_global_alpha(0.45);
    pen.fill(left, top, right - left, y - top);
    pen.fill(left, y + height, right - left, bottom - y - height);
    pen.fill(left, y, x - left, height);
    pen.fill(x + width, y, right - x - width, height);
    pen.context.set_global_alpha(1.0);
    outline(pen, palette, rect);
}

fn outline(pen: &Pen<'_>, palette: &Palette, rect: Rect) {
    for (colour, line) in [(palette.halo, 4.0), (palette.line, 2.0)] {
        pen.colour(colour);
        pen.line_width(line);
        pen.context
            .stroke_rect(rect.left, rect.top, rect.width, rect.height);
    }
}

/// A line between the columns before and after a change, down to its flag. Dashed, so that what
/// lies under it can be seen.
fn mark_line(pen: &Pen<'_>, frame: &Frame, palette: &Palette, mark: &Mark) {
    let layout = &frame.layout;
    let x = f64::from(layout.left + mark.px) + 0.5;
    let context = pen.context;
    context.begin_path();
    context.move_to(x, f64::from(layout.top));
    context.line_to(x, layout.marks_top() * pen.ratio);
    pen.dash(&[5.0, 3.0]);
    for (colour, width, alpha) in [(palette.halo, 3.0, 0.45), (palette.mark, 1.25, 1.0)] {
        pen.colour(colour);
        pen.line_width(width);
        context.set_global_alpha(alpha);
        context.stroke();
    }
    pen.dash(&[]);
}

/// The outline of the ranges in which a percentile lies.
fn band(pen: &Pen<'_>, frame: &Frame, palette: &Palette, percentile: Percentile, steps: &[Step]) {
    let layout = &frame.layout;
    let (left, top) = (f64::from(layout.left), f64::from(layout.top));
    let context = pen.context;
    context.begin_path();
    for edge in [0, layout.rows.row_px] {
        let mut before: Option<&Step> = None;
        for step in steps {
            let y = top + f64::from(layout.rows.pixel_from_slot(step.slot) + edge) + 0.5;
            let (x0, x1) = (left + f64::from(step.x0), left + f64::from(step.x1));
            match before {
                Some(before) if step.goes_on_from(before, NARROW * pen.ratio) => {
                    context.line_to(x0, y);
                }
                _ => context.move_to(x0, y),
            }
            context.line_to(x1, y);
            before = Some(step);
        }
    }
    // A halo first, so that the line stands out from whatever lies under it.
    for (colour, width) in [(palette.halo, 3.0), (palette.line, 1.25)] {
        pen.colour(colour);
        pen.line_width(width);
        pen.dash(if width > 2.0 { &[] } else { percentile.dash() });
        context.set_global_alpha(if width > 2.0 { 0.45 } else { 1.0 });
        context.stroke();
    }
    context.set_global_alpha(1.0);
    pen.dash(&[]);
}

/// Names at the right end of the bands, one below the other where they would meet.
fn band_labels(pen: &Pen<'_>, frame: &Frame, palette: &Palette, bands: &[(Percentile, usize)]) {
    let layout = &frame.layout;
    let x = f64::from(layout.left + layout.width) + 5.0 * pen.ratio;
    pen.colour(palette.line);
    pen.context.set_text_align("left");
    pen.context.set_text_baseline("middle");
    let mut lowest_free = f64::from(layout.top + layout.height());
    // From the median upwards: a label moves up when the one below it is too near.
    for (percentile, slot) in bands {
        let row = f64::from(layout.top + layout.rows.pixel_from_slot(*slot));
        let middle = row + f64::from(layout.rows.row_px) / 2.0;
        let y = middle.min(lowest_free - 6.0 * pen.ratio);
        pen.text(percentile.name(), x, y);
        lowest_free = y - 6.0 * pen.ratio;
    }
}

fn cell_outline(pen: &Pen<'_>, frame: &Frame, palette: &Palette, column: usize, slot: usize) {
    let Some(column) = frame.grid.columns.get(column) else {
        return;
    };
    let layout = &frame.layout;
    let left = f64::from(layout.left + column.x0);
    let width = f64::from(column.x1 - column.x0);
    let top = f64::from(layout.top);
    let row_top = top + f64::from(layout.rows.pixel_from_slot(slot));
    let row_height = f64::from(layout.rows.row_px);
    pen.colour(palette.line);
    pen.context.set_global_alpha(0.16);
    pen.fill(left, top, width, f64::from(layout.height()));
    pen.fill(
        f64::from(layout.left),
        row_top,
        f64::from(layout.width),
        row_height,
    );
    pen.context.set_global_alpha(1.0);
    outline(
        pen,
        palette,
        Rect {
            left,
            top: row_top,
            width,
            height: row_height,
        },
    );
}
