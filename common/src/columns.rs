//! The recent past of the whole scope, as server and page keep it: a bounded run of intervals, and
//! what was before them added up to longer ones, for an hour. Pure: no clock.

use crate::wire::{Column, Earlier};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// What is older than this before the newest is forgotten, unless it is an interval of its own. In ms.
pub const REACH_MS: u64 = 3_600_000;

/// Older intervals are added up until they are as long, in µs: a thousandth of the reach, which is a
/// pixel of a picture of it.
const OLDER_US: u64 = 3_600_000;

/// Intervals without gaps in their sequence, and before them what older ones sum up to.
#[derive(Clone, Debug)]
pub struct Columns {
    /// Sums of several intervals each, oldest first; `seq` is the last one's.
    older: VecDeque<Column>,
    /// Intervals as they were, oldest first.
    newest: VecDeque<Column>,
    /// Most of `newest`.
    most: usize,
}

impl Columns {
    /// Keeps `most` intervals as they are.
    pub fn new(most: usize) -> Self {
        Self {
            older: VecDeque::new(),
            newest: VecDeque::new(),
            most,
        }
    }

    /// Goes on after these intervals, which are oldest first.
    pub fn after(most: usize, newest: Vec<Column>) -> Self {
        Self {
            older: VecDeque::new(),
            newest: newest.into(),
            most,
        }
    }

    /// Adds the next interval. Intervals are added up only where `alike` says of their numbers that
    /// they count the same in the same buckets.
    pub fn push(&mut self, column: Column, alike: impl Fn(u64, u64) -> bool) {
        let oldest_ms = column.end_ms.saturating_sub(REACH_MS);
        self.newest.push_back(column);
        while self.newest.len() > self.most {
            let Some(column) = self.newest.pop_front() else {
                break;
            };
            self.age(column, &alike);
        }
        while self.older.front().is_some_and(|c| c.end_ms <= oldest_ms) {
            self.older.pop_front();
        }
    }

    fn age(&mut self, column: Column, alike: impl Fn(u64, u64) -> bool) {
        match self.older.back_mut() {
            Some(last)
                if last.duration_us < OLDER_US
                    && alike(last.seq, column.seq)
                    // The host slept in between: a sum would lie where nothing was measured.
                    && start_ms(&column) < last.end_ms as f64 + (OLDER_US / 1_000) as f64 =>
            {
                last.counts.add(&column.counts);
                last.duration_us = last.duration_us.saturating_add(column.duration_us);
                (last.seq, last.end_ms) = (column.seq, column.end_ms);
            }
            _ => self.older.push_back(column),
        }
    }

    /// The last columns, `most` of them, before the one that holds the interval `seq`.
    pub fn before(&self, seq: u64, most: usize) -> Earlier {
        let sums = self.newest_from() >= seq;
        let part = if sums { &self.older } else { &self.newest };
        let end = part.partition_point(|column| column.seq < seq);
        Earlier {
            sums,
            columns: part.range(end.saturating_sub(most)..end).cloned().collect(),
        }
    }

