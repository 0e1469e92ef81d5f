//! Painting series' recent past: a strip in each row of the list. The large ones are in `multiples`.

use super::boxed::{effect, live, memo};
use super::once::once_a_frame;
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
#[component]
pub(crate) fn RowStrips() -> impl IntoView {
    let app = expect_context::<App>();
    let canvas = NodeRef::<Canvas>::new();
    let first = memo(move || app.listing.with(|listing| listing.window.start));
    paint_when_new(app, false, app.size, move |look| {
        // The list may have left the page since this was asked for.
        let canvas = canvas.try_get_untracked()??;
        let listing = app.listing.get_untracked();
        let ratio = window().device_pixel_ratio();
        let layout = Layout::new(WIDTH, ROW_PX as f64, ratio);
        let rows: Vec<_> = listing
            .window
            .clone()
            .map(|index| listing.at(index))
            .collect();
        paint(app, look, &canvas, &rows, &layout)
    });
    view! {
        <canvas
            node_ref=canvas
            class="row-strips"
            data-testid="row-strips"
            aria-hidden="true"
            style:transform=live(move || format!("translateY({}px)", first.get() * ROW_PX))
            style:height=live(move || {
                let rows = app.listing.with(|listing| listing.window.len());
                format!("{}px", rows * ROW_PX)
            })
        ></canvas>
    }
}

/// Asks for painting with every update of what is listed and of its colours, while the list is shown as strips or
/// while it is not.
pub(super) fn paint_when_new<S: Send + Sync + 'static>(
    app: App,
    as_strips: bool,
    size: RwSignal<S>,
    paint: impl Fn(Look) -> Option<()> + Clone + 'static,
) {
    let look = expect_context::<Look>();
    let painted = once_a_frame(move || {
        // Fails only without a 2D context or without rows, and then there is nothing to show.
        let _painted = paint(look);
    });
    effect(move || {
        if app.as_strips.get() == as_strips {
            app.listing.track();
            app.session.track();
            size.track();
            look.track();
            painted();
        }
    });
}

/// Paints the strips of series below each other.
pub(super) fn paint(
    app: App,
    look: Look,
    canvas: &web_sys::HtmlCanvasElement,
    rows: &[Option<&Row>],
    layout: &Layout,
) -> Option<()> {
    app.session.with_untracked(|session| {
        let recent = session.listed();
        let strips: Vec<_> = rows.iter().flatten().map(|row| row.strip(recent)).collect();
        let unit = recent.scope().unit;
        paint::strips(canvas, &strips, layout, unit, &look.palette_untracked())
    })
}
