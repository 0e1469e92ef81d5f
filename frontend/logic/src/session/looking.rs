//! What is looked at: one series or all, and the present or the moment at which the page was paused.

use super::Session;
use super::data::Data;
use super::notice::Notice;
use super::selection::Selection;
use crate::chart::grid::Slice;
use crate::chart::view::Known;
use runqlat_common::columns::start_ms;
use runqlat_common::wire::ClientMessage;

impl Session {
    /// Looks at one series, or at the whole scope; returns what to send.
    pub fn select(&mut self, key: Option<u64>) -> Vec<ClientMessage> {
        match key {
            Some(key) if self.selection.as_ref().is_some_and(|s| s.key == key) => Vec::new(),
            // A paused page may show keys that mean something else by now.
            Some(_) if !self.shown().scopes.go_on_in(&self.live.scopes) => {
                self.say(Notice::Outdated)
            }
            Some(key) => {
                let (past, now) = (self.listed(), &self.shown().recent);
                // Who has ended is known where it is listed.
                let knows = if past.knows(key) { past } else { now };
                self.ask(key, knows.name_of(key))
            }
            None => {
                self.selection = None;
                Vec::new()
            }
        }
    }

    /// Nobody is there to be followed.
    pub fn tell_that_nobody_presents(&mut self) {
        self.say(Notice::Nobody);
    }

    pub(super) fn ask(&mut self, key: u64, name: String) -> Vec<ClientMessage> {
        self.selection = Some(Selection::new(key, name));
        vec![ClientMessage::Series { key }]
    }

    /// The series that is looked at.
    pub fn selected_key(&self) -> Option<u64> {
        self.selection.as_ref().map(|selection| selection.key)
    }

    /// What the page shows: the present, or the moment at which it was paused.
    pub fn shown(&self) -> &Data {
        self.frozen.as_ref().unwrap_or(&self.live)
    }

    /// The newest data, also while the page is paused.
    pub fn live(&self) -> &Data {
        &self.live
    }

    pub fn is_paused(&self) -> bool {
        self.frozen.is_some()
    }

    /// Freezes what is shown; data goes on being collected behind it.
    pub fn pause(&mut self) {
        if self.frozen.is_none() {
            self.frozen = Some(self.live.clone());
        }
    }

    /// Shows the present again.
    pub fn resume(&mut self) {
        self.frozen = None;
        self.selection.take_if(|selection| selection.ended);
    }

    /// Intervals that came since the page was paused.
    pub fn behind(&self) -> u64 {
        self.live.seq.saturating_sub(self.shown().seq)
    }

    /// Whether waits are told apart in what is shown.
    pub fn has_series(&self) -> bool {
        self.shown().scopes.series().key.has_series()
    }

    /// The time that is known; `None` before the first interval.
    pub fn known(&self) -> Option<Known> {
        let columns = &self.shown().columns;
        Some(Known {
            start_ms: start_ms(columns.first()?),
            end_ms: columns.last()?.end_ms as f64,
        })
    }

    /// The intervals of what is looked at that end after `since_ms`, oldest first.
    pub fn slices(&self, since_ms: f64) -> impl DoubleEndedIterator<Item = Slice<'_>> {
        self.shown().slices(self.selection.as_ref(), since_ms)
    }
}
