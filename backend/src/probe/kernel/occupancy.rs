//! Estimates how many keys the table holds between two readings; the kernel does not say. Pure.

/// The number of keys at a reading, and what has been inserted since.
#[derive(Debug, Default)]
pub(super) struct Occupancy {
    keys: usize,
    /// The programs' counter of inserted keys from before that reading.
    inserted: u64,
}

impl Occupancy {
    /// A reading found this many `keys`; `inserted` is the programs' counter from before it.
    pub(super) fn counted(keys: usize, inserted: u64) -> Self {
        Self { keys, inserted }
    }

    /// This many keys were deleted.
    pub(super) fn removed(&mut self, keys: usize) {
        self.keys = self.keys.saturating_sub(keys);
    }

    /// Upper bound on the number of keys.
    pub(super) fn now(&self, inserted: u64) -> usize {
        let since = inserted.saturating_sub(self.inserted);
        self.keys + usize::try_from(since).unwrap_or(usize::MAX - self.keys)
    }
}

#[cfg(test)]
mod tests {
    use super::Occupancy;

    #[test]
    fn what_came_and_went_since_the_reading_counts() {
        let mut occupancy = Occupancy::counted(10, 100);
        assert_eq!(occupancy.now(100), 10);
        occupancy.removed(4);
        assert_eq!(occupancy.now(107), 13);
        occupancy.removed(20);
        assert_eq!(occupancy.now(107), 7);
    }
}
