//! What people who watch the same server tell each other: who they are, notes on the time axis, and
//! what a presenter looks at.

use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Longest name that somebody gives himself, in characters.
pub const MAX_NAME: usize = 40;

/// Longest secret, in bytes.
pub const MAX_SECRET: usize = 64;

/// Longest note, in characters.
pub const MAX_NOTE: usize = 200;

/// Notes that are kept; the oldest makes room for one more.
pub const MAX_NOTES: usize = 100;

/// People with names that are listed; the others are counted.
pub const MAX_PEOPLE: usize = 50;

/// Longest description of what a presenter looks at, in bytes.
pub const MAX_VIEW: usize = 2_000;

/// What a viewer starts from, in its snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Together {
    /// The id of the viewer that gets this.
    pub you: u32,
    pub company: Company,
    /// By ascending `at_ms`.
    pub notes: Vec<Note>,
    /// What the presenter looks at.
    pub shown: Option<Shown>,
}

/// Who is here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Viewers connected, with and without names.
    pub viewers: u32,
    /// Those with names, in the order of their coming; at most [`MAX_PEOPLE`].
    pub people: Vec<Person>,
    pub presenter: Option<Person>,
    /// How many follow the presenter.
    pub followers: u32,
}

/// Somebody who watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: u32,
    /// Empty if not given.
    pub name: String,
}

/// A note on the time axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Grows with each note.
    pub id: u32,
    /// What it is about, in ms since 1970, as [`Column::end_ms`](super::Column::end_ms).
    pub at_ms: u64,
    pub text: String,
    /// Its author's name; empty if not given.
    pub by: String,
}

/// What the presenter looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The presenter's id.
    pub by: u32,
    pub view: Showing,
}

/// What somebody looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Showing {
    /// As in the page's address after the question mark; at most [`MAX_VIEW`] bytes.
    pub query: String,
    /// The cell of the heatmap that is pointed at.
    pub cell: Option<Cell>,
}

/// A cell of the heatmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub seq: u64,
    pub slot: u8,
    /// It was clicked on, and not only pointed at.
    pub frozen: bool,
}

/// Who a viewer is. In JSON, fields may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Introduction {
    /// For the others to see; empty for none.
    pub name: String,
    /// Whoever knows it may delete the notes that were made under it; told to nobody.
    pub secret: String,
}

/// A note to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    pub text: String,
    /// In ms since 1970; now when left out.
    pub at_ms: Option<u64>,
}

/// Adds a note to those that are kept, by ascending time; beyond [`MAX_NOTES`] the one that was made
/// first goes.
pub fn keep_note(notes: &mut Vec<Note>, note: Note) {
    if notes.iter().any(|kept| kept.id == note.id) {
        return;
    }
    let place = notes.partition_point(|kept| kept.at_ms <= note.at_ms);
    notes.insert(place, note);
    if notes.len() > MAX_NOTES
        && let Some(first) = notes.iter().map(|note| note.id).min()
    {
        notes.retain(|note| note.id != first);
    }
}
