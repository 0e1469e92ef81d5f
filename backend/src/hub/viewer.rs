//! One who watches, and what he may tell the others.

use super::{Hub, Joined};
use crate::allowance::Allowance;
use crate::together::{self, TogetherError};
use runqlat_common::wire::{Introduction, NewNote, Note, Showing};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// What one may do at once, and a second: more than a person does.
const DEEDS: u32 = 20;
const DEEDS_PER_S: f64 = 2.0;

/// A viewer that is counted until this is dropped.
pub struct Viewer {
    hub: Arc<Hub>,
    id: u32,
    deeds: Allowance,
}

impl Hub {
    /// Counts a viewer for as long as the result lives; none where there are `most` already.
    pub fn enter(self: &Arc<Self>, most: u32) -> Option<Viewer> {
        let more = |viewers| (viewers < most).then_some(viewers + 1);
        self.viewers
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()?;
        Some(Viewer {
            hub: self.clone(),
            id: self.told.change(together::Room::enter),
            deeds: Allowance::new(DEEDS, DEEDS_PER_S),
        })
    }
}

impl Viewer {
    /// Starts, or starts afresh after having fallen behind.
    pub fn join(&self, may_control: bool) -> Joined {
        self.hub.join(may_control)
    }

    /// The number that the others know this viewer by.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The name that he goes by; empty if not given.
    pub fn name(&self) -> String {
        self.hub.told.room().name(self.id)
    }

    fn deed(&mut self) -> Result<(), TogetherError> {
        let may = self.deeds.take(Instant::now());
        may.then_some(()).ok_or(TogetherError::Fast)
    }

    pub fn introduce(&mut self, introduction: Introduction) -> Result<(), TogetherError> {
        self.deed()?;
        let name = together::name(&introduction.name)?;
        let secret = together::secret(introduction.secret)?;
        let told = &self.hub.told;
        told.change(|room| room.introduce(self.id, name, secret));
        Ok(())
    }

    pub fn add_note(&mut self, note: NewNote) -> Result<Note, TogetherError> {
        self.deed()?;
        let (by, secret) = {
            let room = self.hub.told.room();
            (room.name(self.id), room.secret(self.id))
        };
        self.hub.add_note(note, by, secret)
    }

    /// Those that he may delete as their author.
    pub fn own_notes(&self) -> Vec<u32> {
        let secret = self.hub.told.room().secret(self.id);
        self.hub.with_history(|history| history.notes.of(&secret))
    }

    /// `any`: also one that somebody else made.
    pub fn delete_note(&mut self, id: u32, any: bool) -> Result<(), TogetherError> {
        self.deed()?;
        let secret = self.hub.told.room().secret(self.id);
        self.hub.delete_note(id, &secret, any)
    }

    pub fn present(&mut self, take_over: bool) -> Result<(), TogetherError> {
        self.deed()?;
        let told = &self.hub.told;
        told.change(|room| room.present(self.id, take_over))
    }

    /// The newest counts: too many are no error, for they are told at a pace of their own.
    pub fn show(&mut self, view: Showing) -> Result<(), TogetherError> {
        let told = &self.hub.told;
        let is_new = told.room().show(self.id, view)?;
        if is_new {
            told.show();
        }
        Ok(())
    }

    pub fn stop_presenting(&mut self) -> Result<(), TogetherError> {
        self.deed()?;
        self.hub.told.change(|room| room.stop(self.id));
        Ok(())
    }

    pub fn follow(&mut self, on: bool) -> Result<(), TogetherError> {
        self.deed()?;
        self.hub.told.change(|room| room.follow(self.id, on));
        Ok(())
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.hub.told.change(|room| room.leave(self.id));
        self.hub.viewers.fetch_sub(1, Ordering::Relaxed);
    }
}
