//! The readings of one probe: each adds to those before it.

use super::carry::Carry;
use super::{Between, between, series_key};
use crate::probe::{Probe, ReadError, Reading};
use crate::target::Presence;
use runqlat_common::contract::KeyStats;
use runqlat_common::wire::{Key, Losses, SeriesKey};
use std::sync::Arc;

/// The readings of one probe, one after the other.
pub struct Meter {
    kind: Key,
    carry: Carry,
    before: Reading,
    /// The reading before that: room for the next one.
    spare: Reading,
    /// What was there at the first reading, from before anything was measured.
    first_losses: Losses,
    other: u64,
}

/// What a reading adds to those before it.
pub struct Step {
    pub between: Between,
    /// Series that were read for the last time.
    pub gone: Vec<SeriesKey>,
    /// How many are left.
    pub keys: u32,
    /// Since the first reading.
    pub losses: Losses,
    /// Waits of the series `other` since then.
    pub other: u64,
    /// Whether what the scope names is still there.
    pub presence: Presence,
}

impl Step {
    /// This and what a later reading adds.
    pub fn then(self, later: Self) -> Self {
        let gone = [self.gone, later.gone].concat();
        let between = self.between.then(later.between);
        Self {
            between,
            gone,
            ..later
        }
    }
}

impl Meter {
    /// Starts with what is not to be told; keys are of this `kind`.
    pub fn new(probe: &mut dyn Probe, kind: Key) -> Result<Self, ReadError> {
        let mut first = Reading::empty(0);
        probe.read(&mut first)?;
        Ok(Self {
            kind,
            carry: Carry::default(),
            first_losses: first.losses,
            other: 0,
            before: unnamed(first),
            spare: Reading::empty(0),
        })
    }

    /// When it last read, in ns of the monotonic clock.
    pub fn at_ns(&self) -> u64 {
        self.before.at_ns
    }

    /// Whether what the scope names was there then.
    pub fn presence(&self) -> Presence {
        self.before.presence
    }

    /// Reads again: what has happened since the last time.
    pub fn advance(&mut self, probe: &mut dyn Probe) -> Result<Step, ReadError> {
        probe.read(&mut self.spare)?;
        std::mem::swap(&mut self.before, &mut self.spare);
        let (before, after) = (&self.spare, &mut self.before);
        let between = between(before, after, self.kind, &mut self.carry);
        after.gone.iter().for_each(|word| self.carry.close(*word));
        let gone = take_gone(after, self.kind);
        let other = between.series.first();
        let other = other.filter(|first| first.id() == SeriesKey::OTHER);
        self.other += other.map_or(0, |other| other.counts.total());
        Ok(Step {
            between,
            gone,
            keys: after.keys.len() as u32,
            losses: losses_since(&self.first_losses, &after.losses),
            other: self.other,
            presence: after.presence,
        })
    }
}

/// Takes out of a reading what is gone.
pub(super) fn take_gone(reading: &mut Reading, kind: Key) -> Vec<SeriesKey> {
    let words = std::mem::take(&mut reading.gone);
    reading.keys.remove(&words);
    let gone = words.iter().map(|&word| series_key(kind, word));
    gone.collect()
}

/// A reading that tells no names, so that what follows tells them all.
pub(super) fn unnamed(mut first: Reading) -> Reading {
    for stats in first.keys.values_mut() {
        stats.comm = KeyStats::ZERO.comm;
    }
    first.names = Arc::default();
    first
}

/// Losses from `before` to `after`.
fn losses_since(before: &Losses, after: &Losses) -> Losses {
    Losses {
        collisions: after.collisions.saturating_sub(before.collisions),
        missed: after.missed.saturating_sub(before.missed),
        unmatched: after.unmatched.saturating_sub(before.unmatched),
        discarded: after.discarded.saturating_sub(before.discarded),
        recursion: after.recursion.saturating_sub(before.recursion),
    }
}
