//! The recent past, bounded in length and in memory: what a new viewer gets, and what a viewer may
//! ask for. Pure: no clock, no sockets.

mod notes;
mod past;

use crate::frame::Frame;
use bytes::Bytes;
use notes::Notes;
pub use past::Past;
use runqlat_common::columns::Columns;
use runqlat_common::wire::{
    Format, Interval, ScopeChange, SeriesKey, SeriesName, comparable_from, forget_before, same,
};
use std::collections::VecDeque;
use std::collections::btree_map::{BTreeMap, Entry};
use std::sync::Arc;

/// Intervals of the whole scope that are kept as they were: an hour at one a second. Shorter ones are
/// added up for as long.
const MAX_COLUMNS: usize = 3_600;

/// Intervals that a new viewer gets in full, for lists that show the last ten.
const RECENT: usize = 10;

/// Bytes of intervals, as postcard, that are kept for the series' past.
const MAX_SERIES_BYTES: usize = 16 << 20;

/// Changes of the scope that are kept; of columns before them it is not known any more what they measured.
const MAX_SCOPES: usize = 100;

/// What is kept.
pub struct History {
    /// What was measured over `columns` and is now, oldest first.
    scopes: Vec<ScopeChange>,
    columns: Columns,
    recent: VecDeque<Arc<Frame>>,
    /// Intervals as they were sent in postcard, the newest ones of `columns`: compact, and made
    /// anyway.
    encoded: VecDeque<Bytes>,
    encoded_bytes: usize,
    /// Of all series that live, and of those in `recent`.
    names: BTreeMap<SeriesKey, Name>,
    /// Series that ended, with the number of the interval that said so.
    ended: VecDeque<(u64, SeriesKey)>,
    /// What people wrote about that time.
    pub notes: Notes,
}

/// The name of a series.
struct Name {
    text: String,
    hex: Option<String>,
    /// The first interval that named the series.
    since: u64,
    /// The interval that reported the end of the series.
    ended: Option<u64>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            scopes: Vec::new(),
            columns: Columns::new(MAX_COLUMNS),
            recent: VecDeque::new(),
            encoded: VecDeque::new(),
            encoded_bytes: 0,
            names: BTreeMap::new(),
            ended: VecDeque::new(),
            notes: Notes::default(),
        }
    }
}

impl History {
    /// From now on something else is measured. Where keys mean something else then, what is known of
    /// series is forgotten; the columns stay.
    pub fn set_scope(&mut self, change: ScopeChange) {
        if self
            .scopes
            .last()
            .is_some_and(|last| !last.continues(&change))
        {
            self.recent.clear();
            self.names.clear();
            self.ended.clear();
        }
        self.scopes.push(change);
        let most = self.scopes.len().saturating_sub(MAX_SCOPES);
        self.scopes.drain(..most);
        self.forget_scopes();
    }

    /// What was measured over the columns and is now, oldest first.
    pub fn scopes(&self) -> &[ScopeChange] {
        &self.scopes
    }

    /// What is measured now.
    pub fn scope(&self) -> Option<&ScopeChange> {
        self.scopes.last()
    }

    /// Drops scopes of which no column is left.
    fn forget_scopes(&mut self) {
        let oldest = self.columns.first().map_or(u64::MAX, |column| column.seq);
        forget_before(&mut self.scopes, oldest);
    }

    /// Adds the newest interval; other messages are not kept. Returns what is too old for new viewers: freeing
    /// thousands of series takes time, so the caller does it where nobody waits.
    pub fn push(&mut self, frame: Arc<Frame>) -> Option<Arc<Frame>> {
        let interval = frame.interval()?;
        let seq = interval.column.seq;
        interval.names.iter().for_each(|name| self.learn(seq, name));
        for &id in &interval.gone {
            if let Some(name) = self.names.get_mut(&id) {
                name.ended = Some(seq);
                self.ended.push_back((seq, id));
            }
        }
        let scopes = &self.scopes;
        self.columns
            .push(interval.column.clone(), |a, b| same(scopes, a, b));
        let encoded = frame.bytes(Format::Postcard);
        self.encoded_bytes += encoded.len();
        self.encoded.push_back(encoded);
        self.recent.push_back(frame);
        self.trim(seq);
        let is_spare = self.recent.len() > RECENT;
        is_spare.then(|| self.recent.pop_front()).flatten()
    }

