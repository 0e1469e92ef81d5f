//! The histogram beside the heatmap, whose rows are those of the map, and its numbers.

use super::bars::Bars;
use super::boxed::{Show, effect, live, memo, on};
use super::copy::Copy;
use super::panel::Panel;
use super::state::App;
use super::text::{Maker, Text};
use crate::compare;
use crate::histogram::Histogram;
use crate::words;
use leptos::html::Dl;
use leptos::prelude::*;
use runqlat_common::{human, text};
use web_sys::HtmlElement;

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
    let list = NodeRef::<Dl>::new();
    fill(panel, list);
    let text = move || panel.read(|s| text::runqlat(&s.counts, s.histogram.unit));
    let text = Box::new(text);
    view! {
        <div class="summary">
            <dl data-testid="summary" node_ref=list></dl>
            <Copy
                label="Copy as text"
                testid="copy-text"
                title="Copies the histogram in the form in which runqlat prints it"
                text
            />
        </div>
    }
}

/// Writes what has changed: by hand, for all of them may with each reading.
fn fill(panel: Panel, list: NodeRef<Dl>) {
    let written = StoredValue::new_local(Vec::<Text>::new());
    effect(move || {
        let list = list.get()?;
        written.update_value(|written| {
            if written.is_empty() {
                let facts = FACTS.iter().map(|(name, _)| fact(&list, name));
                *written = facts.collect::<Option<_>>().unwrap_or_default();
            }
            for (text, (_, tell)) in written.iter_mut().zip(FACTS) {
                let told = panel.read(|s| Some(tell(&s.histogram)));
                text.set(&format!("{}\n", told.as_deref().unwrap_or("–")));
            }
        });
        Some(())
    });
}

/// A name at the end of the list, and the text beside it: a line of the list's, which a browser so lays out at once.
fn fact(list: &HtmlElement, name: &str) -> Option<Text> {
    let document = list.owner_document()?;
    let make = Maker(&document);
    let part = |tag| {
        let part = make.child(list, tag, "", "")?;
        part.set_title(meaning(name));
        Text::new(&part)
    };
    part("dt")?.set(name);
    part("dd")
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
