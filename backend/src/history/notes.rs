//! The notes on the time axis, kept as long as its columns.

use crate::together::TogetherError;
use runqlat_common::wire::{Note, keep_note};
use std::collections::HashMap;

/// What is kept of them.
#[derive(Default)]
pub struct Notes {
    notes: Vec<Note>,
    /// What proves an author, by the note's id.
    secrets: HashMap<u32, String>,
    last: u32,
}

impl Notes {
    /// By ascending time.
    pub fn all(&self) -> &[Note] {
        &self.notes
    }

    /// Adds a note whose text was checked.
    pub fn add(&mut self, at_ms: u64, text: String, by: String, secret: String) -> Note {
        self.last += 1;
        let note = Note {
            id: self.last,
            at_ms,
            text,
            by,
        };
        if !secret.is_empty() {
            self.secrets.insert(note.id, secret);
        }
        keep_note(&mut self.notes, note.clone());
        self.forget_secrets();
        note
    }

    /// The notes that whoever knows this secret has made.
    pub fn of(&self, secret: &str) -> Vec<u32> {
        let made = |note: &&Note| self.secrets.get(&note.id).is_some_and(|s| s == secret);
        self.notes.iter().filter(made).map(|note| note.id).collect()
    }

    /// Deletes a note, for whoever knows its secret or may delete `any`.
    pub fn delete(&mut self, id: u32, secret: &str, any: bool) -> Result<(), TogetherError> {
        let at = self.notes.iter().position(|note| note.id == id);
        let at = at.ok_or(TogetherError::NoNote(id))?;
        if !any && self.secrets.get(&id).is_none_or(|kept| kept != secret) {
            return Err(TogetherError::NotYours);
        }
        self.notes.remove(at);
        self.forget_secrets();
        Ok(())
    }

    /// Drops notes about a time of which nothing is kept.
    pub fn forget_before(&mut self, at_ms: u64) {
        if self.notes.first().is_some_and(|note| note.at_ms < at_ms) {
            self.notes.retain(|note| note.at_ms >= at_ms);
            self.forget_secrets();
        }
    }

    fn forget_secrets(&mut self) {
        let notes = &self.notes;
        self.secrets
            .retain(|id, _| notes.iter().any(|note| note.id == *id));
    }
}

#[cfg(test)]
mod tests {
    use super::Notes;
    use crate::together::TogetherError;
    use runqlat_common::wire::MAX_NOTES;

    fn add(notes: &mut Notes, at_ms: u64, secret: &str) -> u32 {
        notes.add(at_ms, "x".into(), "Ada".into(), secret.into()).id
    }

    #[test]
    fn only_who_knows_the_secret_deletes_or_who_may_delete_any() {
        let mut notes = Notes::default();
        let (own, open) = (add(&mut notes, 5, "s"), add(&mut notes, 3, ""));
        let order: Vec<u32> = notes.all().iter().map(|note| note.id).collect();
        assert_eq!(order, [open, own]);
        assert_eq!((notes.of("s"), notes.of("")), (vec![own], vec![]));
        for (id, secret) in [(own, ""), (own, "t"), (open, "")] {
            let refused = notes.delete(id, secret, false);
            assert_eq!(refused, Err(TogetherError::NotYours));
        }
        notes.delete(own, "s", false).unwrap();
        assert_eq!(
            notes.delete(own, "s", true),
            Err(TogetherError::NoNote(own))
        );
        notes.delete(open, "", true).unwrap();
        assert!(notes.all().is_empty() && notes.secrets.is_empty());
    }

    #[test]
    fn notes_are_bounded_and_go_with_their_time() {
        let mut notes = Notes::default();
        for n in 0..MAX_NOTES as u64 + 3 {
            add(&mut notes, 1_000 - n, "s");
        }
        assert_eq!(
            (notes.all().len(), notes.secrets.len()),
            (MAX_NOTES, MAX_NOTES)
        );
        assert_eq!(notes.all().iter().map(|note| note.id).min(), Some(4));
        notes.forget_before(990);
        let times: Vec<u64> = notes.all().iter().map(|note| note.at_ms).collect();
        assert_eq!(times, (990..998).collect::<Vec<_>>());
        assert_eq!(notes.secrets.len(), 8);
    }
}
