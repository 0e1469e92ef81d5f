//! What the page knows: the connection, the server, what is measured, and the recent past. Plain
//! state that messages and people change; must not know sockets, signals or pixels.

pub mod data;
pub mod keyed;
mod known;
mod looking;
pub mod notice;
pub mod pace;
pub mod past;
pub mod recent;
pub mod scopes;
pub mod selection;
pub mod strip;
mod strips;
pub mod sum;
#[cfg(test)]
mod tests;
pub mod together;
pub mod total;

use data::Data;
use notice::{Board, Notice};
use past::Past;
use runqlat_common::wire::{
    ClientMessage, Interval, ProbeState, RegionReply, Scope, ScopeChange, SeriesKey, ServerInfo,
    ServerMessage, SetScope, Snapshot, Targets,
};
use selection::Selection;
use together::Together;

/// The connection to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Link {
    #[default]
    Connecting,
    /// A snapshot has come; intervals follow.
    Live,
    /// It broke; the next attempt is at this time, in ms since 1970.
    Lost { retry_at_ms: f64 },
    /// The server lets nobody in who has no right to; it is not asked again unless somebody says so.
    Refused,
}

/// A series with the same number as the one that was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Another {
    pub id: SeriesKey,
    pub name: String,
}

/// The whole state.
#[derive(Clone, Debug, Default)]
pub struct Session {
    pub link: Link,
    pub server: Option<ServerInfo>,
    pub probe: Option<ProbeState>,
    pub selection: Option<Selection>,
    /// A link named a series that has ended; this one has its number now.
    pub another: Option<Another>,
    /// The newest answers to what was asked.
    pub targets: Option<Targets>,
    pub region: Option<RegionReply>,
    /// Who waited in another time than the present.
    past: Past,
    /// Why the last change of the scope was not made, and what to do.
    pub refused: Option<(String, String)>,
    /// This page has asked for another scope.
    changes: bool,
    /// Whether this viewer may change what is measured.
    pub may_control: bool,
    /// What the server said when it hung up, or why else there is no connection; empty while that is not known.
    pub farewell: String,
    /// The others who watch.
    pub together: Together,
    live: Data,
    /// What was shown when the page was paused.
    frozen: Option<Data>,
    board: Board,
    awaits_snapshot: bool,
}

impl Session {
    /// Takes a message; returns what to send.
    pub fn apply(&mut self, message: ServerMessage) -> Vec<ClientMessage> {
        match message {
            ServerMessage::Snapshot(snapshot) => self.restart(snapshot),
            ServerMessage::Interval(interval) => self.advance(interval),
            ServerMessage::Probe(state) => {
                self.probe = Some(state);
                Vec::new()
            }
            ServerMessage::Series(history) => self.fill_selection(history),
            ServerMessage::Lagged { missed } => {
                // The server sends the snapshot unasked; until then nothing fits.
                self.awaits_snapshot = true;
                self.say(Notice::Lagged { missed })
            }
            ServerMessage::Error { reason, hint } => {
                self.past.give_up();
                self.say(Notice::Refused { reason, hint })
            }
            ServerMessage::Span(reply) => self.recall(reply),
            ServerMessage::Scope(change) => self.change(change),
            ServerMessage::ScopeRefused { reason, hint } => {
                self.refused = Some((reason.clone(), hint.clone()));
                self.changes = false;
                self.say(Notice::ScopeRefused { reason, hint })
            }
            ServerMessage::Targets(targets) => {
                self.targets = Some(targets);
                Vec::new()
            }
            ServerMessage::Earlier(earlier) => {
                if let Some(frozen) = &mut self.frozen {
                    frozen.columns.prepend(earlier.clone());
                }
                self.live.columns.prepend(earlier);
                Vec::new()
            }
            ServerMessage::Region(region) => {
                self.region = Some(region);
                Vec::new()
            }
            // What `Together` hears.
            ServerMessage::Company(_)
            | ServerMessage::Note(_)
            | ServerMessage::NoteDeleted { .. }
            | ServerMessage::OwnNotes { .. }
            | ServerMessage::Shown(_) => Vec::new(),
        }
    }

    /// A message could not be decoded.
    pub fn garbled(&mut self, reason: String) {
        self.say(Notice::Garbled { reason });
    }

    /// Puts up a notice, which is all there is to do.
    fn say(&mut self, notice: Notice) -> Vec<ClientMessage> {
        self.board.put(notice, self.live.seq);
        Vec::new()
    }

