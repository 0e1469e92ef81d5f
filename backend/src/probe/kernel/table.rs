//! The kernel's table of keys, read in batches: reading 10,000 entries one by one takes 10,000 system calls and five to
//! ten times as long. It is the only value of the map `KEYS`, so that a larger one can replace it while programs run.

use super::sys::{self, Element, Inserted, element, lookup_batch};
use crate::probe::Keys;
use runqlat_common::contract::{Hist, KeyStats};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// Entries per batch at first; grows when the kernel says that a bucket of its hash does not fit.
const FIRST_BATCH: usize = 512;

/// The table that is in use.
pub(super) struct Table {
    /// The map `KEYS`.
    place: OwnedFd,
    map: OwnedFd,
    capacity: u32,
    batch: usize,
}

impl Table {
    /// Makes the first table.
    pub(super) fn new(place: OwnedFd, capacity: u32) -> io::Result<Self> {
        let map = sys::create_hash::<KeyStats>(c"KEYS", capacity)?;
        sys::put_map(place.as_fd(), map.as_fd())?;
        Ok(Self {
            place,
            map,
            capacity,
            batch: FIRST_BATCH,
        })
    }

    pub(super) fn capacity(&self) -> u32 {
        self.capacity
    }

    /// Replaces what `into` holds by all entries. Those that are inserted meanwhile may be left for
    /// the next reading; counters are cumulative, so nothing of them is lost.
    pub(super) fn read(&mut self, into: &mut Keys) -> io::Result<()> {
        let mut position = None;
        into.fill(self.batch, |keys, values| {
            match lookup_batch(self.map.as_fd(), position, keys, values) {
                Ok(batch) => {
                    position = batch.next;
                    Ok((batch.len, batch.next.map_or(0, |_| self.batch)))
                }
                Err(error) if error.raw_os_error() == Some(libc::ENOSPC) => {
                    if self.batch > self.capacity as usize {
                        return Err(error);
                    }
                    self.batch *= 2;
                    Ok((0, self.batch))
                }
                Err(error) => Err(error),
            }
        })
    }

    /// Removes one entry and returns what it last held. Before 5.14 in two steps: nobody writes to
    /// the entry of what has ended.
    pub(super) fn take(&self, key: u64) -> io::Result<Option<KeyStats>> {
        let map = self.map.as_fd();
        let mut last = KeyStats::ZERO;
        let found = match element(map, Element::LookupAndDelete, key, &mut last) {
            Ok(found) => found,
            Err(_) => {
                let found = element(map, Element::Lookup, key, &mut last)?;
                element(map, Element::Delete, key, &mut last)?;
                found
            }
        };
        Ok(found.then_some(last))
    }

    /// Replaces the table by one of this capacity and returns everything that the old one counted. The new table has
    /// the same keys with empty counts. On an error, the old one is still in use.
    pub(super) fn grow(&mut self, capacity: u32) -> io::Result<Keys> {
        let larger = sys::create_hash::<KeyStats>(c"KEYS", capacity)?;
        let mut entries = Keys::default();
        // Most keys are copied before the programs use the new table, so that an end they see finds its key.
        self.read(&mut entries)?;
        let batch = self.batch;
        copy_keys(&entries, &larger)?;
        // Returns when no program uses the old table any more, so the reading that follows is its last.
        sys::put_map(self.place.as_fd(), larger.as_fd())?;
        let last = self.read(&mut entries);
        self.map = larger;
        (self.capacity, self.batch) = (capacity, batch);
        last?;
        copy_keys(&entries, &self.map)?;
        Ok(entries)
    }
}

/// Inserts the keys in `entries` that `map` does not have, with their names and without counts.
fn copy_keys(entries: &Keys, map: &OwnedFd) -> io::Result<()> {
    for (key, stats) in entries.iter() {
        let entry = KeyStats {
            hist: Hist::ZERO,
            ..*stats
        };
        match sys::insert(map.as_fd(), key, &entry)? {
            Inserted::Yes | Inserted::WasThere => {}
            // The programs have filled it already: until there is room again, waits of the other keys count as `other`.
            Inserted::NoRoom => break,
        }
    }
    Ok(())
}
