//! Axes and their labels, in device pixels of the canvas.

use super::pen::Pen;
use crate::chart::frame::Frame;
use crate::chart::marks::Mark;
use crate::chart::palette::Palette;
use crate::chart::ticks;

/// Space between time labels, in CSS pixels.
const TIME_LABEL_GAP: f64 = 78.0;

/// Length of a tick, in CSS pixels.
const TICK: f64 = 4.0;

/// Space between the middle of a time label and a mark, in CSS pixels.
const MARK_GAP: f64 = 28.0;

pub(super) fn latency(pen: &Pen<'_>, frame: &Frame, palette: &Palette) {
    let layout = &frame.layout;
    let (left, top) = (f64::from(layout.left), f64::from(layout.top));
    let px = pen.ratio.round().max(1.0);
    pen.context.set_text_align("right");
    pen.context.set_text_baseline("middle");
    for (us, label) in ticks::latencies(&layout.rows) {
        let y = top + layout.rows.pixel_from_micros(us);
        pen.colour(palette.frame);
        pen.fill(left - 5.0 * pen.ratio, y.round(), 4.0 * pen.ratio, px);
        pen.colour(palette.text);
        pen.text(label, left - 8.0 * pen.ratio, y);
    }
    pen.colour(palette.frame);
    pen.fill(left - px, top, px, f64::from(layout.height()));
}

/// Over what it was before: only below the plot, so that the other axis can stay.
pub(super) fn time(pen: &Pen<'_>, frame: &Frame, palette: &Palette, utc_offset_min: i32) {
    let layout = &frame.layout;
    let (left, bottom) = (
        f64::from(layout.left),
        f64::from(layout.top + layout.height()),
    );
    let px = pen.ratio.round().max(1.0);
    let width = f64::from(layout.width);
    let (all, below) = (layout.size.device(), bottom + TICK * pen.ratio);
    // Beside the ticks may be the end of the lowest latency's label.
    pen.clear(left, bottom, f64::from(all.0) - left, below - bottom);
    pen.clear(0.0, below, f64::from(all.0), f64::from(all.1) - below);
    let most = (width / pen.ratio / TIME_LABEL_GAP) as u32;
    pen.context.set_text_align("center");
    pen.context.set_text_baseline("top");
    for ms in ticks::times(frame.time.start_ms, frame.time.end_ms, most) {
        let x = left + frame.time.pixel_from_time(ms);
        pen.colour(palette.frame);
        pen.fill(x.round(), bottom, px, TICK * pen.ratio);
        // A mark's line goes down to its flag, not through a label.
        let apart = |mark: &Mark| (left + f64::from(mark.px) - x).abs() / pen.ratio;
        if frame.marks.iter().any(|mark| apart(mark) < MARK_GAP) {
            continue;
        }
        pen.colour(palette.text);
        let label = ticks::clock(ms, utc_offset_min);
        pen.text(&label, x, bottom + 7.0 * pen.ratio);
    }
    pen.colour(palette.frame);
    pen.fill(left - px, bottom, width + px, px);
}
