//! The golden bytes of what people who watch tell each other; and which notes are kept.

use crate::wire::{
    Cell, ClientMessage, Company, Format, Introduction, MAX_NOTES, NewNote, Note, Person,
    ServerMessage, Showing, Shown, Together, keep_note,
};
use alloc::string::String;
use alloc::{format, vec, vec::Vec};
use proptest::prelude::{prop_assert, proptest};

const COMPANY_JSON: &str = r#"{"viewers":300,"people":[{"id":7,"name":"Ada"}],"presenter":{"id":7,"name":"Ada"},"followers":2}"#;
const NOTE_JSON: &str = r#"{"id":3,"at_ms":1700000000000,"text":"up","by":"Ada"}"#;
const VIEW_JSON: &str = r#"{"query":"last=60","cell":{"seq":300,"slot":5,"frozen":true}}"#;

/// A snapshot's part.
pub(super) const TOGETHER_JSON: &str = r#"{"you":9,"company":{"viewers":300,"people":[{"id":7,"name":"Ada"}],"presenter":{"id":7,"name":"Ada"},"followers":2},"notes":[{"id":3,"at_ms":1700000000000,"text":"up","by":"Ada"}],"shown":null}"#;

fn ada() -> Person {
    Person {
        id: 7,
        name: "Ada".into(),
    }
}

fn company() -> Company {
    Company {
        viewers: 300,
        people: vec![ada()],
        presenter: Some(ada()),
        followers: 2,
    }
}

fn note() -> Note {
    Note {
        id: 3,
        at_ms: 1_700_000_000_000,
        text: "up".into(),
        by: "Ada".into(),
    }
}

fn view() -> Showing {
    Showing {
        query: "last=60".into(),
        cell: Some(Cell {
            seq: 300,
            slot: 5,
            frozen: true,
        }),
    }
}

pub(super) fn together() -> Together {
    Together {
        you: 9,
        company: company(),
        notes: vec![note()],
        shown: None,
    }
}

pub(super) fn told() -> Vec<(ClientMessage, String, &'static str)> {
    vec![
        (
            ClientMessage::Introduce(Introduction {
                name: "Ada".into(),
                secret: "s".into(),
            }),
            r#"{"introduce":{"name":"Ada","secret":"s"}}"#.into(),
            "05034164610173",
        ),
        (
            ClientMessage::AddNote(NewNote {
                text: "up".into(),
                at_ms: Some(300),
            }),
            r#"{"add_note":{"text":"up","at_ms":300}}"#.into(),
            "0602757001ac02",
        ),
        (
            ClientMessage::DeleteNote { id: 3 },
            r#"{"delete_note":{"id":3}}"#.into(),
            "0703",
        ),
        (
            ClientMessage::Present { take_over: true },
            r#"{"present":{"take_over":true}}"#.into(),
            "0801",
        ),
        (
            ClientMessage::Show(view()),
            format!(r#"{{"show":{VIEW_JSON}}}"#),
            "09076c6173743d363001ac020501",
        ),
        (
            ClientMessage::StopPresenting,
            r#""stop_presenting""#.into(),
            "0a",
        ),
        (
            ClientMessage::Follow { on: true },
            r#"{"follow":{"on":true}}"#.into(),
            "0b01",
        ),
    ]
}

pub(super) fn news() -> Vec<(ServerMessage, String, &'static str)> {
    vec![
        (
            ServerMessage::Company(company()),
            format!(r#"{{"company":{COMPANY_JSON}}}"#),
            "0aac0201070341646101070341646102",
        ),
        (
            ServerMessage::Note(note()),
            format!(r#"{{"note":{NOTE_JSON}}}"#),
            "0b0380d095ffbc3102757003416461",
        ),
        (
            ServerMessage::NoteDeleted { id: 3 },
            r#"{"note_deleted":{"id":3}}"#.into(),
            "0c03",
        ),
        (
            ServerMessage::Shown(Shown {
                by: 7,
                view: view(),
            }),
            format!(r#"{{"shown":{{"by":7,"view":{VIEW_JSON}}}}}"#),
            "0d07076c6173743d363001ac020501",
        ),
        (
            ServerMessage::OwnNotes { ids: vec![3, 300] },
            r#"{"own_notes":{"ids":[3,300]}}"#.into(),
            "0f0203ac02",
        ),
    ]
}

/// People write requests by hand.
#[test]
fn what_is_told_may_leave_fields_out_but_not_misspell_them() {
    let decode = |text: &str| Format::Json.decode_client(text.as_bytes());
    let named = Introduction {
        name: "Ada".into(),
        ..Introduction::default()
    };
    let short = decode(r#"{"introduce":{"name":"Ada"}}"#).unwrap();
    assert_eq!(short, ClientMessage::Introduce(named));
    let now = NewNote {
        text: "up".into(),
        at_ms: None,
    };
    let short = decode(r#"{"add_note":{"text":"up"}}"#).unwrap();
    assert_eq!(short, ClientMessage::AddNote(now));
    for odd in [
        r#"{"introduce":{"nick":"x"}}"#,
        r#"{"add_note":{"text":"x","at":1}}"#,
    ] {
        let error = decode(odd).unwrap_err();
        assert!(error.0.contains("unknown field"), "{error}");
    }
}

proptest! {
    #[test]
    fn notes_are_in_order_once_each_and_bounded(times in proptest::collection::vec(0..50_u64, 0..300)) {
        let mut notes = Vec::new();
        for (id, at_ms) in times.iter().enumerate() {
            let id = id as u32;
            let new = Note { id, at_ms: *at_ms, ..note() };
            keep_note(&mut notes, new.clone());
            keep_note(&mut notes, new);
            prop_assert!(notes.is_sorted_by_key(|note| note.at_ms));
            prop_assert!(notes.len() == MAX_NOTES.min(id as usize + 1));
            // The newest stay.
            prop_assert!(notes.iter().all(|note| note.id + MAX_NOTES as u32 > id));
        }
    }
}
