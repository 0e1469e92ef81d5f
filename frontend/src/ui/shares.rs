//! The bars in the list, which compare rows: one picture over all rows in view, for they change together.

use super::boxed::live;
use super::resize::size_of;
use super::rows::ROW_PX;
use super::state::App;
use super::strips::paint_when_new;
use crate::chart::bars::Bars;
use crate::chart::layout::Size;
use crate::paint;
use leptos::html::{Canvas, Div};
use leptos::prelude::*;

/// Free part of a row above a bar and below it.
const GAP: f64 = 1.0 / 3.0;

/// Lies over the rows, with their columns: so the picture is where its column is, however wide the others are.
#[component]
pub(super) fn Shares() -> impl IntoView {
    let app = expect_context::<App>();
    let first = move || app.listing.with(|listing| listing.window.start);
    let (holder, canvas) = (NodeRef::<Div>::new(), NodeRef::<Canvas>::new());
    paint_bars(app, canvas, size_of(holder));
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
            <div class="c-wait">
                <div class="shares-shape" node_ref=holder>
                    <canvas node_ref=canvas data-testid="shares"></canvas>
                </div>
            </div>
            <span class="c-p50"></span>
            <span class="c-p99"></span>
            <span class="c-max"></span>
            <span class="c-strip"></span>
        </div>
    }
}

fn paint_bars(app: App, canvas: NodeRef<Canvas>, size: RwSignal<Size>) {
    paint_when_new(app, false, move |look| {
        let canvas = canvas.get()?;
        let lengths = app.listing.with(|listing| {
            let window = listing.window.clone();
            let shares = window.map(|index| listing.at(index).map_or(0.0, |row| row.share));
            shares.collect()
        });
        let bars = Bars {
            lengths,
            ends: Vec::new(),
            inset: GAP,
        };
        paint::bars(&canvas, &bars, size.get(), &look.palette());
        Some(())
    });
}
