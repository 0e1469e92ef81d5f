//! A button that copies text and says that it did; where the browser does not let it, the text to copy by hand.

use super::boxed::{Show, effect, live, on};
use crate::browser;
use leptos::ev::KeyboardEvent;
use leptos::html::Textarea;
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
    let by_hand = RwSignal::new(String::new());
    let copy = move |_| {
        let text = untrack(&*text);
        by_hand.set(String::new());
        browser::copy(&text.clone(), move |done| {
            if !done {
                return by_hand.set(text);
            }
            copied.set(true);
            set_timeout(move || copied.set(false), SAID);
        });
    };
    view! {
        <button type="button" class="button" data-testid=testid title=title on:click=copy>
            {live(move || if copied.get() { "Copied" } else { label })}
        </button>
        <Show when=move || !by_hand.read().is_empty()>
            <ByHand text=by_hand/>
        </Show>
    }
}

/// The text, selected. It goes when the focus does.
#[component]
fn ByHand(text: RwSignal<String>) -> impl IntoView {
    let field = NodeRef::<Textarea>::new();
    effect(move || {
        let field = field.get()?;
        // Here and not as a property of the view: a value that is set later takes the selection away.
        field.set_value(&text.get_untracked());
        field.focus().ok()?;
        field.select();
        Some(())
    });
    let key = move |event: KeyboardEvent| {
        event.stop_propagation();
        if event.key() == "Escape" {
            // Not what lies below.
            event.prevent_default();
            text.set(String::new());
        }
    };
    view! {
        <div class="by-hand" role="dialog" aria-label="Copy by hand" data-testid="by-hand">
            <p>"This browser lets the page copy nothing. The text is selected: copy it with Ctrl+C."</p>
            <textarea
                node_ref=field
                readonly
                rows="3"
                aria-label="The text to copy"
                on:keydown=on(key)
                on:blur=on(move |_| text.set(String::new()))
            ></textarea>
        </div>
    }
}
