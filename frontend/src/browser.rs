//! The few things that the page asks the browser for besides its elements: clock, storage, theme.

use js_sys::{Date, Math};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};

/// Now, in ms since 1970.
pub(crate) fn now_ms() -> f64 {
    Date::now()
}

/// Local time minus UTC at a time, in minutes.
pub(crate) fn utc_offset_min(ms: f64) -> i32 {
    -(Date::new(&JsValue::from_f64(ms)).get_timezone_offset() as i32)
}

/// A random number in 0..1.
pub(crate) fn random() -> f64 {
    Math::random()
}

/// Copies text, where the browser allows it (a secure context: https or localhost).
pub(crate) fn copy(text: &str) {
    if let Some(window) = web_sys::window() {
        // Whether it worked comes back as a promise; there is nothing to do when it did not.
        drop(window.navigator().clipboard().write_text(text));
    }
}

/// The words kept under a key, when storage is allowed.
pub(crate) fn stored(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

/// Keeps words under a key. A browser that refuses just forgets them.
pub(crate) fn store(key: &str, value: &str) {
    if let Some(storage) = storage() {
        let _refused = storage.set_item(key, value);
    }
}

/// Calls back when an element's size is another, and once at the beginning. For elements that live as
/// long as the page, as the watch does.
pub(crate) fn on_resize(element: &web_sys::Element, act: impl FnMut() + 'static) -> Option<()> {
    let act = Closure::<dyn FnMut()>::new(act);
    let observer = web_sys::ResizeObserver::new(act.as_ref().unchecked_ref()).ok()?;
    observer.observe(element);
    act.forget();
    std::mem::forget(observer);
    Some(())
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}
