//! The small panels that open below a button. They share a name, by which the browser keeps one of them
//! open; Escape and a press beside it close that.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{EventTarget, HtmlElement, Node};

/// Closes the open one because of a press on `target`, unless that lies in it.
pub(super) fn close_beside(target: Option<EventTarget>) {
    let target = target.and_then(|target| target.dyn_into::<Node>().ok());
    if let Some(open) = open().filter(|open| !open.contains(target.as_ref())) {
        let _closed = open.remove_attribute("open");
    }
}

/// Closes the open one, if there is one, and gives its button the focus.
pub(super) fn close() -> bool {
    let Some(open) = open() else {
        return false;
    };
    let _closed = open.remove_attribute("open");
    let button = open.first_element_child();
    let button = button.and_then(|button| button.dyn_into::<HtmlElement>().ok());
    let _focused = button.map(|button| button.focus());
    true
}

fn open() -> Option<web_sys::Element> {
    document().query_selector("details.popover[open]").ok()?
}
