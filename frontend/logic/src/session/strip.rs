//! How long a series waited at most, interval by interval: a byte each, so that thousands of series can
//! have a past of two minutes. Must not know what it looks like.

use runqlat_common::counts::Counts;

/// Intervals that are remembered: at 1 s, two minutes; 1.2 MB for 10,000 series.
pub const CELLS: usize = 120;

/// One interval of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing is known of it.
    Unknown,
    Quiet,
    /// The bucket of its longest wait.
    Longest(u8),
}

/// A series' last intervals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strip {
    /// The newest interval in which it waited.
    newest: u64,
    /// By sequence number modulo their count: one more than the bucket of the longest wait, or 0.
    levels: [u8; CELLS],
}

impl Strip {
    pub const NEW: Self = Self {
        newest: 0,
        levels: [0; CELLS],
    };

    /// Adds an interval in which it waited. Those since the one before were quiet, which costs nothing
    /// until now.
    pub fn put(&mut self, seq: u64, counts: &Counts) {
        let quiet = seq.saturating_sub(self.newest.saturating_add(1));
        if quiet >= CELLS as u64 {
            self.levels.fill(0);
        } else if quiet > 0 {
            // A series that seldom waits has many of them.
            let (from, to) = (next(place(self.newest)), place(seq));
            if from < to {
                self.levels[from..to].fill(0);
            } else {
                self.levels[from..].fill(0);
                self.levels[..to].fill(0);
            }
        }
        let level = counts.max_slot().map_or(0, |slot| slot + 1);
        let level = u8::try_from(level).unwrap_or(u8::MAX);
        let (now, is_more) = (&mut self.levels[place(seq)], seq == self.newest);
        *now = if is_more { level.max(*now) } else { level };
        self.newest = self.newest.max(seq);
    }

    /// Takes the levels of the intervals up to `seq`, as the server tells them of another time.
    pub fn of_levels(levels: &[u8], seq: u64) -> Self {
        let mut strip = Self {
            newest: seq,
            ..Self::NEW
        };
        let back = levels.iter().rev().take(CELLS).zip(0..);
        for (level, back) in back {
            if let Some(seq) = seq.checked_sub(back) {
                strip.levels[place(seq)] = *level;
            }
        }
        strip
    }

    /// Takes the longer of each interval.
    pub fn join(&mut self, other: &Self) {
        self.newest = self.newest.max(other.newest);
        for (level, other) in self.levels.iter_mut().zip(other.levels) {
            *level = other.max(*level);
        }
    }

    /// Whether it has waited in the last [`CELLS`] intervals up to this one.
    pub fn is_seen(&self, seq: u64) -> bool {
        seq.saturating_sub(self.newest) < CELLS as u64
    }

    /// The last [`CELLS`] intervals up to this one, which is no older than that of the last `put`; the oldest first.
    pub fn last(&self, seq: u64) -> [Cell; CELLS] {
        let quiet = seq.saturating_sub(self.newest).min(CELLS as u64) as usize;
        let mut place = place(seq);
        std::array::from_fn(|at| {
            place = next(place);
            match self.levels[place] {
                level if level > 0 && at < CELLS - quiet => Cell::Longest(level - 1),
                _ => Cell::Quiet,
            }
        })
    }
}

fn place(seq: u64) -> usize {
    (seq % CELLS as u64) as usize
}

/// The place of the interval after one's. A division costs as much as all else that is done with a level.
fn next(place: usize) -> usize {
    if place + 1 < CELLS { place + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::{CELLS, Cell, Strip};
    use proptest::prelude::{prop_assert_eq, proptest};
    use runqlat_common::counts::{Counts, Waits};
    use std::collections::BTreeMap;

    fn up_to(slot: usize) -> Counts {
        let mut counts = vec![3; slot + 1];
        counts[slot] = 1;
        Counts {
            woken: Waits { counts, sum_ns: 1 },
            preempted: Waits::default(),
        }
    }

    proptest! {
        /// However long it was quiet in between, each of the last intervals is what it was.
        #[test]
        fn the_last_intervals_are_kept(
            steps in proptest::collection::vec((1..200_u64, 0..36_usize), 1..80), rest in 0..150_u64,
        ) {
            let (mut strip, mut seq, mut all) = (Strip::NEW, 0, BTreeMap::new());
            for (step, slot) in steps {
                seq += step;
                strip.put(seq, &up_to(slot));
                all.insert(seq, slot);
            }
            let newest = seq + rest;
            for (cell, back) in strip.last(newest).into_iter().rev().zip(0..) {
                let waited = newest.checked_sub(back).and_then(|seq| all.get(&seq));
                let waited = waited.map(|slot| Cell::Longest(*slot as u8));
                prop_assert_eq!(cell, waited.unwrap_or(Cell::Quiet), "{} before {}", back, newest);
            }
        }
    }

    #[test]
    fn an_interval_without_waits_is_quiet() {
        let mut strip = Strip::NEW;
        strip.put(5, &Counts::default());
        assert_eq!(strip.last(5)[CELLS - 1], Cell::Quiet);
    }
}
