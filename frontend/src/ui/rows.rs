//! The rows of the list of series, and their heads.

use super::state::App;
use crate::keys;
use crate::table::{Column, Listing, MAX_ROWS, Row};
use crate::words;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use runqlat_common::counts::Range;
use runqlat_common::human;
use runqlat_common::wire::{Key, OTHER};
use std::sync::Arc;
use wasm_bindgen::JsCast;

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

/// Height of a row in CSS pixels, as in the style sheet.
const ROW_PX: usize = 24;

/// Rows that are built before anyone scrolls: moving a row costs layout, with every update.
const FIRST_ROWS: usize = 60;

#[component]
pub(crate) fn Table() -> impl IntoView {
    let app = expect_context::<App>();
    let built = RwSignal::new(FIRST_ROWS);
    let keys = Memo::new(move |_| {
        let first = |listing: &Arc<Listing>| {
            let rows = listing.rows.iter().take(built.get());
            rows.map(|row| row.key).collect::<Vec<_>>()
        };
        app.listing.with(first)
    });
    let is_path = Memo::new(move |_| app.listing.with(|listing| listing.key == Key::Cgroup));
    // What is not built yet takes its room, so that the scroll bar tells the truth.
    let rest = Memo::new(move |_| {
        let rows = app.listing.with(|listing| listing.rows.len());
        rows.saturating_sub(built.get()) * ROW_PX
    });
    view! {
        <div class="table-scroll" on:scroll=move |event| built.set(rows_to_build(&event))>
            <table class:paths=move || is_path.get()>
                <thead>
                    <tr>{HEADS.map(|(column, name, title)| view! { <Head column name title/> }).collect_view()}</tr>
                </thead>
                <tbody>
                    <For each=move || keys.get() key=|key| *key let:key>
                        <SeriesRow key/>
                    </For>
                </tbody>
            </table>
            <div style:height=move || format!("{}px", rest.get())></div>
            <p class="muted more">{move || app.listing.with(|listing| remark(listing))}</p>
        </div>
    }
}

/// The rows that someone who has scrolled there sees, and some more.
fn rows_to_build(event: &web_sys::Event) -> usize {
    let target = event
        .target()
        .and_then(|t| t.dyn_into::<web_sys::Element>().ok());
    let bottom = target.map_or(0, |element| element.scroll_top() + element.client_height());
    let seen = usize::try_from(bottom).unwrap_or(0) / ROW_PX;
    (seen + FIRST_ROWS / 2).next_multiple_of(FIRST_ROWS)
}

/// What the rows don't show.
fn remark(listing: &Listing) -> String {
    let one = keys::kind(listing.key).one;
    match (listing.total, listing.matched) {
        (0, _) => format!("No {one} waits"),
        (_, 0) => format!("No {one} matches"),
        (_, n) if n > MAX_ROWS => {
            format!(
                "showing {MAX_ROWS} of {} — filter to narrow",
                words::grouped(n as u64)
            )
        }
        _ => String::new(),
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
    let key = Memo::new(move |_| app.listing.with(|listing| listing.key));
    let words = move || {
        let kind = keys::kind(key.get());
        match column {
            Column::Name => (kind.one, kind.about_name),
            Column::Id => (kind.id, kind.about_id),
            _ => (name, title),
        }
    };
    view! {
        <th aria-sort=order scope="col" class=class_of(column)>
            <button
                title=move || words().1
                data-sort=name
                on:click=move |_| app.sort.update(|sort| *sort = sort.clicked(column))
            >
                {move || words().0}
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

#[component]
fn SeriesRow(key: u64) -> impl IntoView {
    let app = expect_context::<App>();
    let row = Memo::new(move |_| {
        app.listing
            .with(|listing| listing.rows.iter().find(|row| row.key == key).cloned())
    });
    let text = move |read: fn(&Row) -> String| {
        move || row.with(|row| row.as_ref().map(read).unwrap_or_default())
    };
    let gone = move || row.with(|row| row.as_ref().is_some_and(|row| row.gone));
    let selected = Memo::new(move |_| app.session.read().selected_key() == Some(key));
    let id = (key != OTHER).then_some(key);
    let kind = Memo::new(move |_| app.listing.with(|listing| listing.key));
    let about = move || match kind.get() {
        kind if key == OTHER => keys::about_other(kind),
        kind if gone() => format!("this {} is gone", keys::kind(kind).one),
        _ => String::new(),
    };
    view! {
        <tr
            class:gone=gone
            class:selected=move || selected.get()
            data-testid="process-row"
            data-key=key
            tabindex="0"
            aria-current=move || selected.get().then_some("true")
            title=about
            on:click=move |_| app.select(Some(key))
            on:keydown=move |event| on_row_key(app, key, &event)
        >
            <td class="c-name"><NameCell row kind/></td>
            <td class="c-id num">{id}</td>
            <td class="c-rate num">{text(|row| human::count(row.waits_per_s))}</td>
            <td class="c-wait num">
                <WaitCell row/>
            </td>
            <td class="c-p50 num">{text(|row| range(row.p50))}</td>
            <td class="c-p99 num">{text(|row| range(row.p99))}</td>
            <td class="c-max num">{text(|row| range(row.max))}</td>
        </tr>
    }
}

/// The name in full on hover; where there is no room for a path, its end is shown.
#[component]
fn NameCell(row: Memo<Option<Row>>, kind: Memo<Key>) -> impl IntoView {
    let name = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.name.clone())));
    let part = move |part: fn((&str, &str)) -> String| {
        move || name.get().map(|name| part(keys::parts(kind.get(), &name)))
    };
    view! {
        <span class="name" title=move || name.get()>
            <span class="name-head">{part(|parts| parts.0.to_owned())}</span>
            <span class="name-end">{part(|parts| parts.1.to_owned())}</span>
        </span>
    }
}

/// The time waited, as a number and as a bar.
#[component]
fn WaitCell(row: Memo<Option<Row>>) -> impl IntoView {
    let share = move || row.with(|row| row.as_ref().map_or(0.0, |row| row.share));
    let rate = move || row.with(|row| row.as_ref().map(|row| words::wait_rate(row.wait_ns_per_s)));
    view! {
        <div class="wait-cell">
            <span class="share">
                <span style:width=move || format!("{:.1}%", share() * 100.0)></span>
            </span>
            <span class="wait">{rate}</span>
        </div>
    }
}

fn range(range: Option<Range>) -> String {
    range.map_or_else(|| "–".to_owned(), words::short_range)
}

/// Enter selects, arrows go to the neighbours.
fn on_row_key(app: App, key: u64, event: &KeyboardEvent) {
    let row = event
        .current_target()
        .and_then(|row| row.dyn_into::<web_sys::Element>().ok());
    let neighbour = match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            return app.select(Some(key));
        }
        "ArrowDown" => row.and_then(|row| row.next_element_sibling()),
        "ArrowUp" => row.and_then(|row| row.previous_element_sibling()),
        _ => return,
    };
    event.prevent_default();
    if let Some(row) = neighbour.and_then(|row| row.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _focused = row.focus();
    }
}
