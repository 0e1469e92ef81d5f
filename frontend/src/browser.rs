//! The few things that the page asks the browser for besides its elements: clock, storage, theme.

use js_sys::{Date, Math};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};
use web_sys::HtmlInputElement;

/// Now, in ms since 1970.
pub(crate) fn now_ms() -> f64 {
    Date::now()
}

/// Whether the page is in view, and not in a tab behind another.
pub(crate) fn is_seen() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_none_or(|document| !document.hidden())
}

/// Local time minus UTC at a time, in minutes.
pub(crate) fn utc_offset_min(ms: f64) -> i32 {
    -(Date::new(&JsValue::from_f64(ms)).get_timezone_offset() as i32)
}

/// A random number in 0..1.
pub(crate) fn random() -> f64 {
    Math::random()
}

/// Takes the text out of the input that a selector finds.
pub(crate) fn take_value(selector: &str) -> Option<String> {
    let found = web_sys::window()?.document()?.query_selector(selector);
    let input: HtmlInputElement = found.ok()??.dyn_into().ok()?;
    let value = input.value();
    input.set_value("");
    Some(value)
}

/// Letters that nobody guesses; empty where the browser has none.
pub(crate) fn secret() -> String {
    let mut bytes = [0; 16];
    let crypto = web_sys::window().and_then(|window| window.crypto().ok());
    let made = crypto.is_some_and(|crypto| {
        let made = crypto.get_random_values_with_u8_array(&mut bytes);
        made.is_ok()
    });
    match made {
        true => bytes
            .map(|byte| char::from(b'a' + byte % 16))
            .iter()
            .collect(),
        false => String::new(),
    }
}

/// Copies text, and tells whether that went well.
pub(crate) fn copy(text: &str, tell: impl FnOnce(bool) + 'static) {
    copy_text(text, &Closure::once_into_js(tell));
}

/// Whether the page came through TLS.
pub(crate) fn is_tls() -> bool {
    let protocol = web_sys::window().and_then(|window| window.location().protocol().ok());
    protocol.as_deref() == Some("https:")
}

/// Whether the page may keep anything.
pub(crate) fn has_storage() -> bool {
    storage().is_some()
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

/// The query of the page's address, with its question mark.
pub(crate) fn query() -> String {
    let window = web_sys::window();
    let query = window.and_then(|window| window.location().search().ok());
    query.unwrap_or_default()
}

/// The page's address with another query.
pub(crate) fn link(query: &str) -> String {
    let location = web_sys::window().map(|window| window.location());
    let part =
        |part: Option<Result<String, JsValue>>| part.and_then(Result::ok).unwrap_or_default();
    let origin = part(location.as_ref().map(web_sys::Location::origin));
    let path = part(location.as_ref().map(web_sys::Location::pathname));
    format!("{origin}{path}?{query}")
}

/// Hands a token to the page's boot script, which waits for one after the #.
pub(crate) fn enter_token(token: &str) {
    if let Some(window) = web_sys::window() {
        let _refused = window.location().set_hash(&format!("token={token}"));
    }
}

#[wasm_bindgen]
extern "C" {
    /// `static/copy.js`.
    #[wasm_bindgen(js_name = copyText)]
    fn copy_text(text: &str, tell: &JsValue);

    /// `static/enter.js`: opens the panel for new tokens; `turned` is called when this page has its own.
    #[wasm_bindgen(js_name = turnTokens)]
    pub(crate) fn turn_tokens(turned: JsValue);

    /// `static/enter.js`: whether this browser keeps a session.
    #[wasm_bindgen(js_name = isSignedIn)]
    pub(crate) fn is_signed_in() -> bool;

    /// `static/enter.js`: whether a session is still there when the page is loaded anew.
    #[wasm_bindgen(js_name = keepsSession)]
    pub(crate) fn keeps_session() -> bool;

    /// `static/enter.js`: ends the session, and loads the page anew.
    #[wasm_bindgen(js_name = signOut)]
    pub(crate) fn sign_out();
}

/// Whether the boot script was told that a token is none.
pub(crate) fn token_was_refused() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    let root = document.and_then(|document| document.document_element());
    root.is_some_and(|root| root.get_attribute("data-token").as_deref() == Some("refused"))
}

/// Changes the query of the address without loading anything; as a step that one goes back, or in place.
pub(crate) fn set_query(query: &str, step: bool) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let (Ok(history), Ok(path)) = (window.history(), window.location().pathname()) else {
        return;
    };
    let address = match query {
        "" => path,
        query => format!("{path}?{query}"),
    };
    // A browser that finds it too often refuses; the next change brings the address up to date.
    let _refused = if step {
        history.push_state_with_url(&JsValue::NULL, "", Some(&address))
    } else {
        history.replace_state_with_url(&JsValue::NULL, "", Some(&address))
    };
}

/// Watches an element's size until it is dropped.
pub(crate) struct Watch {
    observer: web_sys::ResizeObserver,
    _act: Closure<dyn FnMut()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Calls back when an element's size is another, and once at the beginning.
pub(crate) fn on_resize(
    element: &web_sys::Element,
    act: impl FnMut() + 'static,
) -> Option<SendWrapper<Watch>> {
    let act = Closure::<dyn FnMut()>::new(act);
    let observer = web_sys::ResizeObserver::new(act.as_ref().unchecked_ref()).ok()?;
    observer.observe(element);
    let watch = Watch {
        observer,
        _act: act,
    };
    // The page has one thread.
    Some(SendWrapper::new(watch))
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}
