//! The histogram beside the heatmap, whose rows are those of the map, and its numbers.

use super::copy::Copy;
use super::panel::Panel;
use super::state::App;
use crate::chart::cursor::Target;
use crate::compare;
use crate::histogram::Histogram;
use crate::words;
use leptos::ev::PointerEvent;
use leptos::prelude::*;
use runqlat_common::counts::Range;
use runqlat_common::{human, text};
use wasm_bindgen::JsCast;
use web_sys::Element;

/// The card beside the map: bars in the map's rows, numbers below.
#[component]
pub(crate) fn HistogramCard() -> impl IntoView {
    let panel = expect_context::<Panel>();
    view! {
        <section class="card histogram" aria-label="Histogram of one interval">
            <div class="bars-area">
                <h2 class="hist-head" data-testid="histogram-title" title=HEAD>
                    {move || panel.read(|s| s.when.clone())}
                    <small>{move || panel.read(|s| s.what.clone())}</small>
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
const HEAD: &str =
    "The newest interval; the column under the cursor, or the marked time, when there is one";

/// One bar a bucket, the longest wait at the top, as in the map.
#[component]
fn Bars() -> impl IntoView {
    let app = expect_context::<App>();
    let panel = expect_context::<Panel>();
    let rows = Memo::new(move |_| panel.read(|s| s.histogram.bars.len()));
    let layout = Memo::new(move |_| app.frame.get().map(|frame| frame.layout));
    let row = move || layout.get().map(|l| format!("{}px", l.css(l.rows.row_px)));
    let top = move || layout.get().map(|l| format!("{}px", l.css(l.top)));
    let looked_at = Memo::new(move |_| match app.target.get() {
        Some(Target::Cell { slot, .. }) => Some(slot),
        _ => None,
    });
    view! {
        <div
            class="bars"
            data-testid="histogram"
            role="list"
            aria-label="Histogram of waits by length"
            style=("--row", row)
            style=("--top", top)
            on:pointerover=move |event| {
                let _none_below_the_rows = tell(panel, &event);
            }
        >
            <div class="bar-head" aria-hidden="true">
                <span title="How long the waits of a row were: each is twice as long as the one below">"waited"</span>
                <span></span>
                <span title="Waits of this length">"waits"</span>
                <span class="bar-part" title="Part of all waits">"share"</span>
                <span class="bar-up-to" title="Part of the waits that were this long or less">"or less"</span>
            </div>
            {move || {
                let slots = (0..rows.get()).rev();
                slots.map(|slot| view! { <BarRow bucket=slot looked_at/> }).collect_view()
            }}
        </div>
    }
}

/// Gives the row under the pointer its title, which tells it in full: no sooner, for all of them change with every
/// update.
fn tell(panel: Panel, event: &PointerEvent) -> Option<()> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let row = target.closest("[data-slot]").ok()??;
    let slot: usize = row.get_attribute("data-slot")?.parse().ok()?;
    let title = panel.read(|s| {
        let bar = s.histogram.bars.get(slot)?;
        let range = words::short_range(Range::of(slot, s.histogram.unit));
        Some(words::bucket(&range, bar, s.histogram.total))
    });
    row.set_attribute("title", &title?).ok()
}

#[component]
fn BarRow(bucket: usize, looked_at: Memo<Option<usize>>) -> impl IntoView {
    let app = expect_context::<App>();
    let panel = expect_context::<Panel>();
    let bar = Memo::new(move |_| {
        panel.read(|s| {
            let bar = s.histogram.bars.get(bucket)?;
            Some((bar.count, bar.share, bar.up_to, s.histogram.total))
        })
    });
    let count = move || bar.get().map_or(0, |bar| bar.0);
    let percent = move |of: fn((u64, f64, u64, u64)) -> u64| {
        let bar = bar.get().unwrap_or_default();
        words::percent(of(bar), bar.3)
    };
    let part = move || percent(|bar| bar.0);
    let up_to = move || percent(|bar| bar.2);
    let then = Memo::new(move |_| {
        app.baseline.with(|baseline| {
            let baseline = &baseline.as_ref()?.histogram;
            Some(panel.read(|s| compare::share(&s.histogram, baseline, bucket)))
        })
    });
    let marks = Memo::new(move |_| panel.read(|s| s.histogram.marks(bucket)));
    let unit = Memo::new(move |_| panel.read(|s| s.histogram.unit));
    let range = move || words::short_range(Range::of(bucket, unit.get()));
    view! {
        <div
            class="bar-row"
            class:none=move || count() == 0
            class:on=move || looked_at.get() == Some(bucket)
            data-slot=bucket
            role="listitem"
        >
            <span class="bar-range">{range}</span>
            <span class="bar-track">
                <span class="bar" style:width=move || format!("{:.2}%", bar.get().map_or(0.0, |b| b.1 * 100.0))></span>
                <span class="bar-marks">{marks}</span>
                <Show when=move || then.get().is_some_and(|share| share > 0.0)>
                    <span class="bar-then" style:width=move || format!("{:.2}%", then.get().unwrap_or(0.0) * 100.0)></span>
                </Show>
            </span>
            <span class="bar-count">{move || words::grouped(count())}</span>
            <span class="bar-part">{part}</span>
            <span class="bar-up-to">{up_to}</span>
        </div>
    }
}

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
    let is_kept = Memo::new(move |_| app.baseline.with(Option::is_some));
    view! {
        <div class="compared">
            <button
                class="button chip"
                data-testid="baseline"
                aria-pressed=move || is_kept.get().to_string()
                title="B: keep the marked time, or all that is shown, and compare with it"
                on:click=move |_| app.toggle_baseline()
            >
                {move || if is_kept.get() { "× baseline" } else { "Keep as baseline" }}
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
