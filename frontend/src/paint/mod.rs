//! The one module that touches a canvas: puts what `chart` computed on it, axes included.

mod axes;
mod overlay;
mod pen;
mod strips;

pub(crate) use overlay::{Over, overlay};
pub(crate) use strips::strips;

use crate::chart::example;
use crate::chart::frame::Frame;
use crate::chart::palette::Palette;
use crate::chart::raster::raster;
use pen::Pen;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// Draws map and axes and leaves the picture's geometry in the canvas's data attributes.
pub(crate) fn heatmap(
    canvas: &HtmlCanvasElement,
    frame: &Frame,
    palette: &Palette,
    utc_offset_min: i32,
) -> Option<()> {
    let context = prepare(canvas, frame)?;
    let layout = &frame.layout;
    let pixels = raster(&frame.grid, layout, (frame.measure, &frame.scale), palette);
    let image = ImageData::new_with_u8_clamped_array(Clamped(&pixels), layout.width).ok()?;
    let (left, top) = (f64::from(layout.left), f64::from(layout.top));
    context.put_image_data(&image, left, top).ok()?;
    let pen = Pen::new(&context, frame);
    axes::latency(&pen, frame, palette);
    axes::time(&pen, frame, palette, utc_offset_min);
    describe(canvas, frame, palette);
    Some(())
}

/// Draws the ramp of the legend over the whole canvas.
pub(crate) fn ramp(canvas: &HtmlCanvasElement, palette: &Palette) -> Option<()> {
    const WIDTH: u32 = 256;
    canvas.set_width(WIDTH);
    canvas.set_height(1);
    let colours = (0..WIDTH).flat_map(|i| {
        let [r, g, b] = palette.at(f64::from(i) / f64::from(WIDTH - 1));
        [r, g, b, 255]
    });
    let pixels: Vec<u8> = colours.collect();
    let image = ImageData::new_with_u8_clamped_array(Clamped(&pixels), WIDTH).ok()?;
    context_of(canvas)?.put_image_data(&image, 0.0, 0.0).ok()
}

/// Draws the example of a busy machine over the whole canvas.
pub(crate) fn example(canvas: &HtmlCanvasElement, palette: &Palette) -> Option<()> {
    let (width, height) = example::SIZE;
    canvas.set_width(width);
    canvas.set_height(height);
    let pixels = example::pixels(palette);
    let image = ImageData::new_with_u8_clamped_array(Clamped(&pixels), width).ok()?;
    context_of(canvas)?.put_image_data(&image, 0.0, 0.0).ok()
}

fn context_of(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    let context = canvas.get_context("2d").ok()??;
    context.dyn_into().ok()
}

/// Fits the canvas's pixels to the layout and clears it.
fn prepare(canvas: &HtmlCanvasElement, frame: &Frame) -> Option<CanvasRenderingContext2d> {
    let (width, height) = frame.layout.size.device();
    let context = context_of(canvas)?;
    if canvas.width() != width || canvas.height() != height {
        canvas.set_width(width);
        canvas.set_height(height);
        // Lasts until the next change of size. Set with every picture it took half of the time.
        context.set_font(&pen::font(frame.layout.size.ratio));
    }
    context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
    Some(context)
}

/// What a test from outside needs to find a cell: CSS pixels of the canvas, ms since 1970.
fn describe(canvas: &HtmlCanvasElement, frame: &Frame, palette: &Palette) {
    let layout = &frame.layout;
    let [r, g, b] = palette.empty;
    let facts = [
        ("plot-left", layout.css(layout.left).to_string()),
        ("plot-top", layout.css(layout.top).to_string()),
        ("plot-width", layout.css(layout.width).to_string()),
        ("plot-height", layout.css(layout.height()).to_string()),
        ("row-height", layout.css(layout.rows.row_px).to_string()),
        ("rows", layout.rows.rows.to_string()),
        ("min-slot", "0".to_owned()),
        ("start-ms", frame.time.start_ms.to_string()),
        ("end-ms", frame.time.end_ms.to_string()),
        ("seq", frame.newest_seq().unwrap_or(0).to_string()),
        ("scale-max", frame.scale.max.to_string()),
        ("measure", frame.measure.name().to_owned()),
        ("cause", frame.cause.name().to_owned()),
        ("empty-rgb", format!("{r},{g},{b}")),
    ];
    for (name, value) in facts {
        let _valid_name = canvas.set_attribute(&format!("data-{name}"), &value);
    }
}
