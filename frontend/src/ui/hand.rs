//! The mouse, the pen and fingers on the heatmap: what they do becomes a cursor, a region, or another
//! part of time.

use super::state::App;
use crate::chart::brush::Brush;
use crate::chart::cursor::Cursor;
use crate::chart::frame::Frame;
use crate::chart::gesture::{Deed, Gesture, Tool};
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent, WheelEvent};

/// How much a step of the wheel zooms: `deltaY` is about 100 a notch.
const ZOOM_PER_DELTA: f64 = 0.0015;

/// Pixels in a line, for wheels that count in lines.
const LINE_PX: f64 = 30.0;

/// What is held down. Copies are the same hand.
#[derive(Clone, Copy)]
pub(crate) struct Hand {
    app: App,
    gesture: StoredValue<Gesture>,
}

impl Hand {
    pub(crate) fn new(app: App) -> Self {
        Self {
            app,
            gesture: StoredValue::new(Gesture::default()),
        }
    }

    pub(crate) fn down(self, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        self.app.let_go();
        self.point(event);
        // Fingers move the picture, as everywhere; the mouse marks, and moves with Shift.
        let tool = match (
            is_finger(event) != event.shift_key(),
            self.app.tool.get_untracked(),
        ) {
            (false, tool) => tool,
            (true, Tool::Brush) => Tool::Pan,
            (true, Tool::Pan) => Tool::Brush,
        };
        let (x, y) = position(event);
        self.gesture
            .update_value(|gesture| gesture.down(event.pointer_id(), x, y, tool));
        if let Some(canvas) = canvas(event) {
            // A drag goes on outside of the canvas.
            let _too_late = canvas.set_pointer_capture(event.pointer_id());
        }
    }

    pub(crate) fn moved(self, event: &PointerEvent) {
        let (x, y) = position(event);
        let deed = self
            .gesture
            .try_update_value(|gesture| gesture.moved(event.pointer_id(), x, y));
        match deed {
            None | Some(Deed::None) => self.point(event),
            Some(deed) => self.act(deed),
        }
    }

    fn act(self, deed: Deed) {
        let Some(frame) = self.app.frame.get_untracked() else {
            return;
        };
        self.app.cursor.set(Cursor::Nothing);
        match deed {
            Deed::None => {}
            Deed::Pan { by } => {
                let ms = -by / plot_width(&frame) * frame.span_ms();
                self.app.look(|view, known| view.panned(ms, known));
            }
            Deed::Zoom { factor, at } => {
                let at = fraction(&frame, at);
                self.app.look(|view, known| view.zoomed(factor, at, known));
            }
            Deed::Brush { from, to } => self.app.brush.set(Brush::between(&frame, from, to)),
        }
    }

    pub(crate) fn up(self, event: &PointerEvent) {
        self.gesture
            .update_value(|gesture| gesture.up(event.pointer_id()));
    }

    /// The browser takes the finger for scrolling the page.
    pub(crate) fn cancelled(self, event: &PointerEvent) {
        self.up(event);
        self.point_no_more();
    }

    /// A finger that is lifted leaves, too, before it is a click; what it pointed at stays.
    pub(crate) fn left(self, event: &PointerEvent) {
        if !is_finger(event) {
            self.point_no_more();
        }
    }

    fn point_no_more(self) {
        let is_pointer = matches!(self.app.cursor.get_untracked(), Cursor::Pointer { .. });
        if is_pointer && !self.gesture.with_value(Gesture::is_down) {
            self.app.cursor.set(Cursor::Nothing);
        }
    }

    /// The end of a drag is a click too, for the browser.
    pub(crate) fn click(self) {
        if !self.gesture.with_value(Gesture::was_drag) {
            self.app.toggle_frozen();
        }
    }

    /// Zooms around the pointer; sideways or with Shift it moves. On a narrow page, which scrolls, the
    /// wheel is the page's unless Ctrl is held (which is also what a pinch on a touch pad sends).
    pub(crate) fn wheel(self, event: &WheelEvent) {
        let Some(frame) = self.app.frame.get_untracked() else {
            return;
        };
        if is_narrow() && !event.ctrl_key() && !event.shift_key() {
            return;
        }
        event.prevent_default();
        let unit = match event.delta_mode() {
            WheelEvent::DOM_DELTA_PIXEL => 1.0,
            _ => LINE_PX,
        };
        let (dx, dy) = (event.delta_x() * unit, event.delta_y() * unit);
        let sideways = if event.shift_key() && dx == 0.0 {
            dy
        } else {
            dx
        };
        self.app.cursor.set(Cursor::Nothing);
        if event.shift_key() || dx.abs() > dy.abs() {
            let ms = sideways / plot_width(&frame) * frame.span_ms();
            self.app.look(|view, known| view.panned(ms, known));
        } else {
            let at = fraction(&frame, f64::from(event.offset_x()));
            let factor = (dy * ZOOM_PER_DELTA).exp();
            self.app.look(|view, known| view.zoomed(factor, at, known));
        }
    }

    fn point(self, event: &PointerEvent) {
        // Who is driven sees the presenter's cursor.
        if !self.app.cursor.get_untracked().is_frozen() && !self.app.is_following() {
            let (x, y) = position(event);
            self.app.cursor.set(Cursor::Pointer { x, y });
        }
    }
}

fn is_finger(event: &PointerEvent) -> bool {
    event.pointer_type() == "touch"
}

fn canvas(event: &PointerEvent) -> Option<Element> {
    event.target().and_then(|target| target.dyn_into().ok())
}

fn position(event: &PointerEvent) -> (f64, f64) {
    (f64::from(event.offset_x()), f64::from(event.offset_y()))
}

fn plot_width(frame: &Arc<Frame>) -> f64 {
    frame.layout.css(frame.layout.width).max(1.0)
}

/// Where a place of the canvas lies on the time axis, 0 at its left end.
fn fraction(frame: &Arc<Frame>, x: f64) -> f64 {
    (x - frame.layout.css(frame.layout.left)) / plot_width(frame)
}

/// As in the style sheet.
fn is_narrow() -> bool {
    let narrow = window().match_media("(max-width: 900px)");
    narrow.is_ok_and(|query| query.is_some_and(|query| query.matches()))
}
