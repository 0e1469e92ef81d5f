//! The histogram beside the heatmap, whose rows are those of the map, and its numbers.

use super::bars::Bars;
use super::boxed::{Show, live, memo, on};
use super::copy::Copy;
use super::panel::Panel;
use super::state::App;
use crate::compare;
use crate::histogram::Histogram;
use crate::words;
use leptos::prelude::*;
use runqlat_common::{human, text};

/// The card beside the map: bars in the map's rows, numbers below.
#[component]
pub(crate) fn HistogramCard() -> impl IntoView {
    let panel = expect_context::<Panel>();
    view! {
        <section class="card histogram" aria-label="Histogram of one interval">
            <div class="bars-area">
                <h2 class="hist-head" data-testid="histogram-title" title=HEAD>
                    {live(move || panel.read(|s| s.when.clone()))}
                    <small>{live(move || panel.read(|s| s.what.clone()))}</small>
                </h2>
                <Bars/>
            </div>
            <div class="numbers">
                <Compared/>
                <Summary/>
            </div>
        </section>
    }
}

/// What the card shows when.
const HEAD: &str = "The newest interval; the column under the cursor, the marked time, or the time that is looked back at, when there is \
    one";

/// The baseline, and what differs from it.
#[component]
fn Compared() -> impl IntoView {
    let app = expect_context::<App>();
    let panel = expect_context::<Panel>();
    let when = move || app.baseline.with(|b| b.as_ref().map(|b| b.when.clone()));
    let sentences = move || {
        let told = app.baseline.with(|baseline| {
            let baseline = &baseline.as_ref()?.histogram;
            Some(panel.read(|s| compare::sentences(&s.histogram, baseline)))
        });
        let told = told.unwrap_or_default().into_iter();
        told.map(|line| view! { <li>{line}</li> }).collect_view()
    };
    let is_kept = memo(move || app.baseline.with(Option::is_some));
    view! {
        <div class="compared">
            <button
                class="button chip"
                data-testid="baseline"
                aria-pressed=live(move || is_kept.get().to_string())
                title="B: keep the marked time, or all that is shown, and compare with it"
                on:click=on(move |_| app.toggle_baseline())
            >
                {live(move || if is_kept.get() { "× baseline" } else { "Keep as baseline" })}
            </button>
            <span class="muted">{when}</span>
        </div>
        <Show when=move || is_kept.get()>
            <ul class="differences" data-testid="differences" aria-live="off">{sentences}</ul>
        </Show>
    }
}

/// A number's name, and how it is read from a histogram.
type Fact = (&'static str, fn(&Histogram) -> String);

/// The numbers that sum a histogram up.
const FACTS: [Fact; 9] = [
    ("waits", |h| words::waits(h.total, h.per_second)),
    ("mean wait", |h| {
        h.mean_ns.map_or_else(|| "–".to_owned(), human::nanos)
    }),
    ("time waited", |h| words::wait_rate(h.wait_ns_per_s)),
    ("woken", |h| words::part(h.woken, h.total)),
    ("preempted", |h| words::part(h.preempted, h.total)),
    ("p50", |h| words::percentile(h, "p50")),
    ("p90", |h| words::percentile(h, "p90")),
    ("p99", |h| words::percentile(h, "p99")),
    ("max", |h| words::percentile(h, "max")),
];

/// The numbers that sum the histogram up.
#[component]
fn Summary() -> impl IntoView {
    let panel = expect_context::<Panel>();
    let fact = move |read: fn(&Histogram) -> String| {
        move || {
            panel
                .read(|s| Some(read(&s.histogram)))
                .unwrap_or_else(|| "–".to_owned())
        }
    };
    let rows = FACTS.map(|(name, value)| {
        view! {
            <div title=meaning(name)>
                <dt>{name}</dt>
                <dd>{fact(value)}</dd>
            </div>
        }
    });
    let text = move || panel.read(|s| text::runqlat(&s.counts, s.histogram.unit));
    let text = Box::new(text);
    view! {
        <div class="summary">
            <dl data-testid="summary">
                {rows.collect_view()}
            </dl>
            <Copy
                label="Copy as text"
                testid="copy-text"
                title="Copies the histogram in the form in which runqlat prints it"
                text
            />
        </div>
    }
}

fn meaning(name: &str) -> &'static str {
    match name {
        "waits" => "Waits that ended in this time",
        "mean wait" => "Exact: the sum of all waits by their number",
        "time waited" => "Sum of all waits per second. 1 s/s is one task that waits all the time",
        "woken" => "Waits that began when a sleeping or new task was put on a run queue",
        "preempted" => "Waits that began when a running task lost its CPU",
        _ => "Read from buckets: the range in which it lies",
    }
}
