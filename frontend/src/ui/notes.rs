//! Notes on the time axis: a panel that shows the one of a place and makes another there.

use super::boxed::on;
use super::sheet::Sheet;
use super::state::App;
use crate::browser;
use crate::chart::cursor::Target;
use crate::words;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use runqlat_common::wire::{ClientMessage, NewNote};
use wasm_bindgen::JsCast;

/// The panel's state. Copies are the same panel.
#[derive(Clone, Copy)]
pub(crate) struct Noting {
    pub(crate) open: RwSignal<bool>,
    /// The time that a new note is about, in ms since 1970.
    at_ms: RwSignal<f64>,
    /// The note that is shown.
    id: RwSignal<Option<u32>>,
}

/// The panel's buttons tell which they are by their value.
const DELETE: &str = "delete";

impl Noting {
    pub(crate) fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            at_ms: RwSignal::new(0.0),
            id: RwSignal::new(None),
        }
    }

    fn show(self, at_ms: f64, id: Option<u32>) {
        self.at_ms.set(at_ms);
        self.id.set(id);
        self.open.set(true);
    }
}

impl App {
    /// A note about the cell that is looked at, the beginning of the marked time, or now; not where nobody may write.
    pub(crate) fn start_note(self) {
        if self.session.read_untracked().together.read_only {
            return;
        }
        let pointed = self.frame.get_untracked().and_then(|frame| {
            Some(match self.target.get_untracked()? {
                Target::Cell { column, .. } => frame.grid.columns.get(column)?.start_ms,
                Target::Missing { ms } => ms,
            })
        });
        let marked = self.brush.get_untracked().map(|brush| brush.from_ms);
        let now = self.view_and_known().1.end_ms;
        self.noting.show(pointed.or(marked).unwrap_or(now), None);
    }

    /// What lies at a flag, or the tooltip's button: which of them was meant is told by the element.
    /// True if it was any.
    pub(crate) fn open_note(self, target: Option<web_sys::EventTarget>) -> bool {
        let element = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let Some(element) = element.and_then(|e| e.closest("[data-mark]").ok()?) else {
            return false;
        };
        let index = element
            .get_attribute("data-mark")
            .and_then(|at| at.parse().ok());
        let frame = self.frame.get_untracked();
        let mark = index.and_then(|index: usize| frame.as_ref()?.marks.get(index));
        match mark {
            Some(mark) => self.noting.show(mark.at_ms, mark.note),
            None => self.start_note(),
        }
        true
    }

    fn submit_note(self, event: &SubmitEvent) {
        event.prevent_default();
        let id = self.noting.id.get_untracked();
        let is_delete = event
            .submitter()
            .is_some_and(|button| button.get_attribute("value").as_deref() == Some(DELETE));
        let message = match id.filter(|_| is_delete) {
            Some(id) => ClientMessage::DeleteNote { id },
            None => ClientMessage::AddNote(NewNote {
                text: browser::take_value(".note-text").unwrap_or_default(),
                at_ms: Some(self.noting.at_ms.get_untracked() as u64),
            }),
        };
        self.send(&[message]);
        self.noting.open.set(false);
    }
}

#[component]
pub(crate) fn NoteSheet() -> impl IntoView {
    let app = expect_context::<App>();
    let noting = app.noting;
    let shown = move || words::together::shown(&app.others().together, noting.id.get());
    let about = move || {
        let at_ms = noting.at_ms.get();
        let utc_offset_min = browser::utc_offset_min(at_ms);
        words::together::about(&app.others().together, at_ms, utc_offset_min)
    };
    // The server refuses others.
    let is_for_others = move || {
        let session = app.others();
        let together = &session.together;
        !together.may_delete(noting.id.get(), session.may_control)
    };
    view! {
        <Sheet open=noting.open title="Notes" label="Notes on the time axis" testid="notes">
            <form class="picker" on:submit=on(move |event| app.submit_note(&event))>
                <p class="note-shown" data-testid="note">{shown}</p>
                <input
                    class="picker-search note-text"
                    type="search"
                    autofocus
                    required
                    data-testid="note-text"
                    maxlength="200"
                    placeholder="what happened, for everybody who watches"
                    aria-label="A new note"
                    autocomplete="off"
                />
                <div class="picker-row">
                    <button class="button primary" data-testid="save-note">"Save"</button>
                    <span class="muted">{about}</span>
                    // Not the first: Enter presses that.
                    <button
                        class="button delete"
                        value="delete"
                        formnovalidate
                        hidden=is_for_others
                        data-testid="delete-note"
                        title="For everybody"
                    >
                        "Delete the note above"
                    </button>
                </div>
            </form>
        </Sheet>
    }
}
