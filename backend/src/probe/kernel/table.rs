//! The kernel's table of keys, read in batches: 10,000 entries one by one are 10,000 system
//! calls and take five to ten times as long.

use super::sys::{Element, element, lookup_batch};
use runqlat_common::contract::KeyStats;
use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// Entries per batch at first; grows when the kernel says that a bucket of its hash does not fit.
const FIRST_BATCH: usize = 512;

/// The map `KEYS`.
pub(super) struct Table {
    map: OwnedFd,
    keys: Vec<u64>,
    values: Vec<KeyStats>,
    capacity: usize,
    /// Entries at the last reading.
    read: usize,
}

impl Table {
    pub(super) fn new(map: OwnedFd, capacity: u32) -> Self {
        Self {
            map,
            keys: vec![0; FIRST_BATCH],
            values: vec![KeyStats::ZERO; FIRST_BATCH],
            capacity: capacity as usize,
            read: 0,
        }
    }

    /// Adds all entries to `into`. Entries that are inserted meanwhile may be left for the next
    /// reading; counters are cumulative, so nothing of them is lost.
    pub(super) fn read_into(&mut self, into: &mut HashMap<u64, KeyStats>) -> io::Result<()> {
        let mut position = None;
        // Growing step by step would move every value (600 bytes) several times.
        into.reserve(self.read + self.read / 8);
        loop {
            let map = self.map.as_fd();
            match lookup_batch(map, position, &mut self.keys, &mut self.values) {
                Ok(batch) => {
                    let read = self.keys.iter().zip(&self.values).take(batch.len);
                    into.extend(read.map(|(key, value)| (*key, *value)));
                    match batch.next {
                        Some(next) => position = Some(next),
                        None => {
                            self.read = into.len();
                            return Ok(());
                        }
                    }
                }
                Err(error) if error.raw_os_error() == Some(libc::ENOSPC) => self.grow(error)?,
                Err(error) => return Err(error),
            }
        }
    }

    fn grow(&mut self, error: io::Error) -> io::Result<()> {
        if self.keys.len() > self.capacity {
            return Err(error);
        }
        let len = self.keys.len() * 2;
        self.keys.resize(len, 0);
        self.values.resize(len, KeyStats::ZERO);
        Ok(())
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
