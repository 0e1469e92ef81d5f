//! The list's heads and its scrolled part: which rows are in view. What a row looks like is in `row` and `columns`,
//! and what keys and clicks do in `reach`.

use super::boxed::{effect, live, memo, on};
use super::columns::Columns;
use super::multiples::MOST;
use super::once::once_in;
use super::reach::{on_click, on_focus, on_key, on_over};
use super::resize::on_resize;
use super::row::Place;
use super::state::App;
use crate::browser;
use crate::chart::ticks;
use crate::kept::Kept;
use crate::keys;
use crate::session::strip::CELLS;
use crate::table::{Column, Listing};
use crate::words;
use leptos::ev::{FocusEvent, MouseEvent, PointerEvent};
use leptos::html::{Div, Tbody};
use leptos::prelude::*;
use runqlat_common::wire::{Key, SeriesKey};
use std::time::Duration;

/// Columns, with the word that a test finds them by.
const HEADS: [(Column, &str, &str); 7] = [
    // These two are told by what waits are counted by.
    (Column::Name, "name", ""),
    (Column::Id, "id", ""),
    (Column::Rate, "waits/s", "Waits that ended, per second"),
    (
        Column::Wait,
        "wait time",
        "Time waited per second, all tasks of it together; the bar compares it with the largest",
    ),
    (Column::P50, "p50", "Bucket of the median wait"),
    (
        Column::P99,
        "p99",
        "Bucket of the wait that 99 of 100 do not exceed",
    ),
    (Column::Max, "max", "Bucket of the longest wait"),
];

/// What a strip is, which has no number to sort by.
pub(super) const STRIP_HELP: &str = "The longest wait of each of the last 120 intervals: the longer, the higher and the \
    stronger in colour, from 2 µs to 1 s for all alike; hatched is not known";

/// Height of a row in CSS pixels, as in the style sheet.
pub(super) const ROW_PX: usize = 24;

/// Who scrolls goes on for so long.
const REST: Duration = Duration::from_secs(1);

/// Height of the heads in CSS pixels, which lie over the rows.
pub(super) const HEAD_PX: usize = 25;

#[component]
pub(crate) fn Table() -> impl IntoView {
    let app = expect_context::<App>();
    let (scroll, body) = (NodeRef::<Div>::new(), NodeRef::<Tbody>::new());
    let rows = memo(move || app.listing.with(|listing| listing.rows));
    let kept = Memo::new(move |before: Option<&Kept>| {
        let rows = app.listing.with(|listing| listing.rows);
        app.listed.with(|view| view.room(rows, before.copied()))
    });
    let room = memo(move || kept.get().size);
    let is_path = memo(move || app.listing.with(|listing| listing.key == Key::Cgroup));
    let said = memo(move || {
        let session = app.session.read();
        app.listing
            .with(|listing| words::list::remark(listing, session.told()))
    });
    let span = memo(move || {
        let session = app.session.read();
        let scope = session.shown().scopes.current()?;
        if let Some(told) = session.told() {
            let (_, end_ms) = told.times?;
            return Some(format!(
                "until {}",
                ticks::clock(end_ms, browser::utc_offset_min(end_ms))
            ));
        }
        let ms = f64::from(scope.interval_ms) * CELLS as f64;
        Some(format!("last {}", words::span(ms)))
    });
    watch_room(app, scroll);
    let rest = once_in(REST, move || app.listed.update(|view| view.scrolls = false));
    // What leaves the page is told of no pointer that does.
    on_cleanup(move || app.pointed.set(false));
    fill(app, body);
    view! {
        <div
            class="table-scroll"
            class:away=live(move || app.as_strips.get())
            class:paths=live(move || is_path.get())
            data-testid="list-scroll"
            node_ref=scroll
            on:scroll=on(move |_| {
                measure(app, scroll);
                keep_rows_beside(app);
                rest();
            })
        >
            <table
                role="table"
                aria-rowcount=live(move || rows.get() + 1)
            >
                <thead role="rowgroup">
                    <tr role="row" aria-rowindex="1">
                        <th role="columnheader" class="c-pin" title="P: a pinned row stays on top"><span class="hidden">"pinned"</span></th>
                        {HEADS.map(|(column, name, title)| view! { <Head column name title/> }).collect_view()}
                        <th role="columnheader" scope="col" class="c-strip">
                            <span title=STRIP_HELP>{span}</span>
                        </th>
                    </tr>
                </thead>
                <tbody
                    role="rowgroup"
                    node_ref=body
                    style:height=live(move || format!("{}px", room.get() * ROW_PX))
                    on:pointerenter=on(move |_: PointerEvent| app.pointed.set(true))
                    on:pointerleave=on(move |_: PointerEvent| app.pointed.set(false))
                    on:pointerover=on(move |event: PointerEvent| on_over(app, event.target()))
                    on:click=on(move |event: MouseEvent| on_click(app, &event))
                    on:keydown=on(move |event| on_key(app, body, &event))
                    on:focusin=on(move |event: FocusEvent| on_focus(app, event.target()))
                    on:focusout=on(move |event: FocusEvent| on_focus(app, event.related_target()))
                ></tbody>
            </table>
            <Columns/>
            <p class="muted more">{said}</p>
        </div>
    }
}

