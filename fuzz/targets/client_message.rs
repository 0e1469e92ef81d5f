//! A message of a viewer's in either format, and what is checked of it before anything is done with it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runqlat_common::buckets::SLOTS;
use runqlat_common::name;
use runqlat_common::wire::{
    ClientMessage, Format, MAX_CLIENT_MESSAGE, MAX_NAME, MAX_NOTE, MAX_SECRET, Region, Scope,
};
use runqlat_web::fuzzing;
use std::path::PathBuf;

fuzz_target!(|bytes: &[u8]| {
    for format in Format::ALL {
        let Ok(message) = format.decode_client(bytes) else {
            continue;
        };
        assert!(bytes.len() <= MAX_CLIENT_MESSAGE);
        for other in Format::ALL {
            let encoded = other.encode_client(&message);
            // Written anew in the other format, or with other escapes, it may be too long to be sent.
            if encoded.len() <= MAX_CLIENT_MESSAGE {
                assert_eq!(other.decode_client(&encoded).as_ref(), Ok(&message));
            }
        }
        check(message);
    }
});

fn check(message: ClientMessage) {
    match message {
        ClientMessage::Introduce(introduction) => {
            if let Ok(name) = fuzzing::name(&introduction.name) {
                is_plain_line(&name, MAX_NAME);
            }
            if let Ok(secret) = fuzzing::secret(introduction.secret) {
                assert!(secret.len() <= MAX_SECRET);
            }
        }
        ClientMessage::AddNote(note) => {
            if let Ok(text) = fuzzing::note(&note.text) {
                is_plain_line(&text, MAX_NOTE);
                assert!(!text.is_empty());
            }
        }
        ClientMessage::SetScope(request) => check_scope(&request.scope),
        ClientMessage::Region(region) => check_region(&region),
        _ => {}
    }
}

/// What passes is short, is shown as it is, and would pass again.
fn is_plain_line(text: &str, most: usize) {
    assert!(text.chars().count() <= most);
    assert!(!text.chars().any(char::is_control));
    assert_eq!(text.trim(), text);
    assert_eq!(
        fuzzing::name(text).is_ok(),
        text.chars().count() <= MAX_NAME
    );
}

fn check_scope(scope: &Scope) {
    if let Ok(ms) = fuzzing::check_interval(scope.interval_ms) {
        assert!(fuzzing::INTERVAL_MS.contains(&ms));
    }
    // A hierarchy that is not there: no path may lead out of it, to what is.
    let mounts = [fuzzing::Mount {
        point: PathBuf::from("/nonexistent/cgroup"),
        root: "/".into(),
        v1: None,
    }];
    if let Some(path) = &scope.cgroup {
        let found = fuzzing::find_cgroup(path, &mounts);
        assert!(found.is_err(), "{path:?} is {found:?}");
    }
    if let Some(hex) = &scope.cgroup_hex {
        let found = fuzzing::find_cgroup_hex(hex, &mounts);
        assert!(found.is_err(), "{hex:?} is {found:?}");
    }
    let shown = fuzzing::scope_as_shown(scope);
    assert_eq!(shown, fuzzing::scope_as_shown(&shown));
    assert!(
        !shown
            .cgroup
            .is_some_and(|path| path.chars().any(name::is_hidden))
    );
}

fn check_region(region: &Region) {
    if fuzzing::check_region(region).is_ok() {
        assert!(region.from_seq <= region.to_seq && region.from_slot <= region.to_slot);
        assert!(usize::from(region.to_slot) < SLOTS);
    }
}
