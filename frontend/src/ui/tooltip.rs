//! The tooltip over the heatmap.

use super::boxed::{Show, live, memo};
use super::state::App;
use crate::browser;
use crate::chart::cursor::{Cursor, Target};
use crate::chart::frame::Frame;
use crate::tooltip::{CellTip, Tip};
use crate::words;
use leptos::prelude::*;

/// Distance of the tooltip from its cell, and its width, in CSS pixels.
const GAP: f64 = 14.0;
const WIDTH: f64 = 232.0;
const HEIGHT: f64 = 148.0;

/// What a line about a change adds to it, and the letters that a line holds at least.
const LINE: f64 = 17.0;
const LETTERS: usize = 26;

#[component]
pub(crate) fn Tooltip() -> impl IntoView {
    let app = expect_context::<App>();
    let tip = memo(move || {
        let target = app.target.get()?;
        let frame = app.frame.get()?;
        let utc_offset_min = browser::utc_offset_min(frame.time.end_ms);
        let x = match app.cursor.get() {
            Cursor::Pointer { x, y } => Some(frame.layout.plot_from_css(x, y).0),
            _ => None,
        };
        Tip::new(&frame, target, x, utc_offset_min)
    });
    let place = memo(move || {
        let target = app.target.get()?;
        let frame = app.frame.get()?;
        let change = tip.get().and_then(|tip| tip.change).unwrap_or_default();
        let lines = change
            .lines()
            .map(|line| line.chars().count().div_ceil(LETTERS));
        let height = HEIGHT + lines.sum::<usize>() as f64 * LINE;
        Some(place(&frame, app.cursor.get(), target, height))
    });
    let px = move |axis: fn((f64, f64)) -> f64| {
        move || format!("{:.0}px", place.get().map_or(0.0, axis))
    };
    let frozen = memo(move || app.cursor.get().is_frozen());
    let read_only = memo(move || app.others().together.read_only);
    let hint = move || match (frozen.get(), read_only.get()) {
        (true, _) => "frozen · Esc releases",
        (false, true) => "click freezes",
        (false, false) => "click freezes · N notes",
    };
    view! {
        <Show when=move || tip.get().is_some()>
            <div
                class="tooltip"
                class:frozen=live(move || frozen.get())
                data-testid="tooltip"
                style:left=px(|p| p.0)
                style:top=px(|p| p.1)
            >
                <div class="when">{live(move || tip.get().map(|tip| tip.when))}</div>
                <div class="muted">{live(move || tip.get().map(|tip| tip.date))}</div>
                {live(move || tip.get().map(|tip| cell(tip.cell)))}
                <p class="change" data-testid="tooltip-change">
                    {live(move || tip.get().and_then(|tip| tip.change))}
                </p>
                <div class="muted how">
                    {live(hint)}
                    <button class="button" data-mark="" hidden=live(move || read_only.get())>"Note…"</button>
                </div>
            </div>
        </Show>
        <p class="hidden" aria-live="polite">
            {live(move || tip.get().filter(|_| is_walking(app)).map(|tip| tip.line()))}
        </p>
    }
}

/// Cells are spoken only while someone walks over them with the keys.
fn is_walking(app: App) -> bool {
    matches!(app.cursor.get(), Cursor::Cell { .. })
}

fn cell(cell: Result<CellTip, String>) -> AnyView {
    let cell = match cell {
        Ok(cell) => cell,
        Err(why) => return view! { <p>{why}</p> }.into_any(),
    };
    let waits = format!(
        "{} of {}",
        words::grouped(cell.count),
        words::grouped(cell.total)
    );
    view! {
        <dl>
            <dt>"waited"</dt>
            <dd>{cell.range}</dd>
            <dt>"waits"</dt>
            <dd>{waits}</dd>
            <dt>"share"</dt>
            <dd>{cell.share}</dd>
            <dt>"this or less"</dt>
            <dd>{cell.cumulative}</dd>
        </dl>
    }
    .into_any()
}

/// Top left corner of the tooltip, in CSS pixels: beside the pointer or its cell, inside the plot.
fn place(frame: &Frame, cursor: Cursor, target: Target, height: f64) -> (f64, f64) {
    let layout = &frame.layout;
    let (x, y) = match (cursor, target) {
        (Cursor::Pointer { x, y }, _) => (x, y),
        (_, Target::Cell { column, slot }) => {
            let column = frame.grid.columns.get(column);
            let right = column.map_or(0, |column| column.x1);
            let row = layout.top + layout.rows.pixel_from_slot(slot);
            (layout.css(layout.left + right), layout.css(row))
        }
        (_, Target::Missing { .. }) => (0.0, 0.0),
    };
    let left = if x + GAP + WIDTH > layout.size.width {
        x - GAP - WIDTH
    } else {
        x + GAP
    };
    let top = (y + GAP).min(layout.size.height - height);
    (left.max(0.0), top.max(0.0))
}
