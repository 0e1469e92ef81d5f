//! The page's components. They read signals and send what people do; what they show is computed in
//! the pure modules.

mod header;
mod heatmap;
mod histogram;
mod legend;
mod marks;
mod reach;
mod row;
mod rows;
mod series;
mod state;
mod theme;
mod toolbar;
mod tooltip;
mod trust;

use header::Header;
use heatmap::Heatmap;
use histogram::{HistogramCard, Panel};
use leptos::ev;
use leptos::html::Input;
use leptos::prelude::*;
use series::SeriesList;
use state::App;
use std::time::Duration;
use theme::Look;
use toolbar::Toolbar;
use trust::Trust;
use wasm_bindgen::JsCast;

/// The whole page.
#[component]
pub(crate) fn Page() -> impl IntoView {
    let app = App::new();
    provide_context(app);
    provide_context(Look::new());
    provide_context(Panel::new(app));
    let filter = NodeRef::<Input>::new();
    let keys = window_event_listener(ev::keydown, move |event| on_key(app, filter, &event));
    let tick = set_interval_with_handle(move || app.tick(), Duration::from_secs(1));
    on_cleanup(move || {
        keys.remove();
        if let Ok(tick) = tick {
            tick.clear();
        }
    });
    app.connect();
    view! {
        <Header/>
        <Trust/>
        <main>
            <section class="card map" aria-label="Latency heatmap">
                <Toolbar/>
                <Heatmap/>
            </section>
            <HistogramCard/>
            <SeriesList filter/>
        </main>
    }
}

/// Keys that work wherever the focus is, except where one types or presses a button.
fn on_key(app: App, filter: NodeRef<Input>, event: &ev::KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let target = event
        .target()
        .and_then(|t| t.dyn_into::<web_sys::Element>().ok());
    let tag = target.map(|element| element.tag_name()).unwrap_or_default();
    let types = matches!(tag.as_str(), "INPUT" | "TEXTAREA" | "SELECT");
    match event.key().as_str() {
        _ if types => {}
        "Escape" => app.escape(),
        // A focused button takes the space bar itself.
        " " if tag != "BUTTON" => {
            event.prevent_default();
            app.toggle_pause();
        }
        "/" => {
            if let Some(input) = filter.get_untracked() {
                event.prevent_default();
                let _focused = input.focus();
            }
        }
        _ => {}
    }
}
