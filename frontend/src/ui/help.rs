//! What the page shows and which keys it knows: one panel over it.

use super::boxed::on;
use super::load::Load;
use super::sheet::Sheet;
use super::state::App;
use leptos::prelude::*;

/// What is measured and how it is shown, for someone who sees it for the first time.
const LEGEND: [(&str, &str); 6] = [
    (
        "Run-queue latency",
        "how long a task that could run waits until it does: from the moment it is woken, or loses its CPU while it still has work, until it is on a CPU again",
    ),
    (
        "The map",
        "time runs to the right, longer waits are higher up, and each row is twice as long as the one below; colour says how many waits there were",
    ),
    (
        "Background, one, hatched",
        "no wait at all; at least one; time that was not measured",
    ),
    (
        "Woken, preempted",
        "the wait began when a sleeping task was woken; when a running task lost its CPU",
    ),
    (
        "p50, p99",
        "half of the waits, or 99 of 100, were no longer than this; read from buckets, so it is a range",
    ),
    (
        "Lost",
        "waits that are missing from the counts, by reason; hover the number",
    ),
];

const KEYS: [(&str, &str); 22] = [
    ("Space", "pause and resume"),
    ("+  −", "zoom in and out (the wheel does the same)"),
    (
        "[  ]",
        "earlier and later (Shift and the wheel, or Shift and drag)",
    ),
    (
        "L or End",
        "follow what comes; a double click does the same",
    ),
    ("Home", "everything that is known"),
    (
        "arrows",
        "on the map: walk over its cells; with Shift: mark a region",
    ),
    ("drag", "marks a region, to see who waits in it"),
    ("Enter", "on the map: freeze the cell; in the list: select"),
    ("Esc", "one step back: cell, region, series"),
    ("M", "colour by waits, part of the column, time waited"),
    ("W", "all waits, woken, preempted"),
    ("K", "pin the colour scale"),
    ("B", "keep what is shown as the baseline to compare with"),
    ("T", "the map as a table"),
    ("V", "the list as strips on one time axis"),
    ("G", "in the list: those of one name as one row"),
    ("S", "choose what is measured"),
    ("/", "filter the list"),
    ("N", "write a note where the cursor is, for everybody"),
    ("F", "follow who presents, or let go"),
    ("P", "in the list: pin the row to the top"),
    ("?", "this panel"),
];

#[component]
pub(crate) fn Help() -> impl IntoView {
    let app = expect_context::<App>();
    view! {
        <Sheet open=app.help title="What this shows" label="Help" testid="help" key="?">
            <dl class="terms">{LEGEND.map(term).collect_view()}</dl>
            <h2>"Keys"</h2>
            <dl class="keys">{KEYS.map(key).collect_view()}</dl>
            <h2>"A load to try it with"</h2>
            <Load testid="copy-load"/>
            <p class="muted">
                "The same histogram in a terminal: "
                <code>"runqlat-web print"</code>
                ". For scripts: "
                <code>"/api/v1/histogram?format=text"</code>
            </p>
        </Sheet>
    }
}

fn term((name, meaning): (&'static str, &'static str)) -> impl IntoView {
    view! {
        <dt>{name}</dt>
        <dd>{meaning}</dd>
    }
}

fn key((keys, deed): (&'static str, &'static str)) -> impl IntoView {
    view! {
        <dt><kbd>{keys}</kbd></dt>
        <dd>{deed}</dd>
    }
}

/// Opens the panel.
#[component]
pub(crate) fn HelpButton() -> impl IntoView {
    let app = expect_context::<App>();
    view! {
        <button
            class="button icon"
            data-testid="help-button"
            title="?: what this shows, and its keys"
            aria-label="Help"
            on:click=on(move |_| app.help.set(true))
        >
            "?"
        </button>
    }
}
