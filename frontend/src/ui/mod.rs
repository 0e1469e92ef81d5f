//! The page's components. They read signals and send what people do; what they show is computed in
//! the pure modules.

mod bars;
mod boxed;
mod choose;
mod columns;
mod connection;
mod copy;
mod drawing;
mod entry;
mod follow;
mod hand;
mod header;
mod heatmap;
mod help;
mod histogram;
mod keyboard;
mod legend;
mod link;
mod load;
mod lookback;
mod map_state;
mod map_table;
mod marks;
mod multiples;
mod notes;
mod notice;
mod once;
mod panel;
mod people;
mod picture;
mod popover;
mod reach;
mod region;
mod resize;
mod row;
mod rows;
mod scope;
mod series;
mod sheet;
mod state;
mod strips;
mod style;
mod targets;
mod text;
mod theme;
mod told;
mod toolbar;
mod tooltip;
mod trust;

use crate::browser;
use boxed::{Show, live, memo};
use header::Header;
use heatmap::Heatmap;
use help::Help;
use histogram::HistogramCard;
use leptos::ev;
use leptos::html::Input;
use leptos::prelude::*;
use notes::NoteSheet;
use panel::Panel;
use region::RegionCard;
use scope::ScopePicker;
use series::SeriesList;
use state::App;
use std::time::Duration;
use theme::Look;
use toolbar::Toolbar;
use trust::Trust;

/// The whole page.
#[component]
pub(crate) fn Page() -> impl IntoView {
    let app = App::new();
    provide_context(app);
    provide_context(Look::new());
    provide_context(Panel::new(app));
    let filter = NodeRef::<Input>::new();
    let seen = window_event_listener(ev::visibilitychange, move |_| {
        app.seen.set(browser::is_seen());
    });
    let keys = window_event_listener(ev::keydown, move |event| {
        keyboard::on_key(app, filter, &event)
    });
    let presses = window_event_listener(ev::pointerdown, |event| {
        popover::close_beside(event.target());
    });
    let tick = set_interval_with_handle(move || app.tick(), Duration::from_secs(1));
    on_cleanup(move || {
        seen.remove();
        keys.remove();
        presses.remove();
        if let Ok(tick) = tick {
            tick.clear();
        }
    });
    app.introduce();
    link::keep_in_step(app);
    region::ask_about_marked(app);
    lookback::keep_told(app);
    app.connect();
    let marked = memo(move || app.brush.get().is_some());
    view! {
        <Header/>
        <Trust/>
        <main class:marked=live(move || marked.get())>
            <section class="card map" aria-label="Latency heatmap">
                <Toolbar/>
                <Heatmap/>
            </section>
            <HistogramCard/>
            <SeriesList filter/>
            <Show when=move || marked.get()>
                <RegionCard/>
            </Show>
        </main>
        <Help/>
        <ScopePicker/>
        <NoteSheet/>
    }
}
