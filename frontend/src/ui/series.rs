//! The list of series: who waits, how often, how long. Its heading and filter; the rows are in `rows`.

use super::boxed::{Show, live, memo, on};
use super::multiples::Multiples;
use super::rows::{STRIP_HELP, Table};
use super::state::App;
use crate::keys;
use crate::words;
use leptos::ev::KeyboardEvent;
use leptos::html::Input;
use leptos::prelude::*;

const SPAN_HELP: &str = "The time that the numbers of the rows sum up";

#[component]
pub(crate) fn SeriesList(filter: NodeRef<Input>) -> impl IntoView {
    let app = expect_context::<App>();
    let told_apart = memo(move || app.session.read().has_series());
    let heading = memo(move || {
        let session = app.session.read();
        keys::kind(session.shown().scopes.series().key).heading
    });
    let span = memo(move || {
        let seconds = app.session.read().shown().recent.seconds();
        if seconds <= 0.0 {
            String::new()
        } else if seconds < 1.0 {
            format!("last {seconds:.1} s")
        } else {
            format!("last {seconds:.0} s")
        }
    });
    let about = move || {
        if app.as_strips.get() {
            "each interval's longest wait, 2 µs ▂▄▆█ 1 s".to_owned()
        } else {
            span.get()
        }
    };
    view! {
        <section class="card processes" aria-label=heading>
            <div class="list-head">
                <h2 data-testid="list-title">
                    {heading}
                    <small title=live(move || if app.as_strips.get() { STRIP_HELP } else { SPAN_HELP })>{about}</small>
                </h2>
                <Show when=move || told_apart.get()>
                    <Shapes/>
                    <FilterBox filter/>
                </Show>
            </div>
            <Show when=move || told_apart.get() fallback=NotCounted>
                <Table/>
                <Multiples/>
            </Show>
        </section>
    }
}

/// The list, or its first rows as strips.
#[component]
fn Shapes() -> impl IntoView {
    let app = expect_context::<App>();
    let shape = |strips: bool, name: &'static str, title: &'static str| {
        view! {
            <button
                aria-pressed=live(move || (app.as_strips.get() == strips).to_string())
                data-shape=name
                title=title
                on:click=on(move |_| app.as_strips.set(strips))
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="segments" role="group" aria-label="Shown as">
            {shape(false, "list", "V: all of them, with their numbers")}
            {shape(true, "strips", "V: the first of the list on one time axis")}
        </div>
    }
}

#[component]
fn NotCounted() -> impl IntoView {
    view! {
        <p class="empty-list" data-testid="not-by-process">
            "Waits are not told apart now: all are in one histogram. To see who waits, choose under Measure… (S) that \
            they are told apart by process, or start with "
            <code>"runqlat-web --by process"</code>
            "."
        </p>
    }
}

const FILTER_HELP: &str = "A part of the name, the beginning of the id, or a /regular expression/. \
    All terms must fit; !term excludes. The key / comes here.";

#[component]
fn FilterBox(filter: NodeRef<Input>) -> impl IntoView {
    let app = expect_context::<App>();
    let found = memo(move || app.listing.with(|l| (l.matched, l.total)));
    let count = move || {
        let (matched, total) = found.get();
        format!(
            "{} of {}",
            words::grouped(matched as u64),
            words::grouped(total as u64)
        )
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            app.filter.set(String::new());
            if let Some(input) = filter.get_untracked() {
                let _focused = input.blur();
            }
        }
    };
    view! {
        <span class="filter-error" id="filter-error" role="status" data-testid="filter-error">
            {live(move || app.filter_error.get())}
        </span>
        <span class="muted count" data-testid="filter-count" title="Rows that pass the filter, of all">{count}</span>
        <input
            node_ref=filter
            type="search"
            data-testid="filter"
            placeholder="name, id, /regex/, !not"
            title=FILTER_HELP
            aria-label="Filter by name or id"
            aria-invalid=live(move || app.filter_error.read().is_some().then_some("true"))
            aria-describedby="filter-error"
            autocomplete="off"
            spellcheck="false"
            prop:value=app.filter
            on:input=on(move |event| app.filter.set(event_target_value(&event)))
            on:keydown=on_key
        />
    }
}
