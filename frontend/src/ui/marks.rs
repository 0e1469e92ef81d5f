//! The flags below the time axis where what is measured changed and where somebody made a note.
//! Elements and not paint, so that they can be pointed at, focused and read aloud.

use super::state::App;
use crate::chart::layout::Layout;
use crate::chart::marks::{Mark, Side};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

#[component]
pub(crate) fn Marks() -> impl IntoView {
    let app = expect_context::<App>();
    let count = Memo::new(move |_| app.frame.get().map_or(0, |frame| frame.marks.len()));
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
    let mark = Memo::new(move |_| {
        let frame = app.frame.get()?;
        let mark = frame.marks.get(index)?.clone();
        Some((mark, frame.layout))
    });
    let left = |(mark, layout): (Mark, Layout)| layout.css(layout.left + mark.px);
    let px = |css: f64| format!("{css:.1}px");
    let text = move || mark.get().map(|(mark, _)| mark.in_full);
    let note = Memo::new(move |_| mark.get().and_then(|(mark, _)| mark.note));
    let class = move || {
        let side = match mark.get().map(|(mark, _)| mark.side) {
            Some(Side::Left) => "before",
            Some(Side::Right { .. }) => "after",
            Some(Side::Nowhere) | None => "bare",
        };
        let kind = if note.get().is_some() { "note" } else { "" };
        format!("mark {side} {kind}")
    };
    let read = move || {
        if let Some(id) = note.get_untracked() {
            app.read_note(id);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            read();
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
            tabindex="0"
            role=move || if note.get().is_some() { "button" } else { "note" }
            on:click=move |_| read()
            on:keydown=on_key
            title=text
            aria-label=text
            style:left=move || mark.get().map(|mark| px(left(mark)))
            style:max-width=room
            style:top=move || mark.get().map(|(_, layout)| px(layout.marks_top()))
        >
            <span class="mark-label">{move || mark.get().map(|(mark, _)| mark.label)}</span>
        </span>
    }
}