/// Follows the height of what is visible of the list.
fn watch_room(app: App, scroll: NodeRef<Div>) {
    on_resize(scroll, move |_| measure(app, scroll));
}

fn measure(app: App, scroll: NodeRef<Div>) {
    let Some(element) = scroll.get_untracked() else {
        return;
    };
    let px = |px: i32| usize::try_from(px).unwrap_or(0);
    let (from, height) = (px(element.scroll_top()), element.client_height());
    let (top, end) = (
        from / ROW_PX,
        (from + px(height).saturating_sub(HEAD_PX)).div_ceil(ROW_PX),
    );
    // While the list is away its first rows are shown as strips.
    let visible = (end - top).max(MOST);
    let view = app.listed.read_untracked();
    if (view.top, view.visible) != (top, visible) {
        drop(view);
        app.listed
            .update(|view| (view.top, view.visible) = (top, visible));
    }
}

/// A browser scrolls what it has before the page hears of it.
fn keep_rows_beside(app: App) {
    if !app.listed.read_untracked().scrolls {
        app.listed.update(|view| view.scrolls = true);
    }
}

/// Writes the rows in view into their places, of which it makes as many as it needs. By hand and not by
/// signals: all of them may change with every update.
fn fill(app: App, body: NodeRef<Tbody>) {
    let selected = memo(move || app.session.read().selected_key());
    let places = StoredValue::new_local(Vec::<Place>::new());
    effect(move || {
        let body = body.get()?;
        let (listing, selected) = (app.listing.get(), selected.get());
        let view = app.listed.read_untracked().clone();
        places.update_value(|places| {
            // The list may have been put up anew, with another body.
            if places.first().is_some_and(|place| !place.is_in(&body)) {
                places.clear();
            }
            while places.len() < listing.places.len() {
                let Some(place) = Place::new(&body, places.len()) else {
                    return;
                };
                places.push(place);
            }
            let stop = view
                .held
                .map_or_else(|| stop_of(&listing, view.top), |(_, key)| Some(key));
            for (at, place) in places.iter_mut().enumerate() {
                let row = listing.places.get(at).and_then(Option::as_ref);
                place.show(row, &listing, selected, stop);
            }
        });
        follow_focus(app, &listing);
        Some(())
    });
}

/// Where the tab key enters the list: its first visible row.
fn stop_of(listing: &Listing, top: usize) -> Option<SeriesKey> {
    let row = listing.at(top.min(listing.rows.saturating_sub(1)));
    row.map(|row| row.key)
}

/// When the row with the focus has left the list, the focus stays where it is: on another row.
fn follow_focus(app: App, listing: &Listing) {
    let Some((place, key)) = app.listed.read_untracked().held else {
        return;
    };
    let now = listing
        .places
        .get(place)
        .and_then(Option::as_ref)
        .map(|row| row.key);
    if now != Some(key) {
        app.listed
            .update(|view| view.held = now.map(|key| (place, key)));
    }
}

#[component]
fn Head(column: Column, name: &'static str, title: &'static str) -> impl IntoView {
    let app = expect_context::<App>();
    let order = move || {
        let sort = app.sort.get();
        match (sort.by == column, sort.descending) {
            (false, _) => "none",
            (true, true) => "descending",
            (true, false) => "ascending",
        }
    };
    let key = memo(move || app.listing.with(|listing| listing.key));
    let words = move || {
        let kind = keys::kind(key.get());
        match column {
            Column::Name => (kind.one, kind.about_name),
            Column::Id => (kind.id, kind.about_id),
            _ => (name, title),
        }
    };
    view! {
        <th role="columnheader" aria-sort=order scope="col" class=class_of(column)>
            <button
                title=live(move || words().1)
                data-sort=name
                on:click=on(move |_| app.sort.update(|sort| *sort = sort.clicked(column)))
            >
                {live(move || words().0)}
            </button>
        </th>
    }
}

fn class_of(column: Column) -> &'static str {
    match column {
        Column::Name => "c-name",
        Column::Id => "c-id num",
        Column::Rate => "c-rate num",
        Column::Wait => "c-wait num",
        Column::P50 => "c-p50 num",
        Column::P99 => "c-p99 num",
        Column::Max => "c-max num",
    }
}
