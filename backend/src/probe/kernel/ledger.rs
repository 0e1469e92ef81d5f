//! Whose the waits in the rows are (`runqlat_common::hot`). Rows change hands and are never reset, so what they grew by
//! between two looks is booked to their owner. Pure: the rows are behind a trait.

use crate::probe::Keys;
use runqlat_common::contract::Hist;
use runqlat_common::hot::{self, FREE, LEAVING, OFTEN};
use runqlat_common::key_word;
use std::collections::HashMap;

/// The table `HOT`.
pub(super) trait Rows {
    fn owner(&self, row: usize) -> u64;
    fn set_owner(&mut self, row: usize, owner: u64);
    /// It begins anew to count how often it was asked for.
    fn forget_asked(&mut self, row: usize);
    /// Its counters, read before whatever is read next.
    fn hist(&self, row: usize) -> Hist;
}

/// The rows, and what is known of them.
pub(super) struct Ledger<R> {
    rows: R,
    /// By row; nothing of one that never had an owner.
    known: Vec<Option<Box<Known>>>,
    /// Rows that a CPU has.
    each: usize,
    /// What kind the keys are of.
    kind: u64,
    /// Waits of keys in their rows, and in tables that were replaced by larger ones.
    booked: HashMap<u64, Hist>,
    /// Waits of keys that were deleted before these were booked.
    nobodys: Hist,
}

struct Known {
    /// The last one.
    owner: u64,
    /// What is booked.
    hist: Hist,
    /// Waits since the last sweep.
    waits: u32,
}

impl<R: Rows> Ledger<R> {
    /// For the rows of `cpus` CPUs, all of them free, and keys of this [kind](runqlat_common::contract::key).
    pub(super) fn new(rows: R, cpus: usize, kind: u64) -> Self {
        Self {
            rows,
            known: (0..hot::rows(cpus)).map(|_| None).collect(),
            each: 1 << hot::bits(cpus),
            kind,
            booked: HashMap::new(),
            nobodys: Hist::ZERO,
        }
    }

    /// Books what the rows grew by. To be called before KEYS is read, which then has every owner.
    pub(super) fn collect(&mut self) {
        for row in 0..self.known.len() {
            if self.known[row].is_some() || self.rows.owner(row) != FREE {
                self.collect_row(row);
            }
        }
    }

    /// Books what a row grew by and returns its owner. That is read last: it took the row before it counted; and it
    /// stays, unless the row is free, for nobody else takes rows away.
    fn collect_row(&mut self, row: usize) -> u64 {
        let hist = self.rows.hist(row);
        let owner = self.rows.owner(row);
        let known = self.known[row].get_or_insert_with(|| Box::new(Known::new(owner)));
        if ![known.owner, FREE, LEAVING].contains(&owner) {
            // It stays for its first sweep, which may be the next moment.
            (known.owner, known.waits) = (owner, OFTEN);
        }
        if hist == known.hist {
            return owner;
        }
        let grown = hist.since(&known.hist);
        known.hist = hist;
        let counts = grown.counts.as_flattened();
        known.waits = counts.iter().fold(known.waits, |n, m| n.saturating_add(*m));
        let key = known.owner;
        self.book(key, &grown);
        owner
    }

    /// Books waits of `key` that were counted outside of the table.
    pub(super) fn book(&mut self, key: u64, waits: &Hist) {
        self.booked.entry(key).or_insert(Hist::ZERO).add(waits);
    }

    /// Adds what is booked to what was read in KEYS.
    pub(super) fn add_to(&mut self, keys: &mut Keys) {
        let booked = self.booked.iter();
        let missing = booked.filter_map(|(key, hist)| (!keys.add(*key, hist)).then_some(*key));
        for key in missing.collect::<Vec<_>>() {
            let last = self.close(key);
            self.nobodys.add(&last);
        }
    }

    /// Waits that are no key's any more, all that there ever were.
    pub(super) fn nobodys(&self) -> &Hist {
        &self.nobodys
    }

    /// `key` is being deleted: takes its rows and returns what is booked for it.
    pub(super) fn close(&mut self, key: u64) -> Hist {
        let first = key_word::id(self.kind, key) as usize & (self.each - 1);
        for row in (first..self.known.len()).step_by(self.each) {
            // Also those that were taken from it a moment ago.
            let was_its = self.known[row]
                .as_ref()
                .is_some_and(|known| known.owner == key);
            if !was_its && self.rows.owner(row) != key {
                continue;
            }
            if self.collect_row(row) == key {
                self.rows.set_owner(row, LEAVING);
                self.collect_row(row);
            }
        }
        self.booked.remove(&key).unwrap_or(Hist::ZERO)
    }

    /// Takes rows that are used little, and lets those have others that were taken at the last sweep: a program that
    /// saw the old owner has counted since, for it runs with interrupts off. Should its CPU have stood still for a
    /// second (a guest's may), its wait is the next owner's: counted, at the wrong key.
    pub(super) fn sweep(&mut self) {
        for row in 0..self.known.len() {
            self.rows.forget_asked(row);
            if self.known[row].is_none() {
                continue;
            }
            let owner = self.collect_row(row);
            let known = self.known[row].as_mut();
            let waits = known.map_or(0, |known| std::mem::take(&mut known.waits));
            match owner {
                FREE => {}
                LEAVING => self.rows.set_owner(row, FREE),
                _ if waits < OFTEN => self.rows.set_owner(row, LEAVING),
                _ => {}
            }
        }
    }
}

impl Known {
    fn new(owner: u64) -> Self {
        Self {
            owner,
            hist: Hist::ZERO,
            waits: OFTEN,
        }
    }
}

#[cfg(test)]
mod tests;