    /// Puts columns before the first; those that are not before it are known already, or are those of a server that was
    /// started since, whose numbers begin anew.
    pub fn prepend(&mut self, earlier: Earlier) {
        let first = self.first();
        let (seq, ms) = first.map_or((u64::MAX, u64::MAX), |first| (first.seq, first.end_ms));
        let before = earlier.columns.into_iter().rev();
        let before = before.skip_while(|column| column.seq >= seq || column.end_ms > ms);
        let part = if earlier.sums {
            &mut self.older
        } else {
            &mut self.newest
        };
        before.for_each(|column| part.push_front(column));
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Column> {
        self.older.iter().chain(&self.newest)
    }

    /// Those that are sums, oldest first.
    pub fn older(&self) -> impl DoubleEndedIterator<Item = &Column> {
        self.older.iter()
    }

    /// Those that are one interval each, oldest first.
    pub fn newest(&self) -> impl DoubleEndedIterator<Item = &Column> + ExactSizeIterator {
        self.newest.iter()
    }

    /// The first interval that is a column of its own; `u64::MAX` without any.
    pub fn newest_from(&self) -> u64 {
        self.newest.front().map_or(u64::MAX, |column| column.seq)
    }

    pub fn first(&self) -> Option<&Column> {
        self.older.front().or_else(|| self.newest.front())
    }

    pub fn last(&self) -> Option<&Column> {
        self.newest.back()
    }

    /// The column that holds the interval `seq`.
    pub fn at(&self, seq: u64) -> Option<&Column> {
        match self.newest.front() {
            Some(first) if first.seq <= seq => {
                let index = usize::try_from(seq - first.seq).ok()?;
                self.newest.get(index)
            }
            _ => self.older.get(self.older.partition_point(|c| c.seq < seq)),
        }
    }

    /// Those that end after `ms`, oldest first.
    pub fn since(&self, ms: f64) -> impl DoubleEndedIterator<Item = &Column> {
        let from = |part: &VecDeque<Column>| part.partition_point(|c| c.end_ms as f64 <= ms);
        let older = self.older.range(from(&self.older)..);
        older.chain(self.newest.range(from(&self.newest)..))
    }
}

/// When a column began, in ms since 1970.
pub fn start_ms(column: &Column) -> f64 {
    column.end_ms as f64 - column.duration_us as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::{Columns, OLDER_US, REACH_MS, start_ms};
    use crate::counts::{Counts, Waits};
    use crate::wire::Column;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use std::vec;
    use std::vec::Vec;

    fn column(seq: u64, ms: u64) -> Column {
        let waits = |n| Waits {
            counts: vec![n],
            sum_ns: n,
        };
        Column {
            seq,
            end_ms: seq * ms,
            duration_us: ms * 1_000,
            counts: Counts {
                woken: waits(seq),
                preempted: waits(1),
            },
        }
    }

    fn columns(most: usize, n: u64, ms: u64) -> Columns {
        let mut columns = Columns::new(most);
        for seq in 1..=n {
            columns.push(column(seq, ms), |_, _| true);
        }
        columns
    }

    #[test]
    fn a_window_starts_with_the_column_that_reaches_into_it() {
        let columns = columns(6_000, 10, 1_000);
        let seqs: Vec<_> = columns.since(7_500.0).map(|c| c.seq).collect();
        assert_eq!(seqs, [8, 9, 10]);
        let seqs = [0, 1, 7, 10, 11].map(|seq| columns.at(seq).map(|c| c.seq));
        assert_eq!(seqs, [None, Some(1), Some(7), Some(10), None]);
        assert_eq!(start_ms(&column(2, 1_000)), 1_000.0);
    }

    #[test]
    fn older_ones_are_found_by_any_interval_of_theirs() {
        let columns = columns(5, 20, 1_000);
        let seqs: Vec<_> = columns.iter().map(|c| c.seq).collect();
        assert_eq!(seqs, [4, 8, 12, 15, 16, 17, 18, 19, 20]);
        let seqs = [1, 4, 5, 13, 16].map(|seq| columns.at(seq).map(|c| c.seq));
        assert_eq!(seqs, [Some(4), Some(4), Some(8), Some(15), Some(16)]);
        let seqs: Vec<_> = columns.since(7_900.0).map(|c| c.seq).collect();
        assert_eq!(seqs[..2], [8, 12]);
    }

    /// A viewer gets the past piece by piece, newest first, while time goes on at both ends.
    #[test]
    fn the_past_comes_in_pieces() {
        let mut kept = columns(5, 20, 1_000);
        let mut known = Columns::after(100, kept.before(19, 2).columns);
        assert_eq!(known.first().map(|c| c.seq), Some(17));
        known.push(column(19, 1_000), |_, _| true);
        while let Some(first) = known.first().map(|c| c.seq) {
            let earlier = kept.before(first, 2);
            if earlier.columns.is_empty() {
                break;
            }
            known.prepend(earlier.clone());
            let length = known.iter().count();
            known.prepend(earlier);
            assert_eq!(known.iter().count(), length, "known already");
        }
        known.push(column(20, 1_000), |_, _| true);
        let all = |columns: &Columns| -> Vec<u64> { columns.iter().map(|c| c.seq).collect() };
        assert_eq!(all(&known), all(&kept));
        kept.push(column(21, 1_000), |_, _| true);
        assert!(kept.before(4, 9).columns.is_empty());
    }

    /// A page that is paused keeps a server's columns, and hears of the past of the next one.
    #[test]
    fn the_past_of_another_server_is_not_put_before() {
        let mut known = Columns::after(100, vec![column(700, 1_000)]);
        let mut later = columns(100, 3, 1_000).before(4, 9);
        later.columns.iter_mut().for_each(|c| c.end_ms += 800_000);
        known.prepend(later);
        assert_eq!(known.iter().count(), 1);
    }

    #[test]
    fn lengths_add_up_to_no_more_than_there_are_numbers() {
        let mut columns = Columns::new(1);
        for (seq, duration_us) in [(1, 1), (2, u64::MAX), (3, 1)] {
            let column = Column {
                duration_us,
                ..column(seq, 1_000)
            };
            columns.push(column, |_, _| true);
        }
        assert_eq!(columns.first().map(|c| c.duration_us), Some(u64::MAX));
    }

    #[test]
    fn what_counts_otherwise_is_not_added_up() {
        let mut columns = Columns::new(1);
        for seq in 1..=7 {
            columns.push(column(seq, 1_000), |a, b| (a < 3) == (b < 3));
        }
        let seqs: Vec<_> = columns.older().map(|c| c.seq).collect();
        assert_eq!(seqs, [2, 6]);
    }

    #[test]
    fn what_a_sleep_lies_between_is_not_added_up() {
        let mut columns = Columns::new(1);
        for seq in 1..=7 {
            let slept_ms = if seq < 3 { 0 } else { 60_000 };
            let mut column = column(seq, 1_000);
            column.end_ms += slept_ms;
            columns.push(column, |_, _| true);
        }
        let older: Vec<_> = columns.older().map(|c| (c.seq, c.end_ms)).collect();
        assert_eq!(older, [(2, 2_000), (6, 66_000)]);
    }

    proptest! {
        /// Nothing of the last hour is missing or doubled, time has no holes, and memory is bounded.
        #[test]
        fn an_hour_is_kept(most in 1..50_usize, n in 1..800_u64, ms in 100..60_000_u64) {
            let columns = columns(most, n, ms);
            let all: Vec<_> = columns.iter().collect();
            prop_assert!(columns.newest().len() <= most);
            prop_assert!(columns.older().count() as u64 <= REACH_MS * 1_000 / OLDER_US + 2);
            for pair in all.windows(2) {
                prop_assert!((start_ms(pair[1]) - pair[0].end_ms as f64).abs() < 1.0);
            }
            let first = (start_ms(all[0]) / ms as f64).round() as u64 + 1;
            let waits: u64 = all.iter().map(|c| c.counts.total()).sum();
            prop_assert_eq!(waits, (first..=n).map(|seq| seq + 1).sum::<u64>());
            let reach = (n * ms) as f64 - start_ms(all[0]);
            prop_assert!(first == 1 || reach >= REACH_MS as f64);
        }
    }
}
