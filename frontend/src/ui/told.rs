//! A number that is another with each reading, in a box that stays what it is: else the browser would lay out all that
//! is around it each time.

use super::boxed::live;
use leptos::prelude::*;

/// Letters that a box has more than its text at most.
const SPARE: usize = 8;

#[component]
pub(super) fn Told(#[prop(into)] value: Signal<String>) -> impl IntoView {
    // It grows with its text, and shrinks with one that is much shorter: some letters are no reason either.
    let letters = Memo::new(move |before: Option<&usize>| {
        let now = value.with(|value| value.chars().count());
        let stays = before.filter(|before| (now..now + SPARE).contains(*before));
        stays.copied().unwrap_or(now)
    });
    let width = live(move || format!("{}ch", letters.get()));
    view! { <span class="told" style:min-width=width>{value}</span> }
}
