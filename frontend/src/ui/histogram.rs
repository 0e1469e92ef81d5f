//! The histogram beside the heatmap, whose rows are those of the map, and its numbers.

use super::state::App;
use crate::browser;
use crate::chart::cursor::Target;
use crate::histogram::Histogram;
use crate::tooltip::column_times;
use crate::words;
use leptos::prelude::*;
use runqlat_common::counts::{Counts, Range};
use runqlat_common::{human, text};
use std::sync::Arc;

/// What the panel shows.
#[derive(Clone, PartialEq)]
struct Shown {
    /// `newest interval`, `under the cursor`, `frozen`.
    what: String,
    when: String,
    counts: Counts,
    histogram: Histogram,
}

/// The panel's state, shared by its parts.
#[derive(Clone, Copy)]
pub(crate) struct Panel(Memo<Arc<Option<Shown>>>);

impl Panel {
    pub(crate) fn new(app: App) -> Self {
        Self(Memo::new(move |_| Arc::new(shown(app))))
    }

    fn read<T: Default>(self, read: impl FnOnce(&Shown) -> T) -> T {
        self.0
            .with(|shown| (**shown).as_ref().map(read).unwrap_or_default())
    }
}

fn shown(app: App) -> Option<Shown> {
    let frame = app.frame.get()?;
    let rows = frame.layout.rows.rows;
    if let Some(Target::Cell { column, .. }) = app.target.get() {
        let column = frame.grid.columns.get(column)?;
        let frozen = app.cursor.get().is_frozen();
        return Some(Shown {
            what: if frozen { "frozen" } else { "under the cursor" }.to_owned(),
            when: column_times(column, browser::utc_offset_min(column.end_ms)),
            histogram: Histogram::new(&column.counts, frame.unit(), column.measured_ms, rows),
            counts: column.counts.clone(),
        });
    }
    let session = app.session.read();
    // The newest interval itself: the map's last column may be several.
    let newest = session.slices(0.0).next_back()?;
    let what = match newest.counts {
        Ok(_) => "newest interval".to_owned(),
        Err(why) => format!("newest interval: {}", words::scope::missing(why)),
    };
    let counts = newest.counts.cloned().unwrap_or_default();
    let measured_ms = newest.end_ms - newest.start_ms;
    let utc_offset_min = browser::utc_offset_min(newest.end_ms);
    Some(Shown {
        what,
        when: crate::tooltip::times(newest.start_ms, newest.end_ms, utc_offset_min),
        histogram: Histogram::new(&counts, frame.unit(), measured_ms, rows),
        counts,
    })
}

/// The card beside the map: bars in the map's rows, numbers below.
#[component]
pub(crate) fn HistogramCard() -> impl IntoView {
    let panel = expect_context::<Panel>();
    view! {
        <section class="card histogram" aria-label="Histogram of one interval">
            <div class="bars-area">
                <h2 class="hist-head" data-testid="histogram-title">
                    {move || panel.read(|s| s.when.clone())}
                    <small>{move || panel.read(|s| s.what.clone())}</small>
                </h2>
                <Bars/>
            </div>
            <Summary/>
        </section>
    }
}

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
        >
            <div class="bar-head" aria-hidden="true">
                <span>"waited"</span>
                <span></span>
                <span>"waits"</span>
            </div>
            {move || {
                let slots = (0..rows.get()).rev();
                slots.map(|slot| view! { <BarRow bucket=slot looked_at/> }).collect_view()
            }}
        </div>
    }
}

#[component]
fn BarRow(bucket: usize, looked_at: Memo<Option<usize>>) -> impl IntoView {
    let panel = expect_context::<Panel>();
    let bar = Memo::new(move |_| {
        panel.read(|s| {
            let bar = s.histogram.bars.get(bucket)?;
            Some((bar.count, bar.share))
        })
    });
    let count = move || bar.get().map_or(0, |bar| bar.0);
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
            </span>
            <span class="bar-count">{move || words::grouped(count())}</span>
        </div>
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
    let copy = move |_| {
        panel.read(|s| browser::copy(&text::runqlat(&s.counts, s.histogram.unit)));
    };
    view! {
        <div class="summary">
            <dl data-testid="summary">
                {rows.collect_view()}
            </dl>
            <button
                class="button"
                data-testid="copy-text"
                title="Copies the histogram in the form in which runqlat prints it"
                on:click=copy
            >
                "Copy as text"
            </button>
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
