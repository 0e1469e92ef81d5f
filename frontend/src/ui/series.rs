//! The list of series: who waits, how often, how long. Its heading and filter; the rows are in `rows`.

use super::boxed::{Show, live, memo, on};
use super::multiples::Multiples;
use super::rows::{STRIP_HELP, Table};
use super::state::App;
use super::told::Told;
use crate::browser;
use crate::keys;
use crate::table::groups::has_groups;
use crate::words;
use leptos::ev::{KeyboardEvent, MouseEvent};
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
        let session = app.session.read();
        let told = session.told();
        let end_ms = told
            .and_then(|told| told.times)
            .map_or(0.0, |(_, end_ms)| end_ms);
        let offset = browser::utc_offset_min(end_ms);
        app.listing
            .with(|listing| words::list::time(listing, told, offset))
    });
    let state = memo(move || {
        let is_held = app.listing.with(|listing| listing.order.is_some());
        match app.session.read().is_asking() {
            true => "asking who waited then…",
            false if is_held && app.pointed.get() => "order held while you point here",
            false if is_held => "order held while the focus is here",
            false => "",
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
                    <small
                        data-testid="list-time"
                        title=live(move || if app.as_strips.get() { STRIP_HELP } else { SPAN_HELP })
                    >{about}</small>
                    <small data-testid="list-state">{live(move || state.get())}</small>
                </h2>
                <Show when=move || told_apart.get()>
                    <ByName/>
                    <Shapes/>
                    <FilterBox filter/>
                </Show>
            </div>
            <Show when=move || told_apart.get()>
                <Table/>
                <Multiples/>
            </Show>
            <Show when=move || !told_apart.get()>
                <NotCounted/>
            </Show>
        </section>
    }
}

const BY_NAME_HELP: &str = "G: one row for all of a name, with their waits together";

/// Whether series of one name are one row; it says so where most are of one.
#[component]
fn ByName() -> impl IntoView {
    let app = expect_context::<App>();
    let has_groups = memo(move || app.listing.with(|listing| has_groups(listing.key)));
    let alike = memo(move || app.listing.with(|listing| listing.alike.clone()));
    let text = move || match alike.get() {
        Some(alike) => format!("{}: group by name", words::list::alike(&alike)),
        None => "by name".to_owned(),
    };
    view! {
        <Show when=move || has_groups.get()>
            <button
                class="button by-name"
                class:suggested=live(move || alike.read().is_some())
                data-testid="by-name"
                aria-pressed=live(move || app.by_name.get().to_string())
                title=BY_NAME_HELP
                on:click=on(move |_: MouseEvent| app.by_name.update(|on| *on = !*on))
            >
                {live(text)}
            </button>
        </Show>
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
    let count = Signal::derive(move || {
        let (matched, total) = found.get();
        format!(
            "{} of {}",
            words::grouped(matched as u64),
            words::grouped(total as u64)
        )
    });
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
        <span class="muted count" data-testid="filter-count" title="Rows that pass the filter, of all"><Told value=count/></span>
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
