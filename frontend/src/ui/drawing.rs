//! The small panel of how the heatmap is drawn: colours and their scale, what a drag does.

use super::boxed::{live, on};
use super::state::App;
use super::theme::Look;
use crate::chart::colour::Spread;
use crate::chart::gesture::Tool;
use crate::chart::palette::Hue;
use leptos::prelude::*;

#[component]
pub(crate) fn Drawing() -> impl IntoView {
    view! {
        <details class="popover" name="popover" data-testid="drawing">
            <summary class="button" title="Colours, their scale, and what a drag does">"View ▾"</summary>
            <div class="popover-body">
                <Spreads/>
                <Hues/>
                <Pin/>
                <Tools/>
                <AsTable/>
            </div>
        </details>
    }
}

/// A button: its name and what it does.
type Named = (&'static str, &'static str);

/// A row of buttons of which one is on, by its place.
#[component]
fn Choice(
    label: &'static str,
    options: Vec<Named>,
    chosen: fn(App, Look) -> usize,
    choose: fn(App, Look, usize),
) -> impl IntoView {
    let (app, look) = (expect_context::<App>(), expect_context::<Look>());
    let buttons = options
        .into_iter()
        .enumerate()
        .map(move |(at, (name, title))| {
            view! {
                <button
                    aria-pressed=live(move || (chosen(app, look) == at).to_string())
                    data-choice=name
                    title=title
                    on:click=on(move |_| choose(app, look, at))
                >
                    {name}
                </button>
            }
        });
    view! {
        <div class="choice">
            <span class="muted">{label}</span>
            <div class="segments" role="group" aria-label=label>{buttons.collect_view()}</div>
        </div>
    }
}

/// Where a value stands among all.
fn place<T: PartialEq>(all: &[T], one: &T) -> usize {
    all.iter().position(|other| other == one).unwrap_or(0)
}

#[component]
fn Spreads() -> impl IntoView {
    let options = vec![
        ("√", "Colour by the square root of a cell's value"),
        ("log", "Colour by the logarithm of a cell's value"),
    ];
    let chosen = |app: App, _| place(&Spread::ALL, &app.style.read().spread);
    let choose = |app: App, _, at| app.style.update(|style| style.spread = Spread::ALL[at]);
    view! { <Choice label="Scale" options chosen choose/> }
}

#[component]
fn Hues() -> impl IntoView {
    let about = "Perceptually uniform; can be read by colour-blind eyes";
    let options = Hue::ALL.map(|hue| (hue.name(), about)).to_vec();
    let chosen = |_, look: Look| place(&Hue::ALL, &look.hue.get());
    let choose = |_, look: Look, at: usize| look.hue.set(Hue::ALL[at]);
    view! { <Choice label="Colours" options chosen choose/> }
}

/// Holds the colour scale while two times are compared.
#[component]
fn Pin() -> impl IntoView {
    let options = vec![
        (
            "follows",
            "The scale ends at the greatest value that is shown",
        ),
        (
            "pinned",
            "K: the scale stays, so that two times can be compared",
        ),
    ];
    let chosen = |app: App, _| usize::from(app.style.read().pinned_max().is_some());
    let choose = |app: App, _, at| {
        let pinned = app.style.read_untracked().pinned_max().is_some();
        if at != usize::from(pinned) {
            app.toggle_pin();
        }
    };
    view! { <Choice label="Scale's end" options chosen choose/> }
}

#[component]
fn Tools() -> impl IntoView {
    const TOOLS: [Tool; 2] = [Tool::Brush, Tool::Pan];
    let options = vec![
        (
            "marks",
            "A drag marks a region to compare; with Shift it moves time",
        ),
        ("moves", "A drag moves time; with Shift it marks a region"),
    ];
    let chosen = |app: App, _| place(&TOOLS, &app.tool.get());
    let choose = |app: App, _, at: usize| app.tool.set(TOOLS[at]);
    view! { <Choice label="A drag" options chosen choose/> }
}

/// The picture in numbers.
#[component]
fn AsTable() -> impl IntoView {
    let options = vec![
        ("map", "The heatmap"),
        (
            "table",
            "T: the same as a table, for screen readers and for copying",
        ),
    ];
    let chosen = |app: App, _| usize::from(app.as_table.get());
    let choose = |app: App, _, at| app.as_table.set(at == 1);
    view! { <Choice label="Shown as" options chosen choose/> }
}
