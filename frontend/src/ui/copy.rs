//! A button that copies text and says that it did.

use super::boxed::live;
use crate::browser;
use leptos::prelude::*;
use std::time::Duration;

/// How long it says so.
const SAID: Duration = Duration::from_secs(2);

#[component]
pub(crate) fn Copy(
    label: &'static str,
    testid: &'static str,
    title: &'static str,
    /// What is copied, when it is.
    text: Box<dyn Fn() -> String>,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        browser::copy(&untrack(&*text));
        copied.set(true);
        set_timeout(move || copied.set(false), SAID);
    };
    view! {
        <button type="button" class="button" data-testid=testid title=title on:click=copy>
            {live(move || if copied.get() { "Copied" } else { label })}
        </button>
    }
}
