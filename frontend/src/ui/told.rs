//! A number that is another with each reading, in a box that stays what it is: else the browser would lay out all that
//! is around it each time.

use super::boxed::{live, memo};
use leptos::prelude::*;

#[component]
pub(super) fn Told(#[prop(into)] value: Signal<String>) -> impl IntoView {
    // In steps, for a letter more or less is no reason either.
    let letters = memo(move || value.with(|value| value.chars().count().next_multiple_of(2)));
    let width = live(move || format!("{}ch", letters.get()));
    view! { <span class="told" style:min-width=width>{value}</span> }
}
