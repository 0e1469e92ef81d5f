//! From what is known, the time that is looked at and how, to the picture; and the moves in time.

use super::state::App;
use super::style::Style;
use crate::browser;
use crate::chart::frame::{Frame, Request};
use crate::chart::layout::{Layout, Size};
use crate::chart::measure::Cause;
use crate::chart::view::{Known, View};
use crate::session::Session;
use crate::words;
use leptos::prelude::*;
use runqlat_common::buckets::Unit;
use std::sync::Arc;

/// Until someone chooses, or more is known.
const FIRST_VIEW_MS: f64 = 300_000.0;

impl App {
    /// A server that has just started has little past: the axis begins short, and stays.
    pub(super) fn settle_view(self) {
        if self.view.get_untracked().is_some() {
            return;
        }
        if let Some(known) = self.session.with_untracked(Session::known) {
            let minutes = if known.end_ms - known.start_ms < 90_000.0 {
                1
            } else {
                5
            };
            self.view.set(Some(View::minutes(minutes)));
        }
    }

    /// What is shown, and out of what; before anything is known, around now.
    pub(crate) fn view_and_known(self) -> (View, Known) {
        let now = browser::now_ms();
        let (start_ms, end_ms) = (now - FIRST_VIEW_MS, now);
        let known = self.session.with_untracked(Session::known);
        let view = self.view.get_untracked();
        (
            view.unwrap_or(View::newest(FIRST_VIEW_MS)),
            known.unwrap_or(Known { start_ms, end_ms }),
        )
    }

    /// Looks at another part of time.
    pub(crate) fn look(self, change: impl FnOnce(View, &Known) -> View) {
        let (view, known) = self.view_and_known();
        self.chosen_view.set(true);
        self.view.set(Some(change(view, &known)));
    }
}

/// Of a picture, what does not change with each interval.
#[derive(Clone, PartialEq)]
pub(super) struct Shape {
    pub(super) layout: Layout,
    unit: Unit,
    cause: Cause,
}

impl Shape {
    pub(super) fn of(frame: &Frame) -> Self {
        Self {
            layout: frame.layout,
            unit: frame.unit(),
            cause: frame.cause,
        }
    }
}

pub(super) fn frame_of(
    (session, came): (RwSignal<Session>, RwSignal<f64>),
    view: RwSignal<Option<View>>,
    style: RwSignal<Style>,
    size: RwSignal<Size>,
) -> Memo<Option<Arc<Frame>>> {
    // Every computed picture counts as a new one: comparing two costs as much as painting.
    Memo::new_with_compare(
        move |before: Option<&Option<Arc<Frame>>>| {
            let keeper = before.and_then(|frame| Some(frame.as_ref()?.keeper));
            came.track();
            let session = session.read();
            let view = view.get().unwrap_or(View::newest(FIRST_VIEW_MS));
            let style = style.get();
            let end_ms = session.known().map(|known| view.end_ms(&known));
            let request = Request {
                size: size.get(),
                window_ms: view.span_ms,
                end_ms: end_ms.unwrap_or_else(browser::now_ms),
                spread: style.spread,
                measure: style.measure,
                cause: style.cause,
                pinned: style.pinned_max(),
                unit: session.shown().scopes.series().unit,
            };
            let slices = session.slices(request.end_ms - request.window_ms);
            let changes = session.shown().changes();
            let mut changes: Vec<_> = changes.map(|change| words::scope::mark(&change)).collect();
            let start_ms = request.end_ms - request.window_ms;
            for note in &session.together.notes {
                let note = words::together::mark(note);
                if note.at_ms >= start_ms {
                    let place = changes.partition_point(|change| change.at_ms <= note.at_ms);
                    changes.insert(place, note);
                }
            }
            Frame::new(slices, changes, &request, keeper).map(Arc::new)
        },
        |_, _| true,
    )
}
