//! Notices besides the numbers, in and below the trust strip.

use super::boxed::{Show, live, memo, on};
use super::state::App;
use crate::browser;
use crate::chart::ticks;
use crate::keys;
use crate::session::notice::Notice;
use leptos::prelude::*;

#[component]
pub(super) fn NoticeText() -> impl IntoView {
    let app = expect_context::<App>();
    let text = memo(move || match app.measured().notice()? {
        Notice::Lagged { missed } => Some(format!(
            "This page was too slow: {missed} intervals were fetched again"
        )),
        Notice::Refused { reason, hint } => Some(format!("The server refused: {reason}. {hint}")),
        Notice::ScopeRefused { reason, hint } => {
            Some(format!("What is measured stays as it is: {reason}. {hint}"))
        }
        Notice::Outdated => {
            Some("Something else is measured by now: resume to choose from it".to_owned())
        }
        Notice::Nobody => Some(
            "Nobody presents: whoever wants to does so where the viewers are counted".to_owned(),
        ),
        Notice::OwnChange => Some("You changed what is measured, for all who watch".to_owned()),
        Notice::Changed { by } => Some(format!("{by} changed what is measured")),
        Notice::Restarted { at_ms } => {
            let at = *at_ms as f64;
            let clock = ticks::clock(at, browser::utc_offset_min(at));
            Some(format!(
                "The server was started anew at {clock}: what was before is gone"
            ))
        }
        Notice::Garbled { reason } => Some(format!(
            "A message could not be read ({reason}): reload the page"
        )),
    });
    view! { <p class="notice" data-testid="notice" role="status">{live(move || text.get())}</p> }
}

/// A link's series has ended, and another one has its number.
#[component]
pub(super) fn AnotherBanner() -> impl IntoView {
    let app = expect_context::<App>();
    let another = memo(move || {
        let session = app.session.read();
        let another = session.another.clone()?;
        Some((session.live().scopes.series().key, another))
    });
    let text = move || {
        let (key, another) = another.get()?;
        Some(keys::about_another(key, another.id, &another.name))
    };
    let show = move |_| {
        let id = another.get_untracked().map(|(_, another)| another.id);
        app.select(id);
    };
    view! {
        <Show when=move || another.get().is_some()>
            <div class="banner" role="status" data-testid="another-banner">
                <span>{live(text)}</span>
                <button class="button" data-testid="show-another" on:click=on(show)>"Show that one"</button>
                <button class="button" on:click=on(move |_| app.select(None))>"Close"</button>
            </div>
        </Show>
    }
}
