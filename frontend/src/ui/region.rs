//! Who waits in the marked region: in place of the list while there is one.

use super::boxed::{effect, memo, on};
use super::once::once_in;
use super::state::App;
use crate::keys::{self, Linked};
use crate::region::{Finding, Row, question};
use crate::words;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use runqlat_common::wire::{ClientMessage, SeriesKey};
use std::time::Duration;

/// Asked when the hand has come to rest.
const REST: Duration = Duration::from_millis(120);

/// Asks the server about the marked region whenever it is another.
pub(crate) fn ask_about_marked(app: App) {
    let asked = memo(move || (app.brush.get(), app.style.read().cause));
    let ask = once_in(REST, move || {
        let (brush, cause) = asked.get_untracked();
        let (Some(brush), Some(frame)) = (brush, app.frame.get_untracked()) else {
            // Every change of the session is a new picture: not for nothing.
            if app
                .session
                .with_untracked(|session| session.region.is_some())
            {
                app.session.update(|session| session.region = None);
            }
            return;
        };
        let shown = (frame.time.start_ms, frame.time.end_ms);
        let question = app
            .session
            .with_untracked(|session| question(&session.shown().columns, &brush, shown, cause));
        app.send(
            &question
                .map(ClientMessage::Region)
                .into_iter()
                .collect::<Vec<_>>(),
        );
    });
    // A link may name a region before anything is known of its time.
    let known = memo(move || app.measured().known().is_some());
    effect(move || {
        asked.track();
        known.track();
        ask();
    });
}

#[component]
pub(crate) fn RegionCard() -> impl IntoView {
    let app = expect_context::<App>();
    let finding = memo(move || {
        let session = app.session.read();
        let key = session.shown().scopes.series().key;
        Some((Finding::new(session.region.as_ref()?, key), key))
    });
    let headline = move || {
        finding.with(|found| {
            let found = found.as_ref().map(|(found, _)| found.headline.clone());
            found.unwrap_or_else(|| "Asking who waits here…".to_owned())
        })
    };
    let remark = move || finding.with(|found| found.as_ref()?.0.remark.clone());
    let one = move || finding.with(|found| found.as_ref().map(|(_, key)| keys::kind(*key).one));
    let rows = move || {
        finding.with(|found| {
            let rows = found.as_ref().map(|(found, _)| found.rows.clone());
            rows.unwrap_or_default()
                .into_iter()
                .map(|row| view! { <RegionRow row/> })
                .collect_view()
        })
    };
    view! {
        <section class="card region" data-testid="region" aria-label="The marked region">
            <div class="list-head">
                <h2 data-testid="region-headline" aria-live="polite">{headline}</h2>
                <button
                    class="button chip"
                    data-testid="clear-region"
                    title="Escape: clear the mark, and back to the list"
                    on:click=on(move |_| app.brush.set(None))
                >
                    "× Clear mark"
                </button>
            </div>
            <div class="table-scroll">
                <table>
                    <thead>
                        <tr>
                            <th scope="col" class="c-name">{one}</th>
                            <th scope="col" class="c-id num">"id"</th>
                            <th scope="col" class="c-rate num" title="Its waits in the marked region">"waits"</th>
                            <th scope="col" class="num" title="Its part of the region's waits">"of region"</th>
                            <th scope="col" class="num" title="Its part of all other waits in the time shown">"of the rest"</th>
                            <th scope="col" class="num" title="How many times the first is the second">"over-represented"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                <p class="muted more">{remark}</p>
            </div>
        </section>
    }
}

#[component]
fn RegionRow(row: Row) -> impl IntoView {
    let app = expect_context::<App>();
    let percent = |part: f64| format!("{:.1} %", part * 100.0);
    let key = row.key;
    let bar = format!("{:.1}% 100%", row.inside * 100.0);
    view! {
        <tr
            data-testid="region-row"
            data-key=Linked::from(key).to_string()
            tabindex="0"
            title="Enter: its own heatmap"
            on:click=on(move |_| app.select(Some(key)))
            on:keydown=on(move |event: KeyboardEvent| {
                if event.key() == "Enter" {
                    app.select(Some(key));
                }
            })
        >
            <td class="c-name">{row.name}</td>
            <td class="c-id num">{(key != SeriesKey::OTHER).then_some(key.key)}</td>
            <td class="c-rate num">{words::grouped(row.waits)}</td>
            <td class="c-inside num">
                <span class="share" style:background-size=bar></span>
                {percent(row.inside)}
            </td>
            <td class="num">{percent(row.outside)}</td>
            <td class="num times">{row.times}</td>
        </tr>
    }
}
