//! The strips of series, on a canvas that is as high as they are together.

use super::context_of;
use crate::chart::palette::Palette;
use crate::chart::strip::{Layout, raster};
use crate::session::strip::{CELLS, Cell};
use runqlat_common::buckets::Unit;
use wasm_bindgen::Clamped;
use web_sys::{HtmlCanvasElement, ImageData};

/// Draws strips below each other over the whole canvas.
pub(crate) fn strips(
    canvas: &HtmlCanvasElement,
    strips: &[[Cell; CELLS]],
    layout: &Layout,
    unit: Unit,
    palette: &Palette,
) -> Option<()> {
    let height = layout.row_px * strips.len() as u32;
    if canvas.width() != layout.width || canvas.height() != height {
        canvas.set_width(layout.width);
        canvas.set_height(height);
    }
    let pixels = raster(strips, layout, unit, palette);
    // None without pixels, of which there is no image.
    let image = ImageData::new_with_u8_clamped_array(Clamped(&pixels), layout.width).ok()?;
    context_of(canvas)?.put_image_data(&image, 0.0, 0.0).ok()
}
