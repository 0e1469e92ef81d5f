//! The small panel of how the heatmap is drawn: colours and their scale, what a drag does.

use super::state::App;
use super::theme::Look;
use crate::chart::colour::Spread;
use crate::chart::gesture::Tool;
use crate::chart::palette::Hue;
use leptos::prelude::*;

#[component]
pub(crate) fn Drawing() -> impl IntoView {
    view! {
        <details class="popover" data-testid="drawing">
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

/// A row of buttons of which one is on.
#[component]
fn Choice<T: Copy + PartialEq + Send + Sync + 'static>(
    label: &'static str,
    /// The values with their names and what they do.
    options: Vec<(T, &'static str, &'static str)>,
    #[prop(into)] chosen: Signal<T>,
    choose: impl Fn(T) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let buttons = options.into_iter().map(move |(value, name, title)| {
        view! {
            <button
                aria-pressed=move || (chosen.get() == value).to_string()
                data-choice=name
                title=title
                on:click=move |_| choose(value)
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

#[component]
fn Spreads() -> impl IntoView {
    let app = expect_context::<App>();
    let options = vec![
        (
            Spread::Sqrt,
            "√",
            "Colour by the square root of a cell's value",
        ),
        (
            Spread::Log,
            "log",
            "Colour by the logarithm of a cell's value",
        ),
    ];
    let chosen = Signal::derive(move || app.style.read().spread);
    let choose = move |spread| app.style.update(|style| style.spread = spread);
    view! { <Choice label="Scale" options chosen choose/> }
}

#[component]
fn Hues() -> impl IntoView {
    let look = expect_context::<Look>();
    let about = "Perceptually uniform; can be read by colour-blind eyes";
    let options = Hue::ALL.map(|hue| (hue, hue.name(), about)).to_vec();
    let chosen = Signal::derive(move || look.hue.get());
    view! { <Choice label="Colours" options chosen choose=move |hue| look.hue.set(hue)/> }
}

/// Holds the colour scale while two times are compared.
#[component]
fn Pin() -> impl IntoView {
    let app = expect_context::<App>();
    let options = vec![
        (
            false,
            "follows",
            "The scale ends at the greatest value that is shown",
        ),
        (
            true,
            "pinned",
            "K: the scale stays, so that two times can be compared",
        ),
    ];
    let chosen = Signal::derive(move || app.style.read().pinned_max().is_some());
    let choose = move |pinned| {
        if pinned != app.style.read_untracked().pinned_max().is_some() {
            app.toggle_pin();
        }
    };
    view! { <Choice label="Scale's end" options chosen choose/> }
}

#[component]
fn Tools() -> impl IntoView {
    let app = expect_context::<App>();
    let options = vec![
        (
            Tool::Brush,
            "marks",
            "A drag marks a region to compare; with Shift it moves time",
        ),
        (
            Tool::Pan,
            "moves",
            "A drag moves time; with Shift it marks a region",
        ),
    ];
    view! { <Choice label="A drag" options chosen=app.tool choose=move |tool| app.tool.set(tool)/> }
}

/// The picture in numbers.
#[component]
fn AsTable() -> impl IntoView {
    let app = expect_context::<App>();
    let options = vec![
        (false, "map", "The heatmap"),
        (
            true,
            "table",
            "T: the same as a table, for screen readers and for copying",
        ),
    ];
    view! { <Choice label="Shown as" options chosen=app.as_table choose=move |on| app.as_table.set(on)/> }
}
