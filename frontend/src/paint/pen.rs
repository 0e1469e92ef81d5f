//! A canvas's context with the few strokes that the page needs.

use crate::chart::frame::Frame;
use crate::chart::palette::Rgb;
use wasm_bindgen::JsValue;
use web_sys::CanvasRenderingContext2d;

/// The one font of both canvases, for that many device pixels in a CSS pixel. The families are those
/// of the style sheet.
pub(super) fn font(ratio: f64) -> String {
    let px = 11.0 * ratio;
    format!("{px:.1}px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif")
}

/// Draws in CSS pixels on a canvas of device pixels.
pub(super) struct Pen<'a> {
    pub(super) context: &'a CanvasRenderingContext2d,
    /// Device pixels in a CSS pixel.
    pub(super) ratio: f64,
}

impl<'a> Pen<'a> {
    pub(super) fn new(context: &'a CanvasRenderingContext2d, frame: &Frame) -> Self {
        let ratio = frame.layout.size.ratio;
        Self { context, ratio }
    }

    pub(super) fn colour(&self, rgb: Rgb) {
        let colour = css(rgb);
        self.context.set_fill_style_str(&colour);
        self.context.set_stroke_style_str(&colour);
    }

    pub(super) fn line_width(&self, width: f64) {
        self.context.set_line_width(width * self.ratio);
    }

    pub(super) fn dash(&self, dash: &[f64]) {
        let pattern = js_sys::Array::new();
        for length in dash {
            pattern.push(&JsValue::from_f64(length * self.ratio));
        }
        let _finite = self.context.set_line_dash(&pattern);
    }

    pub(super) fn text(&self, text: &str, x: f64, y: f64) {
        let _finite = self.context.fill_text(text, x, y);
    }

    /// Empties a rectangle in device pixels.
    pub(super) fn clear(&self, x: f64, y: f64, width: f64, height: f64) {
        self.context.clear_rect(x, y, width, height);
    }

    /// A rectangle in device pixels.
    pub(super) fn fill(&self, x: f64, y: f64, width: f64, height: f64) {
        self.context.fill_rect(x, y, width, height);
    }
}

fn css([r, g, b]: Rgb) -> String {
    format!("rgb({r},{g},{b})")
}
