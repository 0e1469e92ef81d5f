//! The recent past, bounded in length and in memory: what a new viewer gets, and what a viewer may
//! ask for. Pure: no clock, no sockets.

mod notes;

use crate::frame::Frame;
use bytes::Bytes;
use notes::Notes;
use runqlat_common::columns::Columns;
use runqlat_common::wire::{
    Format, Interval, ScopeChange, SeriesHistory, SeriesName, ServerMessage, comparable_from,
    forget_before, same,
};
use std::collections::{HashMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Intervals of the whole scope that are kept as they were: an hour at one a second. Shorter ones are
/// added up for as long.
const MAX_COLUMNS: usize = 3_600;

/// Intervals that a new viewer gets in full, for lists that show the last ten.
const RECENT: usize = 10;

/// Bytes of intervals, as postcard, that are kept for the series' past.
const MAX_SERIES_BYTES: usize = 16 << 20;

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
    /// Names of all series that live, and of those in `recent`.
    names: HashMap<u64, String>,
    /// Series that ended, with the number of the interval that said so.
    ended: VecDeque<(u64, u64)>,
    /// What people wrote about that time.
    pub notes: Notes,
}

impl Default for History {
    fn default() -> Self {
        Self {
            scopes: Vec::new(),
            columns: Columns::new(MAX_COLUMNS),
            recent: VecDeque::new(),
            encoded: VecDeque::new(),
            encoded_bytes: 0,
            names: HashMap::new(),
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

    /// Adds the newest interval; other messages leave no trace.
    pub fn push(&mut self, frame: Arc<Frame>) {
        let Some(interval) = frame.interval() else {
            return;
        };
        let seq = interval.column.seq;
        for name in &interval.names {
            self.names.insert(name.key, name.name.clone());
        }
        self.ended
            .extend(interval.gone.iter().map(|&key| (seq, key)));
        let scopes = &self.scopes;
        self.columns
            .push(interval.column.clone(), |a, b| same(scopes, a, b));
        let encoded = frame.bytes(Format::Postcard);
        self.encoded_bytes += encoded.len();
        self.encoded.push_back(encoded);
        self.recent.push_back(frame);
        self.trim(seq);
    }

    fn trim(&mut self, seq: u64) {
        self.forget_scopes();
        self.notes.forget_before(self.start_ms());
        while self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        while self.encoded.len() > self.columns.newest().len()
            || self.encoded_bytes > MAX_SERIES_BYTES
        {
            let Some(dropped) = self.encoded.pop_front() else {
                break;
            };
            self.encoded_bytes -= dropped.len();
        }
        while let Some(&(at, key)) = self.ended.front() {
            if at + RECENT as u64 > seq {
                break;
            }
            self.ended.pop_front();
            // The tid may have been given to a new process meanwhile, which then has waits or
            // ends later.
            let back = self
                .recent_intervals()
                .any(|i| i.series.iter().any(|s| s.key == key));
            if !back && !self.ended.iter().any(|&(_, later)| later == key) {
                self.names.remove(&key);
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

    /// All names that are known, by ascending key: a viewer that joins while a process is idle must
    /// know its name when it wakes.
    pub fn names(&self) -> Vec<SeriesName> {
        let named = |(&key, name): (&u64, &String)| SeriesName {
            key,
            name: name.clone(),
        };
        let mut names: Vec<SeriesName> = self.names.iter().map(named).collect();
        names.sort_unstable_by_key(|name| name.key);
        names
    }

    pub fn name(&self, key: u64) -> Option<&str> {
        self.names.get(&key).map(String::as_str)
    }

    /// What the series' past is made of; cheap to clone, so that decoding it needs no lock.
    pub fn past(&self) -> Past {
        let to_seq = self.seq();
        // Before, keys meant something else.
        let comparable = (to_seq + 1).saturating_sub(comparable_from(&self.scopes)) as usize;
        let older = self.encoded.len().saturating_sub(comparable);
        Past {
            to_seq,
            encoded: self.encoded.iter().skip(older).cloned().collect(),
        }
    }
}

/// Intervals as they were sent, oldest first, the newest numbered `to_seq`.
pub struct Past {
    to_seq: u64,
    encoded: Vec<Bytes>,
}

impl Past {
    /// What is known of one series. Decodes every interval: a millisecond for each ten of a busy
    /// host, so not for an I/O thread.
    pub fn series(&self, key: u64) -> SeriesHistory {
        let known = self.known();
        let find = |seq| {
            let mut series = self.interval(seq)?.series;
            let at = series
                .binary_search_by_key(&key, |series| series.key)
                .ok()?;
            Some((seq, series.swap_remove(at).counts))
        };
        SeriesHistory {
            key,
            from_seq: *known.start(),
            to_seq: self.to_seq,
            columns: known.filter_map(find).collect(),
        }
    }

    /// The numbers of the intervals that are known; empty before the first.
    pub fn known(&self) -> RangeInclusive<u64> {
        self.to_seq + 1 - self.encoded.len() as u64..=self.to_seq
    }

    /// The interval `seq`, if it is known. Decodes it.
    pub fn interval(&self, seq: u64) -> Option<Interval> {
        let at = seq.checked_sub(*self.known().start())?;
        let encoded = self.encoded.get(usize::try_from(at).ok()?)?;
        match Format::Postcard.decode_server(encoded) {
            Ok(ServerMessage::Interval(interval)) => Some(interval),
            _ => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
