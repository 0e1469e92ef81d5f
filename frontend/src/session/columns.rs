//! The recent past of the whole scope: a bounded run of intervals without gaps in their sequence.

use runqlat_common::wire::Column;
use std::collections::VecDeque;

/// Columns kept: ten minutes at 100 ms and some more. At 1 s it is well over an hour, and about
/// 400 bytes each.
pub const CAPACITY: usize = 6_600;

/// Oldest first.
#[derive(Clone, Debug, Default)]
pub struct Columns(VecDeque<Column>);

impl Columns {
    pub fn new(columns: Vec<Column>) -> Self {
        let mut ring = Self(columns.into());
        ring.trim();
        ring
    }

    pub fn push(&mut self, column: Column) {
        self.0.push_back(column);
        self.trim();
    }

    fn trim(&mut self) {
        let surplus = self.0.len().saturating_sub(CAPACITY);
        self.0.drain(..surplus);
    }

    pub fn first(&self) -> Option<&Column> {
        self.0.front()
    }

    pub fn last(&self) -> Option<&Column> {
        self.0.back()
    }

    /// The interval `seq`.
    pub fn at(&self, seq: u64) -> Option<&Column> {
        let index = seq.checked_sub(self.0.front()?.seq)?;
        self.0.get(usize::try_from(index).ok()?)
    }

    /// Those that end after `ms`, oldest first.
    pub fn since(&self, ms: f64) -> impl DoubleEndedIterator<Item = &Column> {
        let from = self.0.partition_point(|c| c.end_ms as f64 <= ms);
        self.0.range(from..)
    }
}

/// When an interval began, in ms since 1970.
pub fn start_ms(column: &Column) -> f64 {
    column.end_ms as f64 - column.duration_us as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, Columns, start_ms};
    use runqlat_common::counts::Counts;
    use runqlat_common::wire::Column;

    fn column(seq: u64) -> Column {
        Column {
            seq,
            end_ms: seq * 1_000,
            duration_us: 999_500,
            counts: Counts::default(),
        }
    }

    #[test]
    fn memory_is_bounded_and_the_newest_stay() {
        let mut columns = Columns::new((1..=CAPACITY as u64 + 5).map(column).collect());
        assert_eq!(columns.first().unwrap().seq, 6);
        columns.push(column(CAPACITY as u64 + 6));
        assert_eq!(columns.first().unwrap().seq, 7);
        assert_eq!(columns.since(0.0).count(), CAPACITY);
    }

    #[test]
    fn a_window_starts_with_the_interval_that_reaches_into_it() {
        let columns = Columns::new((1..=10).map(column).collect());
        let seqs: Vec<_> = columns.since(7_500.0).map(|c| c.seq).collect();
        assert_eq!(seqs, [8, 9, 10]);
        let seqs = [0, 1, 7, 10, 11].map(|seq| columns.at(seq).map(|c| c.seq));
        assert_eq!(seqs, [None, Some(1), Some(7), Some(10), None]);
        assert_eq!(start_ms(&column(2)), 1_000.5);
    }
}
