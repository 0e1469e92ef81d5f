//! The one module that touches a canvas: puts what `chart` computed on it, axes included.

mod axes;
mod overlay;
mod pen;
mod strips;

pub(crate) use overlay::{Over, overlay};
pub(crate) use strips::strips;

use crate::chart::example;
use crate::chart::frame::Frame;
use crate::chart::layout::Layout;
use crate::chart::palette::Palette;
use crate::chart::raster::raster;
use pen::Pen;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// The map's canvas and what is on it, so that what has not changed is not drawn again.
#[derive(Default)]
pub(crate) struct Map {
    /// The layout and the colours that the latency axis was drawn with.
    axis: Option<(Layout, Palette)>,
    /// The values of the data attributes.
    facts: Vec<String>,
}

impl Map {
    /// Draws map and axes and leaves the picture's geometry in the canvas's data attributes.
    pub(crate) fn paint(
        &mut self,
        canvas: &HtmlCanvasElement,
        frame: &Frame,
        palette: &Palette,
        utc_offset_min: i32,
    ) -> Option<()> {
        let context = context_of(canvas)?;
        let layout = &frame.layout;
        let pen = Pen::new(&context, frame);
        let axis = (*layout, palette.clone());
        let is_fresh = fit(canvas, &context, frame);
        if is_fresh || self.axis.as_ref() != Some(&axis) {
            clear(canvas, &context);
            axes::latency(&pen, frame, palette);
            self.axis = Some(axis);
        }
        let pixels = raster(&frame.grid, layout, (frame.measure, &frame.scale), palette);
        let image = ImageData::new_with_u8_clamped_array(Clamped(&pixels), layout.width).ok()?;
        let (left, top) = (f64::from(layout.left), f64::from(layout.top));
        context.put_image_data(&image, left, top).ok()?;
        axes::time(&pen, frame, palette, utc_offset_min);
        self.describe(canvas, frame, palette);
        Some(())
    }

    /// What a test from outside needs to find a cell: CSS pixels of the canvas, ms since 1970.
    fn describe(&mut self, canvas: &HtmlCanvasElement, frame: &Frame, palette: &Palette) {
        let facts = facts(frame, palette);
        self.facts.resize(facts.len(), String::new());
        for ((name, value), before) in facts.into_iter().zip(&mut self.facts) {
            if *before != value {
                let _valid_name = canvas.set_attribute(name, &value);
                *before = value;
            }
        }
    }
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
    let context = context_of(canvas)?;
    fit(canvas, &context, frame);
    clear(canvas, &context);
    Some(context)
}

/// Fits the canvas's pixels to the layout; whether that emptied it.
fn fit(canvas: &HtmlCanvasElement, context: &CanvasRenderingContext2d, frame: &Frame) -> bool {
    let (width, height) = frame.layout.size.device();
    let is_other = canvas.width() != width || canvas.height() != height;
    if is_other {
        canvas.set_width(width);
        canvas.set_height(height);
        // Lasts until the next change of size. Set with every picture it took half of the time.
        context.set_font(&pen::font(frame.layout.size.ratio));
    }
    is_other
}

fn clear(canvas: &HtmlCanvasElement, context: &CanvasRenderingContext2d) {
    let (width, height) = (canvas.width(), canvas.height());
    context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
}

/// Attributes with their values.
fn facts(frame: &Frame, palette: &Palette) -> [(&'static str, String); 14] {
    let layout = &frame.layout;
    let [r, g, b] = palette.empty;
    [
        ("data-plot-left", layout.css(layout.left).to_string()),
        ("data-plot-top", layout.css(layout.top).to_string()),
        ("data-plot-width", layout.css(layout.width).to_string()),
        ("data-plot-height", layout.css(layout.height()).to_string()),
        (
            "data-row-height",
            layout.css(layout.rows.row_px).to_string(),
        ),
        ("data-rows", layout.rows.rows.to_string()),
        ("data-min-slot", "0".to_owned()),
        ("data-start-ms", frame.time.start_ms.to_string()),
        ("data-end-ms", frame.time.end_ms.to_string()),
        ("data-seq", frame.newest_seq().unwrap_or(0).to_string()),
        ("data-scale-max", frame.scale.max.to_string()),
        ("data-measure", frame.measure.name().to_owned()),
        ("data-cause", frame.cause.name().to_owned()),
        ("data-empty-rgb", format!("{r},{g},{b}")),
    ]
}
