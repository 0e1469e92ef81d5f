//! Why the heatmap stands still or is empty; and what it would look like.

use super::boxed::{Show, effect, live, memo};
use super::load::Load;
use super::state::App;
use super::theme::Look;
use crate::browser;
use crate::chart::ticks;
use crate::paint;
use crate::words;
use leptos::html::Canvas;
use leptos::prelude::*;

/// Why the map stands still or is empty.
#[component]
pub(crate) fn MapState() -> impl IntoView {
    let app = expect_context::<App>();
    let paused = memo(move || {
        let session = app.measured();
        let at = session.known().filter(|_| session.is_paused())?.end_ms;
        let clock = ticks::clock(at, browser::utc_offset_min(at));
        Some(format!(
            "Paused at {clock} — {}",
            words::behind(session.behind())
        ))
    });
    let gone = memo(move || {
        let session = app.measured();
        let (scope, since) = session.gone()?;
        let clock = ticks::clock(since, browser::utc_offset_min(since));
        Some(words::scope::gone(scope, &clock, session.may_control))
    });
    let empty = memo(move || {
        let session = app.measured();
        session.scope()?;
        if session.shown().seq == 0 {
            return Some("Waiting for the first interval…".to_owned());
        }
        let frame = app.frame.get()?;
        let unknown = frame.grid.columns.is_empty() || frame.has_waits();
        (!unknown).then(|| {
            let from_start = frame.grid.columns.first().is_some_and(|c| c.x0 == 0);
            let all_known = from_start && frame.grid.hatched.is_empty();
            words::nothing_waited(&session, frame.span_ms(), all_known)
        })
    });
    // Of all that is measured nothing waits: who sees that may not know what to expect.
    let quiet = memo(move || {
        let session = app.measured();
        session.selection.is_none() && session.shown().seq > 0 && session.gone().is_none()
    });
    view! {
        <Show when=move || paused.get().is_some()>
            <p class="paused" data-testid="paused">{live(move || paused.get())}</p>
        </Show>
        <Show when=move || gone.get().is_some()>
            <p class="gone" data-testid="gone" role="status">{move || gone.get()}</p>
        </Show>
        <Show when=move || empty.get().is_some()>
            <div class="empty-state" data-testid="empty">
                <p>{live(move || empty.get())}</p>
                <Show when=move || quiet.get()>
                    <Quiet/>
                </Show>
            </div>
        </Show>
    }
}

/// What the map of a busy machine looks like, and how to make this one busy.
#[component]
fn Quiet() -> impl IntoView {
    let look = expect_context::<Look>();
    let canvas = NodeRef::<Canvas>::new();
    // Fails only without a 2D context, and then there is nothing to show.
    effect(move || paint::example(&canvas.get()?, &look.palette()));
    view! {
        <figure>
            <canvas node_ref=canvas role="img" aria-label="An example of a busy machine's heatmap"></canvas>
            <figcaption>
                "An example: short waits all the time, a burst of long ones, and a lone one above"
            </figcaption>
        </figure>
        <details>
            <summary class="button">"Show a load to try it with"</summary>
            <Load testid="copy-load-here"/>
        </details>
    }
}
