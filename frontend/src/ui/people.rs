//! Who watches: their number in the top line, and a small panel with names, this page's own, and who
//! presents; new links for who may control.

use super::boxed::{live, memo, on};
use super::state::App;
use crate::browser;
use crate::words;
use leptos::prelude::*;

#[component]
pub(crate) fn People() -> impl IntoView {
    let app = expect_context::<App>();
    let count = move || words::together::viewers(&app.others().together);
    let people = move || words::together::people(&app.others().together);
    let present = move || words::together::present(&app.others().together);
    let may_turn = memo(move || {
        let session = app.session.read();
        session.server.is_some() && session.may_control
    });
    let read_only = memo(move || app.others().together.read_only);
    let may_leave = memo(move || app.session.read().server.is_some() && browser::is_signed_in());
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
                on:change=on(move |event| app.rename(event_target_value(&event)))
            >
                <p class="names">{people}</p>
                <input
                    class="own-name"
                    value=App::kept_name()
                    data-testid="own-name"
                    hidden=live(move || read_only.get())
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
                    on:click=on(move |_| app.toggle_presenting())
                >
                    {present}
                </button>
                <button
                    class="button"
                    data-testid="turn-tokens"
                    title="Throws all others out, and makes new links to let them in again"
                    hidden=live(move || !may_turn.get())
                    on:click=on(move |_| app.turn_tokens())
                >
                    "New links…"
                </button>
                <button
                    class="button"
                    data-testid="sign-out"
                    title="Ends the session that a link has opened in this browser"
                    hidden=live(move || !may_leave.get())
                    on:click=on(|_| browser::sign_out())
                >
                    "Sign out"
                </button>
            </div>
        </details>
    }
}
