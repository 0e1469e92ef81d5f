//! The heatmap as a table, for screen readers, for copying, and for whoever prefers numbers.

use super::state::App;
use crate::browser;
use crate::chart::bands::Percentile;
use crate::chart::frame::Frame;
use crate::tooltip::column_times;
use crate::words;
use leptos::prelude::*;
use runqlat_common::counts::Range;

/// Most rows; the newest are shown.
const ROWS: usize = 120;

#[component]
pub(crate) fn MapTable() -> impl IntoView {
    let app = expect_context::<App>();
    let rows = move || {
        app.frame
            .with(|frame| frame.as_ref().map(|frame| rows(frame)))
    };
    view! {
        <div class="map-table" data-testid="map-table" tabindex="0" role="region" aria-label="The heatmap as a table">
            <table>
                <caption class="hidden">"Waits by time, the newest first; percentiles as ranges of buckets"</caption>
                <thead>
                    <tr>
                        <th scope="col">"time"</th>
                        <th scope="col" class="num">"waits"</th>
                        {Percentile::ALL.map(|p| view! { <th scope="col" class="num">{p.name()}</th> }).collect_view()}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn rows(frame: &Frame) -> AnyView {
    let newest = frame.grid.columns.iter().rev().take(ROWS);
    let rows = newest.map(|column| {
        let times = column_times(column, browser::utc_offset_min(column.end_ms));
        let waits = words::grouped(column.counts.total());
        let percentiles = Percentile::ALL.map(|percentile| {
            let slot = percentile.slot(&column.counts);
            let range = slot.map(|slot| words::short_range(Range::of(slot, frame.unit())));
            view! { <td class="num">{range.unwrap_or("–".into())}</td> }
        });
        view! {
            <tr>
                <th scope="row">{times}</th>
                <td class="num">{waits}</td>
                {percentiles.collect_view()}
            </tr>
        }
    });
    rows.collect_view().into_any()
}
