//! What is looked at: one series or all, and the present or the moment at which the page was paused.

use super::Session;
use super::data::Data;
use super::notice::Notice;
use super::selection::Selection;
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
                let name = self.shown().recent.name_of(key);
                self.ask(key, name)
            }
            None => {
                self.selection = None;
                Vec::new()
            }
        }
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
}
