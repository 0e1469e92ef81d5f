//! What stands in place of the numbers when the server lets this page in no more, or not yet: why, and a
//! field for a token. The page's boot script exchanges what is entered here, as it does with a link's.

use super::boxed::{Show, memo, on};
use super::state::App;
use crate::browser;
use crate::session::Link;
use leptos::ev::{Custom, SubmitEvent};
use leptos::html::Input;
use leptos::prelude::*;

#[component]
pub(crate) fn EntryBanner() -> impl IntoView {
    let app = expect_context::<App>();
    let out = memo(move || app.session.read().link == Link::Refused);
    let why = memo(move || app.session.read().farewell.clone());
    view! {
        <Show when=move || out.get()>
            <div class="banner bad" role="alert" data-testid="entry-banner">
                <span>
                    <strong>"No access: "</strong>
                    {why}
                    ". Open a link that has a token, or paste one here."
                    {(!browser::has_storage()).then_some(
                        " This browser does not let the page store anything, so it needs a link each time it is loaded."
                    )}
                </span>
                <TokenField/>
                <button class="button" on:click=on(move |_| app.retry_now())>"Try again"</button>
            </div>
        </Show>
    }
}

/// Takes a token, or a link with one.
#[component]
fn TokenField() -> impl IntoView {
    let field = NodeRef::<Input>::new();
    let refused = RwSignal::new(browser::token_was_refused());
    let told = Custom::<leptos::ev::Event>::new("token-refused");
    let told = window_event_listener(told, move |_| refused.set(true));
    on_cleanup(move || told.remove());
    let enter = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = field.get_untracked().map(|field| field.value());
        let typed = typed.unwrap_or_default();
        let token = typed.rsplit("token=").next().unwrap_or_default().trim();
        if !token.is_empty() {
            browser::enter_token(token);
        }
    };
    view! {
        <form class="entry" on:submit=enter>
            <input
                node_ref=field
                type="password"
                autocomplete="off"
                aria-label="Token, or a link with one"
                placeholder="link or token"
                data-testid="token"
            />
            <button class="button primary">"Enter"</button>
            <Show when=move || refused.get()>
                <strong data-testid="token-refused">"This server has no such token (any more)."</strong>
            </Show>
        </form>
    }
}

/// For those who were let in until they load the page anew.
#[component]
pub(crate) fn NotKept() -> impl IntoView {
    let app = expect_context::<App>();
    let is_lost = memo(move || {
        app.session.read().link == Link::Live
            && browser::is_signed_in()
            && !browser::keeps_session()
    });
    view! {
        <Show when=move || is_lost.get()>
            <span
                class="badge busy"
                data-testid="not-kept"
                role="note"
                title="This browser does not let the page store anything: after a reload the page needs a link with a token \
                    again"
            >
                "until reload"
            </span>
        </Show>
    }
}

/// For those who may look and no more.
#[component]
pub(crate) fn ViewOnly() -> impl IntoView {
    view! {
        <span
            class="badge"
            data-testid="view-only"
            title="You may look at everything; changing what is measured takes the link to control, which the server \
                printed when it started"
        >
            "view only"
        </span>
    }
}
