//! The histogram's bars and their numbers, one a bucket, the longest wait at the top as in the map. Written by hand
//! and not by signals, and by columns and not by rows: all of them change with every update, and so are five texts and
//! one shape.

use super::boxed::{effect, live, memo, on};
use super::panel::{Panel, Shown};
use super::state::App;
use super::text::{Maker, Style, Text};
use crate::chart::cursor::Target;
use crate::chart::polygon;
use crate::compare;
use crate::histogram::Histogram;
use crate::words::{self, bars::Columns};
use leptos::ev::PointerEvent;
use leptos::html::Div;
use leptos::prelude::*;
use runqlat_common::counts::Range;
use web_sys::HtmlElement;

/// Free part of a row above a bar and below it; a baseline's mark has none.
const GAP: f64 = 0.09;

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
            role="img"
            aria-label=live(move || panel.read(|shown| words::bars::sentence(&shown.histogram)))
            style=("--row", row)
            style=("--top", top)
            style=("--marks", move || format!("{}ch", marks.get()))
        >
            <div class="bar-head">
                <span class="bar-range" title="How long the waits of a row were: each is twice as long as the one below">"waited"</span>
                <span class="bar-count" title="Waits of this length">"waits"</span>
                <span class="bar-part" title="Part of all waits">"share"</span>
                <span class="bar-up-to" title="Part of the waits that were this long or less">"or less"</span>
            </div>
            <div
                class="bar-body"
                node_ref=body
                on:pointermove=on(move |event: PointerEvent| {
                    let _none_without_rows = tell(panel, body, &event);
                })
            ></div>
        </div>
    }
}

/// Gives the body the title of the row under the pointer, which tells it in full.
fn tell(panel: Panel, body: NodeRef<Div>, event: &PointerEvent) -> Option<()> {
    let body = body.get_untracked()?;
    // All that lies in it begins at its top.
    let part = f64::from(event.offset_y()) / f64::from(body.client_height());
    let title = panel.read(|shown| {
        let bars = &shown.histogram.bars;
        let from_top = (part * bars.len() as f64) as usize;
        let bar = bars.get(bars.len().checked_sub(from_top + 1)?)?;
        let range = words::short_range(Range::of(bar.slot, shown.histogram.unit));
        Some(words::bucket(&range, bar, shown.histogram.total))
    })?;
    if body.title() != title {
        body.set_title(&title);
    }
    Some(())
}

fn letters(histogram: &Histogram) -> usize {
    let slots = histogram.percentiles.iter().map(|(_, slot)| *slot);
    let letters = slots.map(|slot| histogram.marks(slot).len());
    // As long as one at least, so that the bars seldom change their scale.
    letters.max().unwrap_or(0).max(3) + 1
}

/// Writes what has changed.
fn fill(app: App, panel: Panel, body: NodeRef<Div>) {
    let looked_at = memo(move || match app.target.get() {
        Some(Target::Cell { slot, .. }) => Some(slot),
        _ => None,
    });
    let drawn = StoredValue::new_local(None::<Drawn>);
    effect(move || {
        let body = body.get()?;
        let (looked_at, baseline) = (looked_at.get(), app.baseline.read());
        let then = baseline.as_ref().map(|kept| &kept.histogram);
        panel.read(|shown| {
            drawn.update_value(|drawn| {
                if drawn.is_none() {
                    *drawn = Drawn::new(&body);
                }
                if let Some(drawn) = drawn {
                    drawn.show(shown, then, looked_at);
                }
            });
        });
        Some(())
    });
}

/// The elements.
struct Drawn {
    height: Style,
    looked_at: Style,
    looked_at_top: Style,
    bars: Style,
    then: Style,
    then_bars: Style,
    ranges: Text,
    marks: Text,
    counts: Text,
    parts: Text,
    up_to: Text,
}

impl Drawn {
    fn new(body: &HtmlElement) -> Option<Self> {
        let document = body.owner_document()?;
        let make = Maker(&document);
        let child = |class| make.child(body, "div", class, "");
        let (looked_at, track) = (child("bar-on")?, child("bar-track")?);
        let bars = make.child(&track, "div", "bar-shape", "")?;
        let then = make.child(&track, "div", "bar-then", "")?;
        Some(Self {
            height: Style::new(body, "height"),
            looked_at: Style::new(&looked_at, "display"),
            looked_at_top: Style::new(&looked_at, "top"),
            bars: Style::new(&bars, "clip-path"),
            then: Style::new(&then, "display"),
            then_bars: Style::new(&then, "clip-path"),
            ranges: Text::new(&*child("bar-range")?)?,
            marks: Text::new(&*child("bar-marks")?)?,
            counts: Text::new(&*child("bar-count")?)?,
            parts: Text::new(&*child("bar-part")?)?,
            up_to: Text::new(&*child("bar-up-to")?)?,
        })
    }

    fn show(&mut self, shown: &Shown, then: Option<&Histogram>, looked_at: Option<usize>) {
        let histogram = &shown.histogram;
        let rows = histogram.bars.len();
        self.height.set(&format!("calc(var(--row) * {rows})"));
        let from_top = looked_at.and_then(|slot| rows.checked_sub(slot + 1));
        self.looked_at.set(display(from_top.is_some()));
        if let Some(row) = from_top {
            self.looked_at_top.set(&format!("calc(var(--row) * {row})"));
        }
        let lengths = histogram.bars.iter().rev().map(|bar| bar.share);
        self.bars.set(&polygon::bars(lengths, GAP));
        self.then.set(display(then.is_some()));
        if let Some(then) = then {
            let lengths = (0..rows).rev();
            let lengths = lengths.map(|slot| compare::share(histogram, then, slot));
            self.then_bars.set(&polygon::ends(lengths));
        }
        let columns = Columns::new(histogram);
        self.ranges.set(&columns.ranges);
        self.marks.set(&columns.marks);
        self.counts.set(&columns.counts);
        self.parts.set(&columns.parts);
        self.up_to.set(&columns.up_to);
    }
}

fn display(is_shown: bool) -> &'static str {
    if is_shown { "block" } else { "none" }
}
