//! The histogram's bars, one a bucket, the longest wait at the top as in the map. Written by hand and not by
//! signals, and painted more than laid out: all of them change with every update.

use super::boxed::{effect, memo, on};
use super::panel::{Panel, Shown};
use super::state::App;
use super::text::{Maker, Text, set};
use crate::chart::cursor::Target;
use crate::compare;
use crate::histogram::Histogram;
use crate::words;
use leptos::ev::PointerEvent;
use leptos::html::Div;
use leptos::prelude::*;
use runqlat_common::buckets::Unit;
use runqlat_common::counts::Range;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

#[component]
pub(super) fn Bars() -> impl IntoView {
    let app = expect_context::<App>();
    let panel = expect_context::<Panel>();
    let body = NodeRef::<Div>::new();
    let layout = move || app.shape.get().map(|shape| shape.layout);
    let row = move || layout().map(|l| format!("{}px", l.css(l.rows.row_px)));
    let top = move || layout().map(|l| format!("{}px", l.css(l.top)));
    // Letters of the longest mark: so much room is kept for it beside the longest bar.
    let marks = memo(move || panel.read(|shown| letters(&shown.histogram)));
    fill(app, panel, body);
    view! {
        <div
            class="bars"
            data-testid="histogram"
            role="list"
            aria-label="Histogram of waits by length"
            style=("--row", row)
            style=("--top", top)
            on:pointerover=on(move |event: PointerEvent| {
                let _none_below_the_rows = tell(panel, &event);
            })
            style=("--marks", move || format!("{}ch", marks.get()))
        >
            <div class="bar-head" aria-hidden="true">
                <span class="bar-range" title="How long the waits of a row were: each is twice as long as the one below">"waited"</span>
                <span class="bar-count" title="Waits of this length">"waits"</span>
                <span class="bar-part" title="Part of all waits">"share"</span>
                <span class="bar-up-to" title="Part of the waits that were this long or less">"or less"</span>
            </div>
            <div role="presentation" node_ref=body></div>
        </div>
    }
}

/// Gives the row under the pointer its title, which tells it in full: no sooner, for all of them change with every
/// update.
fn tell(panel: Panel, event: &PointerEvent) -> Option<()> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let row = target.closest("[data-slot]").ok()??;
    let slot: usize = row.get_attribute("data-slot")?.parse().ok()?;
    let title = panel.read(|shown| {
        let bar = shown.histogram.bars.get(slot)?;
        let range = words::short_range(Range::of(slot, shown.histogram.unit));
        Some(words::bucket(&range, bar, shown.histogram.total))
    });
    row.set_attribute("title", &title?).ok()
}

fn letters(histogram: &Histogram) -> usize {
    let slots = histogram.percentiles.iter().map(|(_, slot)| *slot);
    let letters = slots.map(|slot| histogram.marks(slot).len());
    // As long as one at least, so that the bars seldom change their scale.
    letters.max().unwrap_or(0).max(3) + 1
}

/// Keeps as many bars as the map has rows, and writes what has changed in them.
fn fill(app: App, panel: Panel, body: NodeRef<Div>) {
    let looked_at = memo(move || match app.target.get() {
        Some(Target::Cell { slot, .. }) => Some(slot),
        _ => None,
    });
    // By ascending bucket.
    let bars = StoredValue::new_local(Vec::<Bar>::new());
    effect(move || {
        let body = body.get()?;
        let (looked_at, baseline) = (looked_at.get(), app.baseline.read());
        let then = baseline.as_ref().map(|kept| &kept.histogram);
        panel.read(|shown| {
            bars.update_value(|bars| {
                if bars.len() != shown.histogram.bars.len() {
                    *bars = make(&body, shown.histogram.bars.len()).unwrap_or_default();
                }
                for (slot, bar) in bars.iter_mut().enumerate() {
                    bar.show(&Facts::new(shown, then, slot, looked_at));
                }
            });
        });
        Some(())
    });
}

fn make(body: &HtmlElement, count: usize) -> Option<Vec<Bar>> {
    body.set_text_content(None);
    let made = (0..count).rev().map(|slot| Bar::new(body, slot));
    let mut bars: Vec<Bar> = made.collect::<Option<_>>()?;
    bars.reverse();
    Some(bars)
}

/// What a bar shows.
#[derive(PartialEq)]
struct Facts {
    slot: usize,
    unit: Unit,
    count: u64,
    /// Waits that were this long or less, and all.
    up_to: u64,
    total: u64,
    /// Its length and that of the baseline's, as a part of the longest, in thousandths.
    length: u32,
    then: u32,
    marks: String,
    looked_at: bool,
}

