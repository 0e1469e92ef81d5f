//! The page of runqlat-web: what `runqlat-logic` makes of a WebSocket's messages (`net`) is shown (`paint`, `ui`). These
//! are the edges, which know the browser and the framework.

mod browser;
mod net;
mod paint;
mod ui;

use leptos::{mount::mount_to, prelude::document};
use runqlat_logic::{
    address, backoff, bidi, chart, compare, filter, histogram, kept, keys, region, session, table,
    tooltip, words,
};
use wasm_bindgen::{JsCast, prelude::wasm_bindgen};

/// Puts the page in place of the loading text. Called by the module's start.
#[wasm_bindgen(start)]
pub fn start() {
    let Some(root) = document().get_element_by_id("app") else {
        return;
    };
    root.set_text_content(None);
    mount_to(root.unchecked_into(), ui::Page).forget();
}
