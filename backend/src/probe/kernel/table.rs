//! The kernel's table of keys, read in batches: 10,000 entries one by one are 10,000 system
//! calls and take five to ten times as long.

use super::sys::{Element, element, lookup_batch};
use crate::probe::Keys;
use runqlat_common::contract::KeyStats;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// Entries per batch at first; grows when the kernel says that a bucket of its hash does not fit.
const FIRST_BATCH: usize = 512;

/// The map `KEYS`.
pub(super) struct Table {
    map: OwnedFd,
    capacity: usize,
    batch: usize,
}

impl Table {
    pub(super) fn new(map: OwnedFd, capacity: u32) -> Self {
        Self {
            map,
            capacity: capacity as usize,
            batch: FIRST_BATCH,
        }
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
                    if self.batch > self.capacity {
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
    /// the entry of what is gone.
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
}
