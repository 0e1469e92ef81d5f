//! Notes on the time axis: a panel that shows one and makes another there.

use super::people::NameInput;
use super::sheet::Sheet;
use super::state::App;
use crate::browser;
use crate::chart::cursor::Target;
use crate::chart::ticks;
use crate::words;
use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;
use runqlat_common::wire::{ClientMessage, MAX_NOTE, NewNote, Note};

/// The panel's state. Copies are the same panel.
#[derive(Clone, Copy)]
pub(crate) struct Noting {
    pub(crate) open: RwSignal<bool>,
    /// The time that a new note is about, in ms since 1970.
    at_ms: RwSignal<f64>,
    /// The note that is shown.
    id: RwSignal<Option<u32>>,
}

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
    /// A note about the cell that is looked at, the beginning of the marked time, or now.
    pub(crate) fn start_note(self) {
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

    /// Shows a note.
    pub(crate) fn read_note(self, id: u32) {
        if let Some(at_ms) = self.with_note(Some(id), |note| note.at_ms as f64) {
            self.noting.show(at_ms, Some(id));
        }
    }

    fn with_note<T>(self, id: Option<u32>, read: impl FnOnce(&Note) -> T) -> Option<T> {
        let together = self.together.read();
        let note = together.notes.iter().find(|note| Some(note.id) == id);
        note.map(read)
    }
}

fn clock(ms: f64) -> String {
    ticks::clock(ms, browser::utc_offset_min(ms))
}

#[component]
pub(crate) fn NoteSheet() -> impl IntoView {
    let app = expect_context::<App>();
    let Noting { open, at_ms, id } = app.noting;
    let text = NodeRef::<Input>::new();
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(input) = text.get_untracked() {
            let note = NewNote {
                text: input.value(),
                at_ms: Some(at_ms.get_untracked() as u64),
            };
            app.send(&[ClientMessage::AddNote(note)]);
            input.set_value("");
        }
        open.set(false);
    };
    let shown = move || app.with_note(id.get(), |note| words::together::mark(note).in_full);
    let delete = move |_| {
        let id = id
            .get_untracked()
            .map(|id| ClientMessage::DeleteNote { id });
        app.send(id.as_slice());
        open.set(false);
    };
    view! {
        <Sheet open title="Notes" label="Notes on the time axis" testid="notes">
            <p class="note-shown" data-testid="note">{shown}</p>
            <form class="picker" on:submit=save>
                <input
                    node_ref=text
                    class="picker-search"
                    type="search"
                    autofocus
                    required
                    data-testid="note-text"
                    maxlength=MAX_NOTE.to_string()
                    placeholder="what happened, for everybody who watches"
                    aria-label="A new note"
                    autocomplete="off"
                />
                <div class="picker-row">
                    <button type="submit" class="button primary" data-testid="save-note">"Save"</button>
                    <span class="muted">{move || format!("at {}, as", clock(at_ms.get()))}</span>
                    <NameInput/>
                    <button
                        type="button"
                        class="button"
                        data-testid="delete-note"
                        hidden=move || id.get().is_none()
                        title="For everybody; its author can, and whoever may change what is measured"
                        on:click=delete
                    >
                        "Delete the note above"
                    </button>
                </div>
            </form>
        </Sheet>
    }
}
