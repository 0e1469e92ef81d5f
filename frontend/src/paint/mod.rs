//! The one module that touches a canvas: has what `chart` computed painted on it, by `static/painter.js`.

use crate::chart::axes::axes;
use crate::chart::bars::Bars;
use crate::chart::example;
use crate::chart::frame::Frame;
use crate::chart::layout::Size;
use crate::chart::overlay::{Over, overlay as strokes_over};
use crate::chart::palette::Palette;
use crate::chart::raster::raster;
use crate::chart::strip;
use crate::chart::strokes::Strokes;
use crate::session::strip::{CELLS, Cell};
use runqlat_common::buckets::Unit;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

#[wasm_bindgen]
extern "C" {
    /// `static/canvases.js`. The numbers are those of [`Place`] and then of [`Strokes`].
    #[wasm_bindgen(js_name = paintCanvas)]
    fn paint(canvas: &HtmlCanvasElement, numbers: &[f64], pixels: Clamped<&[u8]>, words: &str);

    /// The same place: what a test from outside needs to find a cell. It names the numbers.
    #[wasm_bindgen(js_name = tellCanvas)]
    fn tell(canvas: &HtmlCanvasElement, numbers: &[f64], measure: &str, cause: &str);
}

/// Where pixels lie: the canvas's width and height, in device pixels, and how many of them are one of CSS; the left and
/// the top of the image, its width, and how many lines each of its own stands for.
type Place = [f64; 7];

/// Draws map and axes and leaves the picture's geometry in the canvas's `facts`.
pub(crate) fn map(
    canvas: &HtmlCanvasElement,
    frame: &Frame,
    palette: &Palette,
    utc_offset_min: i32,
) {
    let layout = &frame.layout;
    let pixels = raster(&frame.grid, layout, (frame.measure, &frame.scale), palette);
    let image = [layout.left, layout.top, layout.width, layout.rows.row_px].map(f64::from);
    let strokes = axes(frame, palette, utc_offset_min);
    draw(canvas, place(layout.size, image), &pixels, &strokes);
    let facts = facts(frame, palette);
    tell(canvas, &facts, frame.measure.name(), frame.cause.name());
}

/// Draws what lies over the map: on a canvas of its own, so that moving the pointer repaints no map, and the map's
/// pixels are data and nothing else.
pub(crate) fn overlay(
    canvas: &HtmlCanvasElement,
    frame: &Frame,
    palette: &Palette,
    over: &Over<'_>,
) {
    let strokes = strokes_over(frame, palette, over);
    let place = place(frame.layout.size, [0.0; 4]);
    draw(canvas, place, &[], &strokes);
}

/// Draws bars over the whole canvas, whose size this is.
pub(crate) fn bars(canvas: &HtmlCanvasElement, bars: &Bars, size: Size, palette: &Palette) {
    let strokes = bars.strokes(size, palette);
    draw(canvas, place(size, [0.0; 4]), &[], &strokes);
}

fn place(size: Size, [left, top, across, lines]: [f64; 4]) -> Place {
    let (width, height) = size.device();
    let (width, height) = (width.into(), height.into());
    [width, height, size.ratio, left, top, across, lines]
}

fn draw(canvas: &HtmlCanvasElement, place: Place, pixels: &[u8], strokes: &Strokes) {
    let numbers = [&place, strokes.numbers()].concat();
    paint(canvas, &numbers, Clamped(pixels), strokes.words());
}

/// Draws strips below each other over the whole canvas, which is as high as they are together.
pub(crate) fn strips(
    canvas: &HtmlCanvasElement,
    strips: &[[Cell; CELLS]],
    layout: &strip::Layout,
    unit: Unit,
    palette: &Palette,
) {
    let pixels = strip::raster(strips, layout, unit, palette);
    let (width, height) = (layout.width, layout.row_px * strips.len() as u32);
    let place = [width, height, 1, 0, 0, width, 1].map(f64::from);
    paint(canvas, &place, Clamped(&pixels), "");
}

/// Draws the ramp of the legend over the whole canvas.
pub(crate) fn ramp(canvas: &HtmlCanvasElement, palette: &Palette) -> Option<()> {
    const WIDTH: u32 = 256;
    let colours = (0..WIDTH).flat_map(|i| {
        let [r, g, b] = palette.at(f64::from(i) / f64::from(WIDTH - 1));
        [r, g, b, 255]
    });
    put(canvas, &colours.collect::<Vec<u8>>(), (WIDTH, 1))
}

/// Draws the example of a busy machine over the whole canvas.
pub(crate) fn example(canvas: &HtmlCanvasElement, palette: &Palette) -> Option<()> {
    put(canvas, &example::pixels(palette), example::SIZE)
}

/// Puts pixels that seldom change.
fn put(canvas: &HtmlCanvasElement, pixels: &[u8], (width, height): (u32, u32)) -> Option<()> {
    canvas.set_width(width);
    canvas.set_height(height);
    let context = canvas.get_context("2d").ok()??;
    let context: CanvasRenderingContext2d = context.dyn_into().ok()?;
    let image = ImageData::new_with_u8_clamped_array(Clamped(pixels), width).ok()?;
    context.put_image_data(&image, 0.0, 0.0).ok()
}

/// Where cells lie, in CSS pixels of the canvas, and of which time, in ms since 1970; in the order of `canvases.js`.
fn facts(frame: &Frame, palette: &Palette) -> [f64; 11] {
    let layout = &frame.layout;
    let [r, g, b] = palette.empty;
    [
        layout.css(layout.left),
        layout.css(layout.top),
        layout.css(layout.width),
        layout.css(layout.height()),
        layout.css(layout.rows.row_px),
        layout.rows.rows as f64,
        frame.time.start_ms,
        frame.time.end_ms,
        frame.newest_seq().unwrap_or(0) as f64,
        frame.scale.max as f64,
        u32::from_be_bytes([0, r, g, b]).into(),
    ]
}
