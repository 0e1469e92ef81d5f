//! The histogram's bars and their numbers, one a bucket, the longest wait at the top as in the map. Written by hand
//! and not by signals, and by columns and not by rows: all of them change with every update, and so are five texts and
//! one picture.

use super::boxed::{effect, live, memo, on};
use super::panel::{Panel, Shown};
use super::resize::size_of;
use super::state::App;
use super::text::{Maker, Style, Text};
use super::theme::Look;
use crate::chart::bars::Bars as Picture;
use crate::chart::cursor::Target;
use crate::chart::layout::Size;
use crate::compare;
use crate::histogram::Histogram;
use crate::kept::Kept;
use crate::paint;
use crate::words::{self, bars::Columns};
use leptos::ev::PointerEvent;
use leptos::html::{Canvas, Div};
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
    // Letters of the longest mark: so much room is kept for it beside the longest bar, which else would have another
    // length whenever two percentiles meet.
    let kept = Memo::new(move |before: Option<&Kept>| {
        let letters = panel.read(|shown| letters(&shown.histogram));
        Kept::after(before.copied(), letters)
    });
    let marks = memo(move || kept.get().size);
    fill(panel, body);
    let (track, canvas) = (NodeRef::<Div>::new(), NodeRef::<Canvas>::new());
    paint_bars(app, panel, canvas, size_of(track));
    let looked_at = memo(move || from_top(app, panel));
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
            >
                <div
                    class="bar-on"
                    style:display=live(move || if looked_at.get().is_some() { "block" } else { "none" })
                    style:top=live(move || format!("calc(var(--row) * {})", looked_at.get().unwrap_or(0)))
                ></div>
                <div class="bar-track" node_ref=track>
                    <canvas node_ref=canvas data-testid="bars"></canvas>
                </div>
            </div>
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

/// Of the cell that is looked at the row.
fn from_top(app: App, panel: Panel) -> Option<usize> {
    let Some(Target::Cell { slot, .. }) = app.target.get() else {
        return None;
    };
    let rows = panel.read(|shown| shown.histogram.bars.len());
    rows.checked_sub(slot + 1)
}

fn paint_bars(app: App, panel: Panel, canvas: NodeRef<Canvas>, size: RwSignal<Size>) {
    let look = expect_context::<Look>();
    effect(move || {
        app.seen.get().then_some(())?;
        let (canvas, size, palette) = (canvas.get()?, size.get(), look.palette());
        let baseline = app.baseline.read();
        let then = baseline.as_ref().map(|kept| &kept.histogram);
        panel.read(|shown| {
            let picture = picture(&shown.histogram, then);
            paint::bars(&canvas, &picture, size, &palette);
        });
        Some(())
    });
}

/// The bars, and where a baseline's would end.
fn picture(histogram: &Histogram, then: Option<&Histogram>) -> Picture {
    let slots = (0..histogram.bars.len()).rev();
    let ends = then.map(|then| {
        slots
            .map(|slot| compare::share(histogram, then, slot))
            .collect()
    });
    Picture {
        lengths: histogram.bars.iter().rev().map(|bar| bar.share).collect(),
        ends: ends.unwrap_or_default(),
        inset: GAP,
    }
}

/// Writes what has changed.
fn fill(panel: Panel, body: NodeRef<Div>) {
    let drawn = StoredValue::new_local(None::<Drawn>);
    effect(move || {
        let body = body.get()?;
        panel.read(|shown| {
            drawn.update_value(|drawn| {
                if drawn.is_none() {
                    *drawn = Drawn::new(&body);
                }
                if let Some(drawn) = drawn {
                    drawn.show(shown);
                }
            });
        });
        Some(())
    });
}

/// The elements that are written.
struct Drawn {
    height: Style,
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
        let column = |class| make.text(body, "div", class);
        Some(Self {
            height: Style::new(body, "height"),
            ranges: column("bar-range")?,
            marks: column("bar-marks")?,
            counts: column("bar-count")?,
            parts: column("bar-part")?,
            up_to: column("bar-up-to")?,
        })
    }

    fn show(&mut self, shown: &Shown) {
        let histogram = &shown.histogram;
        let rows = histogram.bars.len();
        self.height.set(&format!("calc(var(--row) * {rows})"));
        let columns = Columns::new(histogram);
        self.ranges.set(&columns.ranges);
        self.marks.set(&columns.marks);
        self.counts.set(&columns.counts);
        self.parts.set(&columns.parts);
        self.up_to.set(&columns.up_to);
    }
}
