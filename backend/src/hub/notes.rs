//! Notes on the time axis: checked, kept with the history, and sent to all.

use super::{Hub, Live};
use crate::frame::Frame;
use crate::procfs;
use crate::together::{self, TogetherError};
use runqlat_common::wire::{NewNote, Note, ServerMessage};
use std::time::Instant;

/// How far clocks of those who write may be ahead.
const AHEAD_MS: u64 = 60_000;

/// The wall clock and the columns' are the same for people if no more lies between them.
const SAME_MS: u64 = 1_000;

impl Live {
    /// Now, on the columns' clock.
    fn now_ms(&self) -> u64 {
        match self.newest {
            Some((end_ms, since_ns)) => {
                end_ms + procfs::boottime_ns().saturating_sub(since_ns) / 1_000_000
            }
            None => procfs::now_ms(),
        }
    }
}

/// What the wall clock shows as `at_ms`, by the columns' clock, when it is `columns_ms` by that and `wall_ms` by the
/// wall clock: a step since the start has moved that one alone.
fn by_columns(at_ms: u64, columns_ms: u64, wall_ms: u64) -> u64 {
    if columns_ms.abs_diff(wall_ms) < SAME_MS {
        return at_ms;
    }
    at_ms.saturating_add(columns_ms).saturating_sub(wall_ms)
}

impl Hub {
    /// By the columns' clock, a time that somebody took from this host's wall clock.
    pub fn at_wall_clock(&self, at_ms: u64) -> u64 {
        by_columns(at_ms, self.live().now_ms(), procfs::now_ms())
    }

    /// Adds a note and sends it to all. Whoever knows `secret` may delete it.
    pub fn add_note(
        &self,
        note: NewNote,
        by: String,
        secret: String,
    ) -> Result<Note, TogetherError> {
        let text = together::note(&note.text)?;
        let mut live = self.live();
        let now_ms = live.now_ms();
        let at_ms = note.at_ms.unwrap_or(now_ms);
        if at_ms > now_ms + AHEAD_MS {
            return Err(TogetherError::Future);
        }
        if at_ms < live.history.start_ms() {
            return Err(TogetherError::Past);
        }
        if !live.new_notes.take(Instant::now()) {
            return Err(TogetherError::Fast);
        }
        let note = live.history.notes.add(at_ms, text, by, secret);
        let _ = self
            .frames
            .send(Frame::new(ServerMessage::Note(note.clone())));
        Ok(note)
    }

    /// Deletes a note for whoever knows its secret or may delete `any`, and tells all.
    pub fn delete_note(&self, id: u32, secret: &str, any: bool) -> Result<(), TogetherError> {
        let mut live = self.live();
        live.history.notes.delete(id, secret, any)?;
        let _ = self
            .frames
            .send(Frame::new(ServerMessage::NoteDeleted { id }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{AHEAD_MS, by_columns};
    use crate::hub::{Hub, NEW_NOTES, for_tests as hub, tests::publish};
    use crate::together::TogetherError;
    use runqlat_common::wire::{NewNote, Note};

    fn add(hub: &Hub, at_ms: Option<u64>) -> Result<Note, TogetherError> {
        let text = "up".to_owned();
        hub.add_note(NewNote { text, at_ms }, "Ada".into(), String::new())
    }

    /// The test's intervals end in 1970.
    #[test]
    fn notes_are_about_a_time_that_is_kept() {
        let hub = hub();
        publish(&hub, 1);
        let now = add(&hub, None).unwrap();
        assert!(now.at_ms < AHEAD_MS, "{now:?}");
        assert_eq!(add(&hub, Some(3)).unwrap().at_ms, 3);
        let far = add(&hub, Some(10 * AHEAD_MS));
        assert_eq!(far, Err(TogetherError::Future));
        assert_eq!(add(&hub, Some(u64::MAX)), Err(TogetherError::Future));
        let times = hub.with_history(|h| h.notes.all().iter().map(|n| n.at_ms).collect::<Vec<_>>());
        assert_eq!(times.len(), 2);
    }

    #[test]
    fn a_wall_clock_that_was_stepped_is_understood() {
        let hour = 3_600_000;
        let now = 10 * hour;
        // By so much is the wall clock ahead.
        for wall_ms in [now + hour, now - hour, now] {
            assert_eq!(by_columns(wall_ms, now, wall_ms), now);
            assert_eq!(by_columns(wall_ms - 5_000, now, wall_ms), now - 5_000);
        }
        // What is read a moment later is no step.
        assert_eq!(by_columns(now - 7, now, now + 3), now - 7);
        assert!(by_columns(u64::MAX, now, now + hour) > now + AHEAD_MS);
    }

    #[test]
    fn all_together_may_make_so_many() {
        let hub = hub();
        let made = (0..NEW_NOTES * 3)
            .filter(|_| add(&hub, None).is_ok())
            .count() as u32;
        assert!((NEW_NOTES..NEW_NOTES + 5).contains(&made), "{made}");
        assert_eq!(add(&hub, None), Err(TogetherError::Fast));
    }
}
