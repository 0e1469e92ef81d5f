//! The line above the heatmap: which series, and how it is drawn.

use super::boxed::{Show, live, memo, on};
use super::drawing::Drawing;
use super::state::{App, WINDOWS};
use crate::chart::bands::Percentile;
use crate::chart::measure::{Cause, Measure};
use crate::chart::view::View;
use crate::words;
use leptos::prelude::*;

#[component]
pub(crate) fn Toolbar() -> impl IntoView {
    view! {
        <div class="map-head">
            <Title/>
            <span class="spring"></span>
            <Windows/>
            <Measures/>
            <Causes/>
            <Percentiles/>
            <Drawing/>
        </div>
    }
}

#[component]
fn Title() -> impl IntoView {
    let app = expect_context::<App>();
    let selected = memo(move || {
        // An interval may tell its name.
        let session = app.measured();
        let selection = session.selection.as_ref()?;
        Some((selection.key, selection.name.clone(), selection.answered))
    });
    let scope_title = memo(move || {
        let session = app.session.read();
        let scope = session.shown().scopes.current();
        let titles = |scope| (words::scope::short_title(scope), words::scope::title(scope));
        scope.map(titles).unwrap_or_default()
    });
    let title = move || match selected.get() {
        Some((_, name, _)) => words::scope::short_path(&name),
        None => scope_title.get().0,
    };
    // What has no room in its line.
    let in_full = move || match selected.get() {
        Some((_, name, _)) => name,
        None => scope_title.get().1,
    };
    let detail = move || match selected.get() {
        Some((0, ..)) | None => String::new(),
        Some((key, _, true)) => key.to_string(),
        Some((key, _, false)) => format!("{key} · loading its past…"),
    };
    view! {
        <div class="title">
            <h2 data-testid="series-title" aria-live="polite" title=in_full>
                <bdi>{title}</bdi>
                <small>{detail}</small>
            </h2>
            <Show when=move || selected.get().is_some()>
                <BackButton to=scope_title/>
            </Show>
        </div>
    }
}

/// From a series back to everything.
#[component]
fn BackButton(to: Memo<(String, String)>) -> impl IntoView {
    let app = expect_context::<App>();
    view! {
        <button
            class="button chip"
            data-testid="deselect"
            title="Escape: back to the heatmap of everything"
            aria-label=live(move || format!("back to {}", uncapitalised(&to.get().0)))
            on:click=on(move |_| app.select(None))
        >
            "× "
            <span class="chip-text">{live(move || uncapitalised(&to.get().0))}</span>
        </button>
    }
}

/// In the middle of a line; a path keeps its letters.
fn uncapitalised(title: &str) -> String {
    let mut letters = title.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

#[component]
fn Windows() -> impl IntoView {
    let app = expect_context::<App>();
    let is_on = move |minutes| app.view.get() == Some(View::minutes(minutes));
    let buttons = WINDOWS.map(|minutes| {
        view! {
            <button
                aria-pressed=live(move || is_on(minutes).to_string())
                data-window=minutes.to_string()
                title=format!("Show the last {} and follow what comes", long(minutes))
                on:click=on(move |_| app.look(|_, _| View::minutes(minutes)))
            >
                {long(minutes)}
            </button>
        }
    });
    let looks_back = memo(move || app.view.get().is_some_and(|view| !view.is_live()));
    view! {
        <Show when=move || looks_back.get()>
            <button
                class="button follow"
                data-testid="follow"
                title="L or End: follow what comes again"
                on:click=on(move |_| app.look(|view, _| view.live()))
            >
                <span class="follow-sign" aria-hidden="true">"▶▏"</span>
                "Live"
            </button>
        </Show>
        <div class="segments" role="group" aria-label="Time shown">{buttons.collect_view()}</div>
    }
}

fn long(minutes: u32) -> String {
    match minutes {
        60.. => format!("{} h", minutes / 60),
        minutes => format!("{minutes} min"),
    }
}

/// What the colours stand for.
#[component]
fn Measures() -> impl IntoView {
    let options = Measure::ALL.map(|measure| {
        let name = match measure {
            Measure::Counts => "count",
            Measure::Share => "% of column",
            Measure::Time => "time waited",
        };
        (measure.name(), name)
    });
    let about = |app: App| format!("M: {}", app.style.read().measure.about());
    let chosen = |app: App| app.style.read().measure.name();
    let options = options.to_vec();
    view! { <List label="Colour by" testid="measure" options about chosen choose=App::set_measure/> }
}

/// Which waits are looked at.
#[component]
fn Causes() -> impl IntoView {
    let options = Cause::ALL.map(|cause| {
        let name = match cause {
            Cause::All => "all waits",
            cause => cause.name(),
        };
        (cause.name(), name)
    });
    let about = |app: App| format!("W: {}", app.style.read().cause.about());
    let chosen = |app: App| app.style.read().cause.name();
    let options = options.to_vec();
    view! { <List label="Waits shown" testid="cause" options about chosen choose=App::set_cause/> }
}

/// A list to choose one of; `options` are values with what people read.
#[component]
fn List(
    label: &'static str,
    testid: &'static str,
    options: Vec<(&'static str, &'static str)>,
    about: fn(App) -> String,
    chosen: fn(App) -> &'static str,
    choose: fn(App, &str),
) -> impl IntoView {
    let app = expect_context::<App>();
    let options = options.into_iter().map(move |(value, name)| {
        view! { <option value=value selected=live(move || chosen(app) == value)>{name}</option> }
    });
    view! {
        <select
            data-testid=testid
            aria-label=label
            title=live(move || about(app))
            on:change=on(move |event| choose(app, &event_target_value(&event)))
        >
            {options.collect_view()}
        </select>
    }
}

#[component]
fn Percentiles() -> impl IntoView {
    let app = expect_context::<App>();
    let buttons = Percentile::ALL.map(|percentile| {
        let is_on = move || app.percentiles.read().contains(&percentile);
        let name = percentile.name();
        view! {
            <button
                aria-pressed=live(move || is_on().to_string())
                data-percentile=name
                title=format!("Outline the bucket in which {name} lies")
                on:click=on(move |_| app.toggle_percentile(percentile))
            >
                {name}
            </button>
        }
    });
    view! { <div class="segments" role="group" aria-label="Percentiles shown">{buttons.collect_view()}</div> }
}
