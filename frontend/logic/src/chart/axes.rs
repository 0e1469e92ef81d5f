//! What is drawn with the map's cells: stripes where there are none, the axes and their labels.

use super::frame::Frame;
use super::marks::Mark;
use super::palette::Palette;
use super::raster::hatch;
use super::strokes::{Across, Strokes, Up};
use super::ticks;

/// Space between time labels, in CSS pixels.
const TIME_LABEL_GAP: f64 = 78.0;

/// Length of a tick, in CSS pixels.
const TICK: f64 = 4.0;

/// Space between the middle of a time label and a mark, in CSS pixels.
const MARK_GAP: f64 = 28.0;

/// Missing time and both axes of a picture, with times as clocks tell them so many minutes ahead of UTC.
pub fn axes(frame: &Frame, palette: &Palette, utc_offset_min: i32) -> Strokes {
    let mut strokes = Strokes::new(frame.layout.size.ratio);
    hatch(&mut strokes, &frame.grid, &frame.layout, palette);
    latency(&mut strokes, frame, palette);
    time(&mut strokes, frame, palette, utc_offset_min);
    strokes
}

fn latency(to: &mut Strokes, frame: &Frame, palette: &Palette) {
    let layout = &frame.layout;
    let (left, top) = (f64::from(layout.left), f64::from(layout.top));
    let ratio = to.ratio;
    let px = ratio.round().max(1.0);
    to.align(Across::Right, Up::Middle);
    for (us, label) in ticks::latencies(&layout.rows) {
        let y = top + layout.rows.pixel_from_micros(us);
        to.colour(palette.frame);
        to.fill(left - 5.0 * ratio, y.round(), TICK * ratio, px);
        to.colour(palette.text);
        to.text(label, left - 8.0 * ratio, y);
    }
    to.colour(palette.frame);
    to.fill(left - px, top, px, f64::from(layout.height()));
}

fn time(to: &mut Strokes, frame: &Frame, palette: &Palette, utc_offset_min: i32) {
    let layout = &frame.layout;
    let left = f64::from(layout.left);
    let bottom = f64::from(layout.top + layout.height());
    let ratio = to.ratio;
    let px = ratio.round().max(1.0);
    let width = f64::from(layout.width);
    let most = (width / ratio / TIME_LABEL_GAP) as u32;
    to.align(Across::Center, Up::Top);
    for ms in ticks::times(frame.time.start_ms, frame.time.end_ms, most) {
        let x = left + frame.time.pixel_from_time(ms);
        to.colour(palette.frame);
        to.fill(x.round(), bottom, px, TICK * ratio);
        // A mark's line goes down to its flag, not through a label.
        let apart = |mark: &Mark| (left + f64::from(mark.px) - x).abs() / ratio;
        if frame.marks.iter().any(|mark| apart(mark) < MARK_GAP) {
            continue;
        }
        to.colour(palette.text);
        let label = ticks::clock_fine(ms, utc_offset_min);
        to.text(&label, x, bottom + 7.0 * ratio);
    }
    to.colour(palette.frame);
    to.fill(left - px, bottom, width + px, px);
}
