//! What the page knows: the connection, the server, what is measured, and the recent past. Plain
//! state that messages and people change; must not know sockets, signals or pixels.

pub mod columns;
pub mod recent;
pub mod selection;
#[cfg(test)]
mod tests;

use crate::chart::grid::Slice;
use columns::{Columns, start_ms};
use recent::Recent;
use runqlat_common::wire::{
    ClientMessage, Health, Interval, Key, ProbeState, Scope, SeriesName, ServerInfo, ServerMessage,
    Snapshot,
};
use selection::Selection;

/// The connection to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Link {
    #[default]
    Connecting,
    /// A snapshot has come; intervals follow.
    Live,
    /// It broke; the next attempt is at this time, in ms since 1970.
    Lost { retry_at_ms: f64 },
}

/// What is measured and where: all that changes rarely.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    pub server: ServerInfo,
    pub scope: Scope,
}

/// The recent past.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// Sequence number of the newest interval, 0 before the first.
    pub seq: u64,
    pub columns: Columns,
    pub recent: Recent,
    pub health: Health,
}

impl Data {
    /// Waits in the intervals that the list of series sums.
    pub fn waits(&self) -> u64 {
        let newest = self.columns.newest(recent::INTERVALS);
        newest.fold(0, |sum, column| sum.saturating_add(column.counts.total()))
    }
}

/// Something that a person should know for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The page was too slow; that many intervals were fetched again.
    Lagged { missed: u64 },
    /// The server did not understand the page.
    Refused { reason: String, hint: String },
    /// A message could not be read, which a page of another version can't either.
    Garbled { reason: String },
}

/// Intervals for which a notice stays.
const NOTICE_INTERVALS: u64 = 10;

/// The whole state.
#[derive(Clone, Debug, Default)]
pub struct Session {
    pub link: Link,
    pub subject: Option<Subject>,
    pub probe: Option<ProbeState>,
    pub selection: Option<Selection>,
    live: Data,
    /// What was shown when the page was paused.
    frozen: Option<Data>,
    notice: Option<(Notice, u64)>,
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
            ServerMessage::Series(history) => {
                match &mut self.selection {
                    Some(selection) if selection.key == history.key => selection.fill(history),
                    // The answer to a selection that has changed since.
                    _ => {}
                }
                Vec::new()
            }
            ServerMessage::Lagged { missed } => {
                // The server sends the snapshot unasked; until then nothing fits.
                self.awaits_snapshot = true;
                self.notice = Some((Notice::Lagged { missed }, self.live.seq));
                Vec::new()
            }
            ServerMessage::Error { reason, hint } => {
                self.notice = Some((Notice::Refused { reason, hint }, self.live.seq));
                Vec::new()
            }
        }
    }

    /// A message could not be decoded.
    pub fn garbled(&mut self, reason: String) {
        self.notice = Some((Notice::Garbled { reason }, self.live.seq));
    }

    fn restart(&mut self, snapshot: Snapshot) -> Vec<ClientMessage> {
        self.link = Link::Live;
        self.awaits_snapshot = false;
        self.subject = Some(Subject {
            server: snapshot.server,
            scope: snapshot.scope,
        });
        self.probe = Some(snapshot.probe);
        if let Some((_, since)) = &mut self.notice {
            *since = snapshot.seq;
        }
        let health = match snapshot.recent.last() {
            Some(interval) => interval.health.clone(),
            None => Health::default(),
        };
        self.live = Data {
            seq: snapshot.seq,
            columns: Columns::new(snapshot.columns),
            recent: Recent::new(snapshot.recent, snapshot.names),
            health,
        };
        // Its past may be another server's: ask anew.
        match self.selection.take() {
            Some(selection) => self.ask(selection.key, selection.name),
            None => Vec::new(),
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
        if let Some(selection) = &mut self.selection {
            select_interval(selection, &interval);
            if let Some(first) = self.live.columns.first() {
                selection.forget_before(first.seq);
            }
        }
        self.live.seq = seq;
        self.live.health = interval.health.clone();
        self.live.columns.push(interval.column.clone());
        self.live.recent.push(interval);
        Vec::new()
    }

    /// Looks at one series, or at the whole scope; returns what to send.
    pub fn select(&mut self, key: Option<u32>) -> Vec<ClientMessage> {
        match key {
            Some(key) if self.selection.as_ref().is_some_and(|s| s.key == key) => Vec::new(),
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

    fn ask(&mut self, key: u32, name: String) -> Vec<ClientMessage> {
        self.selection = Some(Selection::new(key, name));
        vec![ClientMessage::Series { key }]
    }

    /// The series that is looked at.
    pub fn selected_key(&self) -> Option<u32> {
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
    }

    /// Intervals that came since the page was paused.
    pub fn behind(&self) -> u64 {
        self.live.seq.saturating_sub(self.shown().seq)
    }

    /// The connection broke.
    pub fn lost(&mut self, retry_at_ms: f64) {
        self.link = Link::Lost { retry_at_ms };
        self.awaits_snapshot = false;
    }

    /// What there is to say besides the data.
    pub fn notice(&self) -> Option<&Notice> {
        let (notice, since) = self.notice.as_ref()?;
        (self.live.seq < since.saturating_add(NOTICE_INTERVALS)).then_some(notice)
    }

    /// Whether waits are counted by process.
    pub fn has_series(&self) -> bool {
        let by = self.subject.as_ref().map(|subject| subject.scope.key);
        by.is_none_or(|key| key == Key::Process)
    }

    /// The right end of the time axis, in ms since 1970; `None` before the first interval.
    pub fn end_ms(&self) -> Option<f64> {
        let last = self.shown().columns.last()?;
        Some(last.end_ms as f64)
    }

    /// The time that is known, in ms.
    pub fn known_ms(&self) -> f64 {
        let columns = &self.shown().columns;
        match (columns.first(), columns.last()) {
            (Some(first), Some(last)) => last.end_ms as f64 - start_ms(first),
            _ => 0.0,
        }
    }

    /// The intervals of what is looked at that end after `since_ms`, oldest first.
    pub fn slices(&self, since_ms: f64) -> impl Iterator<Item = Slice<'_>> {
        self.shown().columns.since(since_ms).map(|column| Slice {
            seq: column.seq,
            start_ms: start_ms(column),
            end_ms: column.end_ms as f64,
            counts: match &self.selection {
                None => Some(&column.counts),
                Some(selection) => selection.at(column.seq),
            },
        })
    }
}

fn select_interval(selection: &mut Selection, interval: &Interval) {
    let found = interval
        .series
        .binary_search_by_key(&selection.key, |series| series.key);
    let counts = found.ok().map(|index| &interval.series[index].counts);
    selection.push(interval.column.seq, counts);
    for SeriesName { key, name } in &interval.names {
        if *key == selection.key {
            selection.name.clone_from(name);
        }
    }
}
