//! The flags below the time axis where what is measured changed or somebody made a note. Elements and
//! not paint, so that they can be pointed at, focused and read aloud; a click opens the note.

use super::boxed::{live, memo};
use super::state::App;
use crate::chart::layout::Layout;
use crate::chart::marks::{Mark, Side};
use leptos::prelude::*;

#[component]
pub(crate) fn Marks() -> impl IntoView {
    let app = expect_context::<App>();
    let count = memo(move || app.frame.get().map_or(0, |frame| frame.marks.len()));
    // Elements stay while they move: one that is made anew with each picture loses its tooltip.
    move || {
        (0..count.get())
            .map(|index| view! { <Flag index/> })
            .collect_view()
    }
}

#[component]
fn Flag(index: usize) -> impl IntoView {
    let app = expect_context::<App>();
    let mark = memo(move || {
        let frame = app.frame.get()?;
        let mark = frame.marks.get(index)?.clone();
        Some((mark, frame.layout))
    });
    let left = |(mark, layout): (Mark, Layout)| layout.css(layout.left + mark.px);
    let px = |css: f64| format!("{css:.1}px");
    let text = move || mark.get().map(|(mark, _)| mark.in_full);
    let class = move || {
        let (note, side) = mark
            .get()
            .map_or((None, Side::Nowhere), |(mark, _)| (mark.note, mark.side));
        match (note, side) {
            (None, Side::Left) => "mark before",
            (None, Side::Right { .. }) => "mark",
            (None, Side::Nowhere) => "mark bare",
            (Some(_), Side::Left) => "mark note before",
            (Some(_), Side::Right { .. }) => "mark note",
            (Some(_), Side::Nowhere) => "mark note bare",
        }
    };
    let room = move || match mark.get().map(|(mark, _)| mark.side) {
        Some(Side::Right { room }) => Some(px(room)),
        _ => None,
    };
    view! {
        <span
            class=class
            data-testid="mark"
            data-mark=index
            tabindex="0"
            role="button"
            title=text
            aria-label=text
            style:left=live(move || mark.get().map(|mark| px(left(mark))))
            style:max-width=room
            style:top=live(move || mark.get().map(|(_, layout)| px(layout.marks_top())))
        >
            <span class="mark-label">{live(move || mark.get().map(|(mark, _)| mark.label))}</span>
        </span>
    }
}
