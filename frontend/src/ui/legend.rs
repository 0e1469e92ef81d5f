//! The legend: which colour is how many waits.

use super::state::App;
use super::theme::Look;
use crate::chart::colour::ColourScale;
use crate::chart::palette::Palette;
use crate::paint;
use leptos::html::Canvas;
use leptos::prelude::*;
use runqlat_common::human;

/// Least distance between two numbers of the legend, as a part of its width.
const STOP_GAP: f64 = 0.2;

#[component]
pub(crate) fn Legend() -> impl IntoView {
    let app = expect_context::<App>();
    let look = expect_context::<Look>();
    let canvas = NodeRef::<Canvas>::new();
    Effect::new(move |_| {
        let palette = Palette::new(look.dark.get());
        canvas
            .get()
            .and_then(|canvas| paint::ramp(&canvas, &palette))
    });
    let scale = Memo::new(move |_| app.frame.get().map(|frame| frame.scale));
    let stops = move || scale.get().map(labels);
    let how = move || scale.get().map(|scale| scale.spread.name());
    view! {
        <div class="legend" data-testid="legend" title="Colour of a cell by the number of waits in it">
            <span><span class="legend-what">"waits per cell, "</span>{how}</span>
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
        </div>
    }
}

/// The numbers below the ramp.
fn labels(scale: ColourScale) -> impl IntoView {
    let label = |(count, fraction): (u64, f64)| {
        view! {
            <span class="stop" style:left=format!("{:.1}%", fraction * 100.0)>
                {human::count(count as f64)}
            </span>
        }
    };
    let stops = scale.stops(STOP_GAP).into_iter();
    stops.map(label).collect_view()
}
