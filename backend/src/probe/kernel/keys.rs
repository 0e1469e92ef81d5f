//! The keys of an attached probe: their table, which grows before it is full, the rows of those that wait often, and
//! which of them have ended.

use super::AttachError;
use super::attach::Attached;
use super::counters::Counters;
use super::ended::Ended;
use super::group_names::GroupNames;
use super::hot::Hot;
use super::ledger::Ledger;
use super::occupancy::Occupancy;
use super::room::Room;
use super::sizes::Sizes;
use super::table::Table;
use crate::probe;
use runqlat_common::contract::{Hist, KeyStats};
use runqlat_common::wire::Key;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait before the table is enlarged again after the kernel had no memory for it.
const GROW_AGAIN: Duration = Duration::from_secs(10);

/// The table of keys and what is known of them.
pub(super) struct Keys {
    table: Table,
    room: Room,
    occupancy: Occupancy,
    hot: Ledger<Hot>,
    ended: Ended,
    group_names: Option<GroupNames>,
    sizes: Sizes,
    not_before: Option<Instant>,
}

impl Keys {
    /// For keys of this kind, which are counted in `table`.
    pub(super) fn new(
        key: Key,
        sizes: Sizes,
        table: Table,
        attached: &Attached,
    ) -> Result<Self, AttachError> {
        let hot = Hot::map(&attached.map_fd("HOT")?, attached.cpus)?;
        Ok(Self {
            table,
            room: Room::map(&attached.map_fd("FULL")?)?,
            occupancy: Occupancy::default(),
            hot: Ledger::new(hot, attached.cpus.present, key.kernel_kind()),
            ended: Ended::new(key),
            group_names: (key == Key::Cgroup).then(GroupNames::new),
            sizes,
            not_before: None,
        })
    }

    /// Keys that fit into the table now.
    pub(super) fn room(&self) -> u32 {
        self.table.capacity()
    }

    /// Keys that fit into the table when it has grown as far as it may.
    pub(super) fn bound(&self) -> u32 {
        self.sizes.bound
    }

    pub(super) fn read(
        &mut self,
        into: &mut probe::Keys,
        counters: &Counters,
    ) -> io::Result<Arc<HashMap<u64, OsString>>> {
        self.hot.collect();
        // Read before the table: keys that are inserted meanwhile are then counted twice rather than not at all.
        let inserted = counters.inserted();
        self.table.read(into)?;
        self.occupancy = Occupancy::counted(into.len(), inserted);
        self.hot.add_to(into);
        let names = self.group_names.as_mut();
        Ok(names.map_or_else(Arc::default, |names| names.of(into.ids())))
    }

    /// Waits that no longer belong to a key, since the start.
    pub(super) fn nobodys(&self) -> &Hist {
        self.hot.nobodys()
    }

    /// Deletes ended keys from the table, replaces their rows in `read` by the values they had when they were deleted,
    /// and returns them. A key that can't be deleted is tried again at the next sweep.
    pub(super) fn sweep(&mut self, read: &mut probe::Keys) -> Vec<u64> {
        let mut ended = self.ended.of(read);
        self.hot.sweep();
        for at in 0..ended.len() {
            let key = ended[at];
            let mut last = match self.table.take(key) {
                Ok(last) => last.unwrap_or(KeyStats::ZERO),
                Err(error) => {
                    tracing::warn!("an ended key can't be deleted: {error}");
                    ended.truncate(at);
                    break;
                }
            };
            last.hist.add(&self.hot.close(key));
            *read.entry(key, || last) = last;
        }
        self.occupancy.removed(ended.len());
        if !ended.is_empty() {
            self.room.reopen();
        }
        ended
    }

    /// Enlarges the table when it is three quarters full. If the kernel has no memory for that, waits that find it full
    /// count as `other`.
    pub(super) fn tend(&mut self, counters: &Counters) {
        let capacity = self.table.capacity();
        let held = self.occupancy.now(counters.inserted());
        let is_full = held >= capacity as usize / 4 * 3 && capacity < self.sizes.bound;
        if !is_full || self.not_before.is_some_and(|time| Instant::now() < time) {
            return;
        }
        let larger = capacity.saturating_mul(2).min(self.sizes.bound);
        match self.grow(larger, counters) {
            Ok(()) => tracing::debug!("{held} keys: the table grew from {capacity} to {larger}"),
            Err(error) => {
                tracing::warn!("the table of keys can't grow to {larger}: {error}");
                self.not_before = Some(Instant::now() + GROW_AGAIN);
            }
        }
    }

    fn grow(&mut self, capacity: u32, counters: &Counters) -> io::Result<()> {
        let inserted = counters.inserted();
        let last = self.table.grow(capacity)?;
        self.occupancy = Occupancy::counted(last.len(), inserted);
        for (key, stats) in last.iter() {
            self.hot.book(key, &stats.hist);
            if stats.ended != 0 {
                self.ended.note(key);
            }
        }
        self.room.reopen();
        Ok(())
    }
}
