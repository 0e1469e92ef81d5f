//! Who watches: their number in the top line, and a small panel with names, this page's own, and who
//! presents.

use super::state::App;
use crate::words;
use leptos::prelude::*;
use runqlat_common::wire::MAX_NAME;

#[component]
pub(crate) fn People() -> impl IntoView {
    let app = expect_context::<App>();
    let count = move || match app.together.read().company.viewers {
        // Before the server has told.
        0 => String::new(),
        1 => "1 viewer".to_owned(),
        n => format!("{n} viewers"),
    };
    let present = move || words::together::present(&app.together.read());
    view! {
        <details class="popover people">
            <summary
                class="button viewers"
                data-testid="viewers"
                title="Pages and tools that are connected to this server: who they are, and who presents"
            >
                {count}
            </summary>
            <div class="popover-body" data-testid="people">
                <p class="names">{move || words::together::people(&app.together.read())}</p>
                <NameInput/>
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

/// This page's name for the others; kept by the browser.
#[component]
pub(crate) fn NameInput() -> impl IntoView {
    let app = expect_context::<App>();
    let name = Memo::new(move |_| app.together.read().name().to_owned());
    view! {
        <input
            type="text"
            class="own-name"
            data-testid="own-name"
            maxlength=MAX_NAME.to_string()
            placeholder="your name"
            aria-label="Your name, for the others who watch"
            autocomplete="off"
            spellcheck="false"
            prop:value=name
            on:change=move |event| app.rename(event_target_value(&event))
        />
    }
}
