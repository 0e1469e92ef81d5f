//! The legend: which colour is how much.

use super::boxed::{Show, effect, live, memo};
use super::state::App;
use super::theme::Look;
use crate::chart::colour::ColourScale;
use crate::chart::measure::{Cause, Measure};
use crate::paint;
use leptos::html::Canvas;
use leptos::prelude::*;

/// Least distance between two numbers of the legend, as a part of its width.
const STOP_GAP: f64 = 0.2;

#[component]
pub(crate) fn Legend() -> impl IntoView {
    let app = expect_context::<App>();
    let look = expect_context::<Look>();
    let canvas = NodeRef::<Canvas>::new();
    effect(move || {
        let palette = look.palette();
        canvas
            .get()
            .and_then(|canvas| paint::ramp(&canvas, &palette))
    });
    let scale = memo(move || app.frame.get().map(|frame| (frame.measure, frame.scale)));
    let stops = move || scale.get().map(labels);
    let what = move || {
        scale
            .get()
            .map(|(measure, _)| format!("{}, ", measure.legend()))
    };
    let how = move || scale.get().map(|(_, scale)| scale.spread.name());
    let pinned = memo(move || app.style.read().pinned_max().is_some());
    let cause = memo(move || app.style.read().cause);
    let only = move || match cause.get() {
        Cause::All => String::new(),
        cause => format!("{} only", cause.name()),
    };
    view! {
        <div class="legend" data-testid="legend" title=live(move || app.style.read().measure.about())>
            <span><span class="legend-what">{what}</span>{how}</span>
            <span class="stops">
                <span class="swatch empty"></span>
                <span class="stop-text">"0"</span>
            </span>
            <span class="ramp">
                <canvas node_ref=canvas aria-hidden="true"></canvas>
                {stops}
            </span>
            <span class="swatch missing"></span>
            <span>"no data"</span>
            <strong class="legend-only" data-testid="legend-cause">{only}</strong>
            <Show when=move || pinned.get()>
                <strong data-testid="legend-pinned">"scale pinned"</strong>
            </Show>
        </div>
    }
}

/// The numbers below the ramp.
fn labels((measure, scale): (Measure, ColourScale)) -> impl IntoView {
    let label = move |(value, fraction): (u64, f64)| {
        view! {
            <span class="stop" style:left=format!("{:.1}%", fraction * 100.0)>
                {measure.label(value)}
            </span>
        }
    };
    let stops = scale.stops(STOP_GAP).into_iter();
    stops.map(label).collect_view()
}
