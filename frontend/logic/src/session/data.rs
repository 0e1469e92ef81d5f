//! The recent past, of which a paused page keeps a copy: columns, what was measured in them, and the
//! newest series.

use super::recent::Recent;
use super::scopes::{Change, Scopes};
use super::selection::Selection;
use crate::chart::grid::{Missing, Slice};
use runqlat_common::columns::{Columns, start_ms};
use runqlat_common::counts::Counts;
use runqlat_common::wire::{Health, Interval, ScopeChange, Snapshot};

/// Intervals kept as they were: ten minutes at 100 ms and some more. At 1 s it is well over an hour, and
/// about 400 bytes each.
const MOST: usize = 6_600;

/// The recent past.
#[derive(Clone, Debug)]
pub struct Data {
    /// Sequence number of the newest interval, 0 before the first.
    pub seq: u64,
    pub scopes: Scopes,
    pub columns: Columns,
    pub recent: Recent,
    pub health: Health,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            seq: 0,
            scopes: Scopes::default(),
            columns: Columns::new(MOST),
            recent: Recent::default(),
            health: Health::default(),
        }
    }
}

impl Data {
    /// What a snapshot tells.
    pub fn new(snapshot: Snapshot) -> Self {
        let scopes = Scopes::new(snapshot.scopes);
        Self {
            seq: snapshot.seq,
            columns: Columns::after(MOST, snapshot.columns),
            recent: Recent::new(scopes.series(), snapshot.names),
            scopes,
            health: Health::default(),
        }
    }

    /// Adds the next interval.
    pub fn advance(&mut self, interval: Interval) {
        self.seq = interval.column.seq;
        self.health = interval.health.clone();
        let scopes = &self.scopes;
        self.columns
            .push(interval.column.clone(), |a, b| scopes.same(a, b));
        // The last intervals of the scope before may come after the word that it is another now.
        if self.seq >= self.scopes.comparable_from() {
            self.recent.push(interval);
        }
    }

    /// Something else is measured; the list of series starts anew unless they go on.
    pub fn change(&mut self, change: ScopeChange) {
        let before = self.scopes.series();
        if !self.scopes.push(change) {
            return;
        }
        // What was gone is not what is measured now.
        self.health.target_gone_ms = None;
        if let Some(first) = self.columns.first() {
            self.scopes.forget_before(first.seq);
        }
        let series = self.scopes.series();
        if series != before {
            self.recent = Recent::new(series, Vec::new());
        }
    }

    /// The intervals of what is looked at that end after `since_ms`, oldest first.
    pub fn slices<'a>(
        &'a self,
        selection: Option<&'a Selection>,
        since_ms: f64,
    ) -> impl DoubleEndedIterator<Item = Slice<'a>> {
        let comparable_from = self.scopes.comparable_from();
        let columns = self.columns.since(since_ms);
        let axis = self.scopes.series().unit;
        columns.map(move |column| {
            let scope = self.scopes.at(column.seq);
            let unit = scope.map_or(axis, |scope| scope.unit);
            Slice {
                seq: column.seq,
                start_ms: start_ms(column),
                end_ms: column.end_ms as f64,
                interval_ms: scope.map_or(0.0, |scope| scope.interval_ms.into()),
                counts: match selection {
                    // The axis of now has no place for it.
                    _ if unit != axis => Err(Missing::Unit(unit)),
                    None => Ok(&column.counts),
                    Some(selection) => self.counts_of(selection, column.seq, comparable_from),
                },
            }
        })
    }

    fn counts_of<'a>(
        &self,
        selection: &'a Selection,
        seq: u64,
        comparable_from: u64,
    ) -> Result<&'a Counts, Missing> {
        // The sums of older intervals are those of the whole scope alone.
        let from = comparable_from.max(self.columns.newest_from());
        let known = selection.at(seq).filter(|_| seq >= from);
        known.ok_or_else(|| match self.scopes.at(seq) {
            Some(scope) if scope.key != self.scopes.series().key => Missing::Key(scope.key),
            _ => Missing::Unknown,
        })
    }

    /// The changes of what is measured, oldest first.
    pub fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        self.scopes.changes(&self.columns)
    }
}
