//! Who watches: their number in the top line, and a small panel with names, this page's own, and who
//! presents.

use super::state::App;
use crate::words;
use leptos::prelude::*;

#[component]
pub(crate) fn People() -> impl IntoView {
    let app = expect_context::<App>();
    let count = move || words::together::viewers(&app.others().together);
    let people = move || words::together::people(&app.others().together);
    let present = move || words::together::present(&app.others().together);
    view! {
        <details class="popover people" name="popover">
            <summary
                class="button"
                data-testid="viewers"
                title="Pages and tools that are connected to this server: who they are, and who presents"
            >
                {count}
            </summary>
            // The one thing in it that changes is the name.
            <div
                class="popover-body"
                data-testid="people"
                on:change=move |event| app.rename(event_target_value(&event))
            >
                <p class="names">{people}</p>
                <input
                    class="own-name"
                    value=App::kept_name()
                    data-testid="own-name"
                    maxlength="40"
                    placeholder="your name"
                    aria-label="Your name, for the others who watch; kept by this browser"
                    autocomplete="off"
                    spellcheck="false"
                />
                <button
                    class="button"
                    data-testid="present"
                    title="Whoever follows sees what you look at: series, time, filter, colours, and your cursor"
                    on:click=move |_| app.toggle_presenting()
                >
                    {present}
                </button>
            </div>
        </details>
    }
}
