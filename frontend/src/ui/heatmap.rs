//! The heatmap's two canvases: they are painted when the picture changes, and tell the state what is
//! pointed at.

use super::boxed::{Show, effect, live, on};
use super::hand::Hand;
use super::legend::Legend;
use super::map_state::MapState;
use super::map_table::MapTable;
use super::marks::Marks;
use super::resize::follow_size;
use super::state::App;
use super::theme::Look;
use super::tooltip::Tooltip;
use crate::browser;
use crate::chart::brush::Brush;
use crate::chart::cursor::{Cursor, Move};
use crate::chart::overlay::Over;
use crate::paint;
use crate::words;
use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::{Canvas, Div};
use leptos::prelude::*;

#[component]
pub(crate) fn Heatmap() -> impl IntoView {
    let app = expect_context::<App>();
    let (map, over) = (NodeRef::<Canvas>::new(), NodeRef::<Canvas>::new());
    let holder = NodeRef::<Div>::new();
    follow_size(holder, app.size);
    paint_both(app, map, over);
    let hand = Hand::new(app);
    view! {
        <div
            class="plot"
            node_ref=holder
            on:click=on(move |event: MouseEvent| {
                app.open_note(event.target());
            })
            on:keydown=on(move |event: KeyboardEvent| {
                if event.key() == "Enter" && app.open_note(event.target()) {
                    event.prevent_default();
                }
            })
        >
            <canvas
                node_ref=map
                data-testid="heatmap"
                tabindex="0"
                role="img"
                aria-label=live(move || summary(app))
                on:pointermove=on(move |event| hand.moved(&event))
                on:pointerdown=on(move |event| hand.down(&event))
                on:pointerup=on(move |event| hand.up(&event))
                on:pointercancel=on(move |event| hand.cancelled(&event))
                on:pointerleave=on(move |event| hand.left(&event))
                on:wheel=on(move |event| hand.wheel(&event))
                on:click=on(move |_| hand.click())
                on:dblclick=on(move |_| app.look(|view, _| view.live()))
                on:keydown=on(move |event| on_key(app, &event))
            ></canvas>
            <canvas node_ref=over class="over" aria-hidden="true"></canvas>
            <Legend/>
            <Marks/>
            <MapState/>
            <Tooltip/>
            <Show when=move || app.as_table.get()>
                <MapTable/>
            </Show>
        </div>
    }
}

/// The keys that move the cursor over cells; with Shift they mark a region from where it is.
fn on_key(app: App, event: &KeyboardEvent) {
    let step = match event.key().as_str() {
        "ArrowLeft" => Move::Earlier,
        "ArrowRight" => Move::Later,
        "ArrowUp" => Move::Longer,
        "ArrowDown" => Move::Shorter,
        "Enter" => {
            event.prevent_default();
            return app.toggle_frozen();
        }
        _ => return,
    };
    event.prevent_default();
    app.let_go();
    let Some(frame) = app.frame.get_untracked() else {
        return;
    };
    let before = app.cursor.get_untracked();
    let after = before.moved(&frame, step);
    app.cursor.set(after);
    if event.shift_key() {
        let brush = app.brush.get_untracked();
        app.brush.set(Brush::walked(&frame, brush, before, after));
    }
}

/// Paints the map when the picture is another, and what lies over it also when something there is.
fn paint_both(app: App, map: NodeRef<Canvas>, over: NodeRef<Canvas>) {
    let look = expect_context::<Look>();
    effect(move || {
        app.seen.get().then_some(())?;
        let (frame, map, palette) = (app.frame.get()?, map.get()?, look.palette());
        let utc_offset_min = browser::utc_offset_min(frame.time.end_ms);
        paint::map(&map, &frame, &palette, utc_offset_min);
        Some(())
    });
    effect(move || {
        app.seen.get().then_some(())?;
        let (frame, over, palette) = (app.frame.get()?, over.get()?, look.palette());
        let what = Over {
            percentiles: &app.percentiles.read(),
            target: app.target.get(),
            brush: app.brush.get(),
        };
        paint::overlay(&over, &frame, &palette, &what);
        Some(())
    });
    // A cell that has left the picture holds the cursor no longer.
    effect(move || {
        let left = app.target.get().is_none();
        if left && matches!(app.cursor.get_untracked(), Cursor::Cell { .. }) {
            app.cursor.set(Cursor::Nothing);
        }
    });
}

/// What the picture shows, for those who can't see it; when it is to be read anew, and not with each picture.
fn summary(app: App) -> String {
    app.track_measured();
    app.view.track();
    app.style.track();
    let frame = app.frame.get_untracked();
    frame.map_or_else(
        || "Latency heatmap".to_owned(),
        |frame| words::summary(&frame),
    )
}