    fn restart(&mut self, snapshot: Snapshot) -> Vec<ClientMessage> {
        self.link = Link::Live;
        self.may_control = snapshot.may_control;
        self.awaits_snapshot = false;
        let before = self.server.replace(snapshot.server.clone());
        self.probe = Some(snapshot.probe.clone());
        self.board.restart(self.live.seq, snapshot.seq);
        let started_ms = snapshot.server.started_ms;
        if before.is_some_and(|before| before.started_ms != started_ms) {
            let interval_ms = snapshot
                .scopes
                .last()
                .map_or(0, |now| now.scope.interval_ms);
            self.board
                .put_restarted(started_ms, interval_ms, snapshot.seq);
        }
        let before = std::mem::replace(&mut self.live, Data::new(snapshot));
        if !before.scopes.go_on_in(&self.live.scopes) {
            self.end_selection();
        }
        // The past may be another server's: ask anew.
        let mut messages = self.past.restart();
        messages.extend(self.ask_again());
        messages
    }

    fn ask_again(&mut self) -> Vec<ClientMessage> {
        match self.selection.take_if(|selection| !selection.ended) {
            // A link names a series before anything is known of it.
            Some(selection) if selection.is_sought => self.seek(selection.linked()),
            Some(selection) => {
                let known = selection.id().filter(|id| self.live.recent.knows(*id));
                let name = known.map_or(selection.name.clone(), |id| self.live.recent.name_of(id));
                let id = selection.id().unwrap_or_default();
                self.ask(Selection::new(id, name))
            }
            None => Vec::new(),
        }
    }

    /// Asks for something else to be measured, unless somebody else has changed it meanwhile.
    pub fn set_scope(&mut self, mut scope: Scope) -> Vec<ClientMessage> {
        // The bytes are enough, and the displayed form could be three times as long as a message may be.
        if scope.cgroup_hex.is_some() {
            scope.cgroup = None;
        }
        self.refused = None;
        self.changes = true;
        let expect = Some(self.live.scopes.number());
        vec![ClientMessage::SetScope(SetScope { scope, expect })]
    }

    fn change(&mut self, change: ScopeChange) -> Vec<ClientMessage> {
        let before = self.live.scopes.series();
        // Two of one name change it at the same time less often than names are given.
        let is_own = std::mem::take(&mut self.changes) && change.by == self.together.name();
        if is_own {
            self.say(Notice::OwnChange);
        } else if !change.by.is_empty() {
            let by = change.by.clone();
            self.say(Notice::Changed { by });
        }
        self.live.change(change);
        if self.live.scopes.series() == before {
            return Vec::new();
        }
        self.end_selection();
        match self.frozen {
            // A paused page goes on showing what it showed.
            Some(_) => Vec::new(),
            None => self.past.restart(),
        }
    }

    /// The keys of series mean something else now. A paused page goes on showing what it showed.
    fn end_selection(&mut self) {
        match &mut self.selection {
            Some(selection) if self.frozen.is_some() => selection.ended = true,
            selection => *selection = None,
        }
    }

    fn advance(&mut self, interval: Interval) -> Vec<ClientMessage> {
        let seq = interval.column.seq;
        if self.awaits_snapshot || seq <= self.live.seq {
            return Vec::new();
        }
        if seq != self.live.seq + 1 {
            self.awaits_snapshot = true;
            return vec![ClientMessage::Snapshot];
        }
        if let Some(selection) = self.selection.as_mut().filter(|s| !s.ended) {
            selection.take(&interval);
            selection.forget_before(self.live.columns.newest_from());
        }
        self.live.advance(interval);
        self.find_another();
        Vec::new()
    }

    /// The connection broke, with these words of the server's. Where there are none, what was known of an attempt
    /// before goes on to be.
    pub fn lost(&mut self, retry_at_ms: f64, farewell: String) {
        let farewell = match self.link {
            Link::Lost { .. } if farewell.is_empty() => std::mem::take(&mut self.farewell),
            _ => farewell,
        };
        self.hung_up(Link::Lost { retry_at_ms }, farewell);
    }

    /// Why the connection does not come back, where the server did not say so itself.
    pub fn explained(&mut self, why: String) {
        if let Link::Lost { .. } = self.link {
            self.farewell = why;
        }
    }

    /// The server wants a token, or another one.
    pub fn turned_away(&mut self, farewell: String) {
        self.hung_up(Link::Refused, farewell);
    }

    fn hung_up(&mut self, link: Link, farewell: String) {
        self.link = link;
        self.farewell = farewell;
        self.awaits_snapshot = false;
    }

    /// What there is to say besides the data.
    pub fn notice(&self) -> Option<&Notice> {
        self.board.read(self.live.seq)
    }

    /// What is measured now, whatever is shown.
    pub fn scope(&self) -> Option<&Scope> {
        self.live.scopes.current()
    }

    /// What is measured now and since when it is gone, in ms since 1970, if it is.
    pub fn gone(&self) -> Option<(&Scope, f64)> {
        let since = self.live.health.target_gone_ms?;
        Some((self.scope()?, since as f64))
    }
}
