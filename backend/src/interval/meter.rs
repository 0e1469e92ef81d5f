//! The readings of one probe, and what each adds to the one before.

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
    /// The reading before that, whose memory the next one reuses.
    spare: Reading,
    /// Losses at the first reading, from before measuring began.
    first_losses: Losses,
    other: u64,
}

/// What a reading adds to those before it.
pub struct Step {
    pub between: Between,
    /// Series that have ended; this was their last reading.
    pub gone: Vec<SeriesKey>,
    /// How many series are left.
    pub keys: u32,
    /// Since the first reading.
    pub losses: Losses,
    /// Waits of the series `other` since then.
    pub other: u64,
    /// Whether the scope's process or cgroup still exists.
    pub presence: Presence,
}

impl Step {
    /// This step joined with the one after it.
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
    /// Takes the first reading, which is not reported; keys are of this `kind`.
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

    /// Time of the last reading, in ns of the monotonic clock.
    pub fn at_ns(&self) -> u64 {
        self.before.at_ns
    }

    /// Whether the scope's process or cgroup existed then.
    pub fn presence(&self) -> Presence {
        self.before.presence
    }

    /// Reads again and returns what has happened since the last reading.
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

/// Removes the ended keys from a reading and returns their series.
pub(super) fn take_gone(reading: &mut Reading, kind: Key) -> Vec<SeriesKey> {
    let words = std::mem::take(&mut reading.gone);
    reading.keys.remove(&words);
    let gone = words.iter().map(|&word| series_key(kind, word));
    gone.collect()
}

/// The reading without its names, so that the next one reports all of them.
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
