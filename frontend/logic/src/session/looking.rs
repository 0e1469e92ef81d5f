//! What is looked at: one series or all, and the present or the moment at which the page was paused.

use super::data::Data;
use super::notice::Notice;
use super::selection::Selection;
use super::{Another, Session};
use crate::chart::grid::Slice;
use crate::chart::view::Known;
use crate::keys::Linked;
use runqlat_common::columns::start_ms;
use runqlat_common::wire::{ClientMessage, SeriesHistory, SeriesKey};

impl Session {
    /// Looks at one series, or at the whole scope; returns what to send.
    pub fn select(&mut self, id: Option<SeriesKey>) -> Vec<ClientMessage> {
        self.another = None;
        match id {
            Some(_) if self.selected_key() == id => Vec::new(),
            // A paused page may show keys that mean something else by now.
            Some(_) if !self.shown().scopes.go_on_in(&self.live.scopes) => {
                self.say(Notice::Outdated)
            }
            Some(id) => {
                let (past, now) = (self.listed(), &self.shown().recent);
                // Who has ended is known where it is listed.
                let knows = if past.knows(id) { past } else { now };
                self.ask(Selection::new(id, knows.name_of(id)))
            }
            None => {
                self.selection = None;
                Vec::new()
            }
        }
    }

    /// Looks at what a link names, or at the whole scope; returns what to send.
    pub fn follow_link(&mut self, series: Option<Linked>) -> Vec<ClientMessage> {
        let Some(linked) = series else {
            return self.select(None);
        };
        let fits = |selection: &Selection| selection.linked().fits(linked);
        if self.selection.as_ref().is_some_and(fits) {
            return Vec::new();
        }
        self.another = None;
        if !self.shown().scopes.go_on_in(&self.live.scopes) {
            return self.say(Notice::Outdated);
        }
        self.seek(linked)
    }

    pub(super) fn seek(&mut self, linked: Linked) -> Vec<ClientMessage> {
        let recent = &self.shown().recent;
        let id = match linked.start {
            Some(_) => linked.id(),
            None => recent.newest(linked.key).unwrap_or(linked.id()),
        };
        let name = recent.name_of(id);
        self.ask(match recent.knows(id) {
            true => Selection::new(id, name),
            false => Selection::sought(linked, name),
        })
    }

    pub(super) fn fill_selection(&mut self, history: SeriesHistory) -> Vec<ClientMessage> {
        let is_late = history.to_seq < self.live.seq;
        let comparable_from = self.live.scopes.comparable_from();
        let Some(selection) = &mut self.selection else {
            return Vec::new();
        };
        // Otherwise it answers a selection that has changed since.
        if selection.is_answered_by(&history) {
            let was_known = selection.start.is_some();
            selection.fill(history, comparable_from);
            if let Some(id) = selection.id().filter(|_| !was_known) {
                let found = Selection::new(id, self.live.recent.name_of(id));
                if is_late {
                    // Intervals that came meanwhile could not be assigned to a series.
                    return self.ask(found);
                }
                selection.name = found.name;
            }
        }
        self.find_another();
        Vec::new()
    }

    /// Shows the whole scope if the series that a link names has ended and another one has its number.
    pub(super) fn find_another(&mut self) {
        let recent = &self.live.recent;
        let Some(selection) = self.selection.as_mut().filter(|s| s.is_sought) else {
            return;
        };
        let Some(id) = selection.id().filter(|_| selection.answered) else {
            return;
        };
        if selection.has_waits() || recent.knows(id) {
            selection.is_sought = false;
        } else if let Some(other) = recent.newest(id.key) {
            let name = recent.name_of(other);
            self.another = Some(Another { id: other, name });
            self.selection = None;
        }
    }

    /// Nobody is there to be followed.
    pub fn tell_that_nobody_presents(&mut self) {
        self.say(Notice::Nobody);
    }

    pub(super) fn ask(&mut self, selection: Selection) -> Vec<ClientMessage> {
        let (key, start) = (selection.key, selection.start);
        self.selection = Some(selection);
        vec![ClientMessage::Series { key, start }]
    }

    /// The selected series, once it is known which.
    pub fn selected_key(&self) -> Option<SeriesKey> {
        self.selection.as_ref()?.id()
    }

    /// The selected series as a link names it.
    pub fn linked(&self) -> Option<Linked> {
        self.selection.as_ref().map(Selection::linked)
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
