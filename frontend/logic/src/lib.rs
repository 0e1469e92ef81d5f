//! What the page knows and draws: a WebSocket's messages become state (`session`), and state becomes pictures and rows
//! (`chart`, `table`, `histogram`).
//!
//! Knows neither a browser nor a framework and is tested on the host. A crate of its own because it is compiled to be
//! quick, which all of the page's WASM would be too large for.

pub mod address;
pub mod backoff;
pub mod bidi;
pub mod chart;
pub mod compare;
pub mod filter;
pub mod histogram;
pub mod kept;
pub mod keys;
pub mod region;
pub mod session;
pub mod table;
pub mod tooltip;
pub mod words;
