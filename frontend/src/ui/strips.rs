//! Painting series' recent past: a strip in each row of the list. The large ones are in `multiples`.

use super::boxed::effect;
use super::rows::ROW_PX;
use super::state::App;
use super::theme::Look;
use crate::chart::strip::Layout;
use crate::paint;
use crate::table::Row;
use leptos::html::Canvas;
use leptos::prelude::*;

/// Width of the strip in a row, in CSS pixels, as in the style sheet.
const WIDTH: f64 = 120.0;

/// The strips of the rows in view, on one canvas over their column: one image is painted in the time of
/// one row's canvas.
pub(super) fn paint_rows(app: App, canvas: NodeRef<Canvas>) {
    paint_when_new(app, false, move |look| {
        let (canvas, listing) = (canvas.get()?, app.listing.get());
        let layout = Layout::new(WIDTH, ROW_PX as f64, app.size.get().ratio);
        let rows: Vec<_> = listing.in_window().collect();
        paint(app, look, &canvas, &rows, &layout);
        Some(())
    });
}

/// Paints with every update of what is listed and of its colours, while the list is shown as strips or while it is
/// not.
pub(super) fn paint_when_new(
    app: App,
    as_strips: bool,
    paint: impl Fn(Look) -> Option<()> + 'static,
) {
    let look = expect_context::<Look>();
    let is_seen = move || app.seen.get() && app.as_strips.get() == as_strips;
    effect(move || is_seen().then(|| paint(look)));
}

/// Paints the strips of series below each other.
pub(super) fn paint(
    app: App,
    look: Look,
    canvas: &web_sys::HtmlCanvasElement,
    rows: &[Option<&Row>],
    layout: &Layout,
) {
    let session = app.measured_series();
    let recent = session.listed();
    let strips: Vec<_> = rows.iter().flatten().map(|row| row.strip(recent)).collect();
    let unit = recent.scope().unit;
    paint::strips(canvas, &strips, layout, unit, &look.palette());
}
