//! The heatmap as a pure function of state: scales, ticks, colours, columns, pixels, hit-testing.
//! Must not know canvas, browser or Leptos; `paint` has what is computed here put on a canvas.

pub mod axes;
pub mod bands;
pub mod bars;
pub mod brush;
pub mod colour;
pub mod cursor;
pub mod example;
pub mod frame;
pub mod gesture;
pub mod grid;
pub mod layout;
pub mod marks;
pub mod measure;
pub mod overlay;
pub mod palette;
pub mod raster;
pub mod scale;
pub mod strip;
pub mod strokes;
pub mod ticks;
pub mod view;
