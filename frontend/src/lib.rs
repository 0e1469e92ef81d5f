//! The page of runqlat-web: a WebSocket's messages become state (`session`), state becomes pictures
//! and rows (`chart`, `table`, `histogram`), and those are shown (`paint`, `ui`).
//!
//! The modules that are public are pure: they know neither Leptos nor the browser, and are tested on
//! the host. `net`, `paint`, `browser` and `ui` are the edges.

pub mod address;
pub mod backoff;
pub mod chart;
pub mod compare;
pub mod filter;
pub mod histogram;
pub mod keys;
pub mod region;
pub mod session;
pub mod table;
pub mod tooltip;
pub mod words;

#[cfg(feature = "page")]
mod browser;
#[cfg(feature = "page")]
mod net;
#[cfg(feature = "page")]
mod paint;
#[cfg(feature = "page")]
mod ui;

#[cfg(feature = "page")]
use leptos::{mount::mount_to, prelude::document};
#[cfg(feature = "page")]
use wasm_bindgen::{JsCast, prelude::wasm_bindgen};

/// Puts the page in place of the loading text. Called by the module's start.
#[cfg(feature = "page")]
#[wasm_bindgen(start)]
pub fn start() {
    let Some(root) = document().get_element_by_id("app") else {
        return;
    };
    root.set_text_content(None);
    mount_to(root.unchecked_into(), ui::Page).forget();
}