    fn learn(&mut self, seq: u64, told: &SeriesName) {
        let new = Name {
            text: told.name.clone(),
            hex: told.name_hex.clone(),
            since: seq,
            ended: None,
        };
        match self.names.entry(told.id()) {
            Entry::Vacant(place) => drop(place.insert(new)),
            Entry::Occupied(mut known) => {
                let since = known.get().since;
                known.insert(Name { since, ..new });
            }
        }
    }

    fn trim(&mut self, seq: u64) {
        self.forget_scopes();
        self.notes.forget_before(self.start_ms());
        while self.encoded.len() > self.columns.newest().len()
            || self.encoded_bytes > MAX_SERIES_BYTES
        {
            let Some(dropped) = self.encoded.pop_front() else {
                break;
            };
            self.encoded_bytes -= dropped.len();
        }
        while let Some(&(at, id)) = self.ended.front() {
            if at + RECENT as u64 > seq {
                break;
            }
            self.ended.pop_front();
            // A series that was reported gone and is named again lives on.
            if self.names.get(&id).is_some_and(|n| n.ended == Some(at)) {
                self.names.remove(&id);
            }
        }
    }

    /// Number of the newest interval; 0 before the first.
    pub fn seq(&self) -> u64 {
        self.columns.last().map_or(0, |column| column.seq)
    }

    /// When the oldest column begins, in ms since 1970; 0 before the first.
    pub fn start_ms(&self) -> u64 {
        let oldest = self.columns.first();
        oldest.map_or(0, |column| {
            column.end_ms.saturating_sub(column.duration_us / 1_000)
        })
    }

    /// The past of the whole scope.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The newest intervals in full, oldest first.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &Arc<Frame>> {
        self.recent.iter()
    }

    pub fn recent_intervals(&self) -> impl DoubleEndedIterator<Item = &Interval> {
        self.recent.iter().filter_map(|frame| frame.interval())
    }

    /// Number of the first of them, or of the next interval while there are none.
    pub fn recent_from(&self) -> u64 {
        let mut recent = self.recent_intervals();
        recent.next().map_or(self.seq() + 1, |i| i.column.seq)
    }

    /// The names of series that were named before the newest intervals, which name the others, by ascending key: a
    /// viewer that joins while a process is idle must know its name when it wakes.
    pub fn names(&self) -> Vec<SeriesName> {
        let recent_from = self.recent_from();
        let before = self.names.iter().filter(|(_, n)| n.since < recent_from);
        let named = |(id, name): (&SeriesKey, &Name)| SeriesName {
            key: id.key,
            start: id.start,
            name: name.text.clone(),
            name_hex: name.hex.clone(),
        };
        before.map(named).collect()
    }

    pub fn name(&self, id: SeriesKey) -> Option<&str> {
        self.names.get(&id).map(|name| &*name.text)
    }

    /// Of those with a name, the one that started last.
    pub fn newest(&self, key: u64) -> Option<SeriesKey> {
        let (start, end) = (0, u64::MAX);
        let all = SeriesKey { key, start }..=SeriesKey { key, start: end };
        self.names.range(all).next_back().map(|(id, _)| *id)
    }

    /// What the series' past is made of; cheap to clone, so that decoding it needs no lock.
    pub fn past(&self) -> Past {
        let to_seq = self.seq();
        // Before, keys meant something else.
        let comparable = (to_seq + 1).saturating_sub(comparable_from(&self.scopes)) as usize;
        let older = self.encoded.len().saturating_sub(comparable);
        Past::new(to_seq, self.encoded.iter().skip(older).cloned().collect())
    }
}

#[cfg(test)]
pub(crate) mod tests;
