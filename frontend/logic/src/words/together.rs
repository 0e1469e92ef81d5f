//! What others do and write, in words.

use crate::bidi::isolated;
use crate::chart::{marks, ticks};
use crate::session::together::Together;
use runqlat_common::wire::Note;
use std::borrow::Cow;

/// Letters of a note below the time axis and in the tooltip, where there is no room for all of it.
const LABEL: usize = 22;
const TEXT: usize = 80;

/// Somebody's name for use in a sentence.
pub fn name(given: &str) -> Cow<'_, str> {
    match given {
        "" => "somebody".into(),
        given => isolated(given),
    }
}

/// A note for the picture.
pub fn mark(note: &Note) -> marks::Change {
    let by = name(&note.by);
    marks::Change {
        at_ms: note.at_ms as f64,
        label: format!("✎ {}", isolated(&cut(&note.text, LABEL))),
        text: format!("✎ {by}: {}", isolated(&cut(&note.text, TEXT))),
        in_full: format!("{by}: {}", isolated(&note.text)),
        note: Some(note.id),
    }
}

/// The beginning of a text that is too long.
fn cut(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// ` by Ada`, or nothing where no name was given.
pub fn by(given: &str) -> String {
    if given.is_empty() {
        return String::new();
    }
    format!(" by {}", isolated(given))
}

/// Who presents, and how many follow; nothing without a presenter.
pub fn presence(together: &Together) -> String {
    let company = &together.company;
    let Some(presenter) = &company.presenter else {
        return String::new();
    };
    let name = name(&presenter.name);
    let who = match (together.presents(), together.is_following()) {
        (true, _) => "You present".to_owned(),
        (_, true) => format!("Following {name}"),
        _ => format!("{name} presents"),
    };
    let deed = match (together.presents(), together.is_following()) {
        (true, _) => "stop",
        (_, true) => "let go",
        _ => "follow",
    };
    match company.followers {
        0 => format!("{who} · {deed}"),
        n => format!("{who} · followers: {n} · {deed}"),
    }
}

/// How many watch; nothing before the server has told.
pub fn viewers(together: &Together) -> String {
    match together.company.viewers {
        0 => String::new(),
        1 => "1 viewer".to_owned(),
        n => format!("{n} viewers"),
    }
}

/// A note in full; nothing if it is gone.
pub fn shown(together: &Together, id: Option<u32>) -> String {
    let note = together.notes.iter().find(|note| Some(note.id) == id);
    note.map_or_else(String::new, |note| mark(note).in_full)
}

/// What a new note is about, and under which name.
pub fn about(together: &Together, at_ms: f64, utc_offset_min: i32) -> String {
    let at = ticks::clock(at_ms, utc_offset_min);
    match together.name() {
        "" => format!("at {at}, without a name (give yours where viewers are counted)"),
        name => format!("at {at}, as {}", isolated(name)),
    }
}

/// Those with names, one a line, and how many have none.
pub fn people(together: &Together) -> String {
    let company = &together.company;
    let mut lines = String::new();
    for person in &company.people {
        lines += &isolated(&person.name);
        lines += if together.is_you(person) {
            " (you)\n"
        } else {
            "\n"
        };
    }
    match (company.viewers as usize).saturating_sub(company.people.len()) {
        0 => lines,
        n => format!("{lines}{n} without a name here"),
    }
}

/// What the button does that makes one the presenter.
pub fn present(together: &Together) -> String {
    match together.presenter() {
        _ if together.presents() => "Stop presenting".to_owned(),
        None => "Present".to_owned(),
        Some(other) => format!("Take over from {}", name(&other.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::{about, by, mark, people, presence, present, shown, viewers};
    use crate::session::together::Together;
    use runqlat_common::wire::{Company, Note, Person, ServerMessage};

    #[test]
    fn a_note_is_cut_short_where_there_is_no_room() {
        let note = |text: &str, by: &str| Note {
            id: 3,
            at_ms: 5,
            text: text.into(),
            by: by.into(),
        };
        let short = mark(&note("deployed 1.2", ""));
        assert_eq!(short.label, "✎ deployed 1.2");
        assert_eq!(short.in_full, "somebody: deployed 1.2");
        assert_eq!((short.at_ms, short.note), (5.0, Some(3)));
        let text = "é".repeat(200);
        let long = mark(&note(&text, "Ada"));
        assert_eq!(long.label.chars().count(), 25);
        assert!(long.text.starts_with("✎ Ada: é") && long.text.ends_with('…'));
        assert_eq!(long.in_full, format!("Ada: {text}"));
    }

    /// Viewer 1 of three, of whom two have names.
    fn together(presenter: Option<u32>, followers: u32) -> Together {
        let person = |id: u32, name: &str| Person {
            id,
            name: name.into(),
        };
        let mut together = Together::default();
        together.hear(&mut ServerMessage::Company(Company {
            viewers: 3,
            people: vec![person(0, "Ada"), person(2, "Bob")],
            presenter: presenter.map(|id| person(id, ["Ada", "", "Bob"][id as usize])),
            followers,
        }));
        together
    }

    #[test]
    fn who_presents_is_told() {
        let table = [
            (None, 0, "", "Present"),
            (Some(0), 0, "You present · stop", "Stop presenting"),
            (
                Some(0),
                2,
                "You present · followers: 2 · stop",
                "Stop presenting",
            ),
            (
                Some(1),
                0,
                "somebody presents · follow",
                "Take over from somebody",
            ),
            (
                Some(2),
                1,
                "Bob presents · followers: 1 · follow",
                "Take over from Bob",
            ),
        ];
        for (presenter, followers, words, button) in table {
            let together = together(presenter, followers);
            assert_eq!(
                (presence(&together), present(&together)),
                (words.to_owned(), button.to_owned())
            );
        }
        let mut following = together(Some(2), 1);
        following.follow(true);
        assert_eq!(
            presence(&following),
            "Following Bob · followers: 1 · let go"
        );
        assert_eq!(people(&following), "Ada (you)\nBob\n1 without a name here");
        assert_eq!(viewers(&following), "3 viewers");
        assert_eq!(shown(&following, Some(3)), "");
        let about = |together: &Together| about(together, 5_000.0, 0);
        assert!(about(&following).starts_with("at 00:00:05, without a name"));
        following.rename("Eve".into());
        assert_eq!(about(&following), "at 00:00:05, as Eve");
        assert_eq!((by(""), by("Ada")), (String::new(), " by Ada".to_owned()));
    }
}
