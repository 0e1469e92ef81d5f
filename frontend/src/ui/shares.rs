//! The bars in the list, which compare rows: one shape over all rows in view, for they change together.

use super::boxed::live;
use super::rows::ROW_PX;
use super::state::App;
use crate::chart::polygon;
use leptos::prelude::*;

/// Free part of a row above a bar and below it.
const GAP: f64 = 1.0 / 3.0;

/// Lies over the rows, with their columns: so the shape is where its column is, however wide the others are.
#[component]
pub(super) fn Shares() -> impl IntoView {
    let app = expect_context::<App>();
    let first = move || app.listing.with(|listing| listing.window.start);
    let shape = move || {
        app.listing.with(|listing| {
            let window = listing.window.clone();
            let shares = window.map(|index| listing.at(index).map_or(0.0, |row| row.share));
            polygon::bars(shares, GAP)
        })
    };
    let height = move || app.listing.with(|listing| listing.window.len() * ROW_PX);
    view! {
        <div
            class="shares"
            aria-hidden="true"
            style:transform=live(move || format!("translateY({}px)", first() * ROW_PX))
            style:height=live(move || format!("{}px", height()))
        >
            <span class="c-pin"></span>
            <span class="c-name"></span>
            <span class="c-id"></span>
            <span class="c-rate"></span>
            <span class="c-wait">
                <span class="shares-shape" data-testid="shares" style:clip-path=live(shape)></span>
            </span>
            <span class="c-p50"></span>
            <span class="c-p99"></span>
            <span class="c-max"></span>
            <span class="c-strip"></span>
        </div>
    }
}
