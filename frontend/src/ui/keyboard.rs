//! Keys that work wherever the focus is, except where one types or presses a button.

use super::popover;
use super::state::App;
use crate::chart::view::{Known, View};
use crate::session::Session;
use leptos::ev::KeyboardEvent;
use leptos::html::Input;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// How far a key goes, as a part of the axis.
const STEP: f64 = 0.25;

pub(crate) fn on_key(app: App, filter: NodeRef<Input>, event: &KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || is_covered(app) {
        return;
    }
    if event.key() == "Escape" && popover::close() {
        return event.prevent_default();
    }
    let target = event.target();
    let target = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let tag = target.map(|element| element.tag_name()).unwrap_or_default();
    if matches!(tag.as_str(), "INPUT" | "TEXTAREA" | "SELECT") {
        return;
    }
    // A focused button takes the space bar itself.
    if event.key() == " " && matches!(tag.as_str(), "BUTTON" | "SUMMARY") {
        return;
    }
    if move_in_time(app, &event.key()) || choose(app, &event.key()) || go(app, filter, &event.key())
    {
        event.prevent_default();
    }
}

/// A panel lies over the page and has the keys.
fn is_covered(app: App) -> bool {
    app.help.get_untracked() || app.choosing.get_untracked() || app.noting.open.get_untracked()
}

fn move_in_time(app: App, key: &str) -> bool {
    let step: fn(View, &Known) -> View = match key {
        // A live picture stays live.
        "+" | "=" => |view, known| view.zoomed(0.5, if view.is_live() { 1.0 } else { 0.5 }, known),
        "-" | "_" => |view, known| view.zoomed(2.0, if view.is_live() { 1.0 } else { 0.5 }, known),
        "[" => |view, known| view.panned(-view.span_ms * STEP, known),
        "]" => |view, known| view.panned(view.span_ms * STEP, known),
        "l" | "L" | "End" => {
            // A paused page stands still, too.
            if app.session.with_untracked(Session::is_paused) {
                app.toggle_pause();
            }
            |view, _| view.live()
        }
        "Home" => |_, known| View::newest(known.end_ms - known.start_ms),
        _ => return false,
    };
    app.look(step);
    true
}

fn choose(app: App, key: &str) -> bool {
    match key {
        "m" | "M" => app.next_measure(),
        "w" | "W" => app.next_cause(),
        "k" | "K" => app.toggle_pin(),
        "b" | "B" => app.toggle_baseline(),
        "v" | "V" => app.as_strips.update(|on| *on = !*on),
        "g" | "G" => app.by_name.update(|on| *on = !*on),
        "t" | "T" => app.as_table.update(|on| *on = !*on),
        _ => return false,
    }
    true
}

fn go(app: App, filter: NodeRef<Input>, key: &str) -> bool {
    match key {
        "Escape" => app.escape(),
        " " => app.toggle_pause(),
        "?" => app.help.set(true),
        "s" | "S" => app.choose_scope(),
        "n" | "N" => app.start_note(),
        "f" | "F" => app.toggle_following(),
        "/" => {
            if let Some(input) = filter.get_untracked() {
                let _focused = input.focus();
            }
        }
        _ => return false,
    }
    true
}
