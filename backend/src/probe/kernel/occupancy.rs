//! How many keys the table holds between two readings, which the kernel does not tell. Pure.

/// What a reading found, and what was inserted since.
#[derive(Debug, Default)]
pub(super) struct Occupancy {
    keys: usize,
    /// What the programs' counter of inserted keys said before they were counted.
    inserted: u64,
}

impl Occupancy {
    /// So many `keys` were read; `inserted` is the programs' counter before that.
    pub(super) fn counted(keys: usize, inserted: u64) -> Self {
        Self { keys, inserted }
    }

    /// So many were deleted.
    pub(super) fn removed(&mut self, keys: usize) {
        self.keys = self.keys.saturating_sub(keys);
    }

    /// How many there are at the most.
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
