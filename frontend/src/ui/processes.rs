//! The list of processes: who waits, how often, how long.

use super::state::App;
use crate::table::{Column, Listing, MAX_ROWS, Row};
use crate::words;
use leptos::ev::KeyboardEvent;
use leptos::html::Input;
use leptos::prelude::*;
use runqlat_common::human;
use runqlat_common::wire::OTHER;
use std::sync::Arc;
use wasm_bindgen::JsCast;

#[component]
pub(crate) fn Processes(filter: NodeRef<Input>) -> impl IntoView {
    let app = expect_context::<App>();
    let by_process = Memo::new(move |_| app.session.read().has_series());
    let span = Memo::new(move |_| {
        let seconds = app.session.read().shown().recent.seconds();
        if seconds <= 0.0 {
            String::new()
        } else if seconds < 1.0 {
            format!("last {seconds:.1} s")
        } else {
            format!("last {seconds:.0} s")
        }
    });
    view! {
        <section class="card processes" aria-label="Processes">
            <div class="list-head">
                <h2>"Processes" <small>{span}</small></h2>
                <Show when=move || by_process.get()>
                    <FilterBox filter/>
                </Show>
            </div>
            <Show when=move || by_process.get() fallback=NotCounted>
                <Table/>
            </Show>
        </section>
    }
}

#[component]
fn NotCounted() -> impl IntoView {
    view! {
        <p class="empty-list" data-testid="not-by-process">
            "Waits are not counted by process now. Start with "
            <code>"runqlat-web --by process"</code>
            " to see who waits."
        </p>
    }
}

#[component]
fn FilterBox(filter: NodeRef<Input>) -> impl IntoView {
    let app = expect_context::<App>();
    let found = Memo::new(move |_| app.listing.with(|l| (l.matched, l.total)));
    let count = move || {
        let (matched, total) = found.get();
        format!(
            "{} of {}",
            words::grouped(matched as u64),
            words::grouped(total as u64)
        )
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            app.filter.set(String::new());
            if let Some(input) = filter.get_untracked() {
                let _focused = input.blur();
            }
        }
    };
    view! {
        <span class="muted count" data-testid="filter-count">{count}</span>
        <input
            node_ref=filter
            type="search"
            data-testid="filter"
            placeholder="name or id  ( / )"
            aria-label="Filter by name or id"
            autocomplete="off"
            spellcheck="false"
            prop:value=app.filter
            on:input=move |event| app.filter.set(event_target_value(&event))
            on:keydown=on_key
        />
    }
}

const HEADS: [(Column, &str, &str); 7] = [
    (
        Column::Name,
        "process",
        "The name of the process (its leader's comm)",
    ),
    (Column::Id, "id", "Process id (tgid)"),
    (Column::Rate, "waits/s", "Waits that ended, per second"),
    (
        Column::Wait,
        "wait time",
        "Time waited per second, all threads together; the bar compares it with the largest",
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
fn Table() -> impl IntoView {
    let app = expect_context::<App>();
    let built = RwSignal::new(FIRST_ROWS);
    let keys = Memo::new(move |_| {
        let first = |listing: &Arc<Listing>| {
            let rows = listing.rows.iter().take(built.get());
            rows.map(|row| row.key).collect::<Vec<_>>()
        };
        app.listing.with(first)
    });
    // What is not built yet takes its room, so that the scroll bar tells the truth.
    let rest = Memo::new(move |_| {
        let rows = app.listing.with(|listing| listing.rows.len());
        rows.saturating_sub(built.get()) * ROW_PX
    });
    view! {
        <div class="table-scroll" on:scroll=move |event| built.set(rows_to_build(&event))>
            <table>
                <thead>
                    <tr>{HEADS.map(|(column, name, title)| view! { <Head column name title/> }).collect_view()}</tr>
                </thead>
                <tbody>
                    <For each=move || keys.get() key=|key| *key let:key>
                        <ProcessRow key/>
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
    match (listing.total, listing.matched) {
        (0, _) => "No process waits".to_owned(),
        (_, 0) => "No process matches".to_owned(),
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
    view! {
        <th aria-sort=order scope="col" class=class_of(column)>
            <button title=title data-sort=name on:click=move |_| app.sort.update(|sort| *sort = sort.clicked(column))>
                {name}
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
fn ProcessRow(key: u32) -> impl IntoView {
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
    view! {
        <tr
            class:gone=gone
            class:selected=move || selected.get()
            data-testid="process-row"
            data-key=key
            tabindex="0"
            aria-current=move || selected.get().then_some("true")
            title=move || if gone() { "this process is gone" } else { "" }
            on:click=move |_| app.select(Some(key))
            on:keydown=move |event| on_row_key(app, key, &event)
        >
            <td class="c-name">{text(|row| row.name.clone())}</td>
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

fn range(slot: Option<usize>) -> String {
    slot.map_or_else(|| "–".to_owned(), words::short_range)
}

/// Enter selects, arrows go to the neighbours.
fn on_row_key(app: App, key: u32, event: &KeyboardEvent) {
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
