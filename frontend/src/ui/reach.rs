//! What clicks, keys and the focus do in the list of series: selecting, pinning, going to a neighbour.

use super::state::App;
use crate::table::groups;
use crate::table::{Listing, Row};
use leptos::ev::KeyboardEvent;
use leptos::html::Tbody;
use leptos::prelude::*;
use runqlat_common::wire::Key;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

/// The row that something happened in, and the element that shows it.
fn row_of(
    app: App,
    target: Option<web_sys::EventTarget>,
) -> Option<(usize, HtmlElement, Arc<Listing>)> {
    let element = target?
        .dyn_into::<Element>()
        .ok()?
        .closest("tbody tr")
        .ok()??;
    let place: usize = element.get_attribute("data-place")?.parse().ok()?;
    let element = element.dyn_into::<HtmlElement>().ok()?;
    let listing = app.listing.get_untracked();
    listing.places.get(place)?.as_ref()?;
    Some((place, element, listing))
}

fn row_at(listing: &Listing, place: usize) -> Option<&Row> {
    listing.places.get(place)?.as_ref()
}

/// Gives the name under the pointer, which may be cut short, its title. Here and not with each row that is written: a
/// browser computes the style of what gets another.
pub(super) fn on_over(app: App, target: Option<web_sys::EventTarget>) {
    let Some((place, element, listing)) = row_of(app, target) else {
        return;
    };
    let name = element.query_selector(".name").ok().flatten();
    let name = name.and_then(|name| name.dyn_into::<HtmlElement>().ok());
    if let (Some(row), Some(name)) = (row_at(&listing, place), name) {
        name.set_title(&row.name);
    }
}

pub(super) fn on_click(app: App, event: &Event) {
    let Some((place, _, listing)) = row_of(app, event.target()) else {
        return;
    };
    let Some(row) = row_at(&listing, place) else {
        return;
    };
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let on_pin = target.is_some_and(|target| target.closest(".pin").is_ok_and(|pin| pin.is_some()));
    if on_pin {
        toggle_pin(app, listing.key, row);
    } else {
        open(app, row);
    }
}

/// Looks at a series, or at the series of a group.
pub(super) fn open(app: App, row: &Row) {
    if let Some(key) = row.series {
        return app.select(Some(key));
    }
    app.let_go();
    app.by_name.set(false);
    app.filter.set(groups::filter_for(&row.name));
}

fn toggle_pin(app: App, of: Key, row: &Row) {
    app.pins.update(|pins| pins.toggle(of, row.key, &row.name));
}

/// The focus is on a row, or on none any more.
pub(super) fn on_focus(app: App, target: Option<web_sys::EventTarget>) {
    // A row that was clicked has it, too, and is done with.
    let by_keys = |target: &Element| target.matches(":focus-visible").unwrap_or(false);
    let element = target.clone().and_then(|target| target.dyn_into().ok());
    let focused = element.is_some_and(|target: Element| {
        by_keys(&target) && target.closest("tbody").is_ok_and(|body| body.is_some())
    });
    if app.focused.get_untracked() != focused {
        app.focused.set(focused);
    }
    let held = row_of(app, target).and_then(|(place, _, listing)| {
        let row = row_at(&listing, place)?;
        Some((place, row.key))
    });
    if app.listed.read_untracked().held != held {
        app.listed.update(|view| view.held = held);
    }
}

/// Enter selects, `p` pins, arrows go to the neighbours.
pub(super) fn on_key(app: App, body: NodeRef<Tbody>, event: &KeyboardEvent) {
    let Some((place, _, listing)) = row_of(app, event.target()) else {
        return;
    };
    let Some(row) = row_at(&listing, place) else {
        return;
    };
    let is_plain = !(event.ctrl_key() || event.meta_key() || event.alt_key());
    let neighbour = match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            return open(app, row);
        }
        "p" if is_plain => return toggle_pin(app, listing.key, row),
        "ArrowDown" => Some(row.index + 1),
        "ArrowUp" => row.index.checked_sub(1),
        _ => return,
    };
    event.prevent_default();
    if let Some(index) = neighbour.filter(|index| *index < listing.rows) {
        focus_row(app, body, &listing, index);
    }
}

/// Goes to a row that is in view, or else, after scrolling, to where the list has it.
fn focus_row(app: App, body: NodeRef<Tbody>, listing: &Listing, index: usize) {
    let place = move |listing: &Listing| {
        let is_it = |row: &Option<Row>| row.as_ref().is_some_and(|row| row.index == index);
        listing.places.iter().position(is_it)
    };
    let focus = move |place: usize| {
        let row = body
            .get_untracked()
            .and_then(|body| body.children().item(place as u32));
        if let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) {
            // Scrolls it into view, too.
            let _focused = row.focus();
        }
    };
    if let Some(place) = place(listing) {
        return focus(place);
    }
    // Someone has scrolled away from the row with the focus.
    app.listed
        .update(|view| view.top = index.saturating_sub(view.visible / 2));
    request_animation_frame(move || {
        if let Some(place) = place(&app.listing.get_untracked()) {
            focus(place);
        }
    });
}