impl Facts {
    fn new(shown: &Shown, then: Option<&Histogram>, slot: usize, looked_at: Option<usize>) -> Self {
        let histogram = &shown.histogram;
        let bar = &histogram.bars[slot];
        let thousandths = |part: f64| (part * 1_000.0).round() as u32;
        let then = then.map_or(0.0, |then| compare::share(histogram, then, slot));
        Self {
            slot,
            unit: histogram.unit,
            count: bar.count,
            up_to: bar.up_to,
            total: histogram.total,
            length: thousandths(bar.share),
            then: thousandths(then),
            marks: histogram.marks(slot),
            looked_at: looked_at == Some(slot),
        }
    }
}

/// The elements of one bar.
struct Bar {
    row: HtmlElement,
    range: Text,
    track: HtmlElement,
    marks_at: HtmlElement,
    marks: Text,
    then: HtmlElement,
    count: Text,
    part: Text,
    up_to: Text,
    shown: Option<Facts>,
}

impl Bar {
    fn new(body: &HtmlElement, slot: usize) -> Option<Self> {
        let document = body.owner_document()?;
        let make = Maker(&document);
        let row = make.child(body, "div", "bar-row", "listitem")?;
        set(&row, "data-slot", Some(&slot.to_string()));
        let range = make.child(&row, "span", "bar-range", "")?;
        let track = make.child(&row, "span", "bar-track", "")?;
        let marks_at = make.child(&track, "span", "bar-marks", "")?;
        let then = make.child(&track, "span", "bar-then", "")?;
        let count = make.child(&row, "span", "bar-count", "")?;
        let part = make.child(&row, "span", "bar-part", "")?;
        let up_to = make.child(&row, "span", "bar-up-to", "")?;
        Some(Self {
            range: Text::new(&range)?,
            marks: Text::new(&marks_at)?,
            count: Text::new(&count)?,
            part: Text::new(&part)?,
            up_to: Text::new(&up_to)?,
            row,
            track,
            marks_at,
            then,
            shown: None,
        })
    }

    fn show(&mut self, now: &Facts) {
        let was = self.shown.as_ref();
        if was == Some(now) {
            return;
        }
        let changed =
            |is_other: fn(&Facts, &Facts) -> bool| was.is_none_or(|was| is_other(was, now));
        let class = |facts: &Facts| (facts.count == 0, facts.looked_at);
        if was.is_none_or(|was| class(was) != class(now)) {
            self.row.set_class_name(match class(now) {
                (true, true) => "bar-row none on",
                (true, false) => "bar-row none",
                (false, true) => "bar-row on",
                (false, false) => "bar-row",
            });
        }
        if changed(|was, now| was.unit != now.unit) {
            self.range
                .set(&words::short_range(Range::of(now.slot, now.unit)));
        }
        if changed(|was, now| was.count != now.count) {
            self.count.set(&words::grouped(now.count));
        }
        let parts = |facts: &Facts| (facts.unit, facts.count, facts.up_to, facts.total);
        if was.is_none_or(|was| parts(was) != parts(now)) {
            let part = words::percent(now.count, now.total);
            let up_to = words::percent(now.up_to, now.total);
            self.part.set(&part);
            self.up_to.set(&up_to);
        }
        if changed(|was, now| was.length != now.length || (was.count == 0) != (now.count == 0)) {
            let least = if now.count == 0 { 0 } else { 2 };
            let size = format!("max({least}px, {}) calc(100% - 2px)", length(now.length));
            let _set = self.track.style().set_property("background-size", &size);
        }
        if !now.marks.is_empty()
            && changed(|was, now| was.length != now.length || was.marks != now.marks)
        {
            let _set = self
                .marks_at
                .style()
                .set_property("left", &length(now.length));
        }
        self.marks.set(&now.marks);
        if changed(|was, now| was.then != now.then) {
            set(&self.then, "hidden", (now.then == 0).then_some(""));
            let _set = self.then.style().set_property("left", &length(now.then));
        }
        self.shown = Some(Facts {
            marks: now.marks.clone(),
            ..*now
        });
    }
}

/// On a bar's track, beside which the marks have room.
fn length(thousandths: u32) -> String {
    format!(
        "calc((100% - var(--marks)) * {})",
        f64::from(thousandths) / 1_000.0
    )
}
