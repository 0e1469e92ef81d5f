//! Counters by key, in memory that is used again for every reading: a reading of 10,000 keys is 3 MB,
//! and to take that anew each time costs more than to read it.

use runqlat_common::contract::{Hist, KeyStats};

/// A table of counters, by ascending key.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// As the kernel gave them; equally long, and longer than what is filled.
    ids: Vec<u64>,
    stats: Vec<KeyStats>,
    filled: usize,
    /// Keys that are there with their places, by ascending key.
    order: Vec<(u64, u32)>,
}

impl Keys {
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Replaces everything by what `fill` writes. It is given room for as many entries as it asked
    /// for, returns how many of them it has filled and how many it wants next, and is done when it
    /// wants none. No key may come twice.
    pub fn fill<E>(
        &mut self,
        mut want: usize,
        mut fill: impl FnMut(&mut [u64], &mut [KeyStats]) -> Result<(usize, usize), E>,
    ) -> Result<(), E> {
        self.filled = 0;
        while want > 0 {
            let end = self.filled + want;
            if self.ids.len() < end {
                self.ids.resize(end, 0);
                self.stats.resize(end, KeyStats::ZERO);
            }
            let room = self.filled..end;
            let (filled, next) = fill(&mut self.ids[room.clone()], &mut self.stats[room])?;
            (self.filled, want) = (self.filled + filled, next);
        }
        self.sort();
        Ok(())
    }

    /// Mostly the keys and their places are those of the last time.
    fn sort(&mut self) {
        let ids = &self.ids[..self.filled];
        let is_there = |&(key, at): &(u64, u32)| ids.get(at as usize) == Some(&key);
        if self.order.len() != ids.len() || !self.order.iter().all(is_there) {
            self.order.clear();
            self.order.extend(ids.iter().copied().zip(0..));
            self.order.sort_unstable();
        }
    }

    /// By ascending key.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &KeyStats)> {
        self.order
            .iter()
            .map(|&(key, at)| (key, &self.stats[at as usize]))
    }

    pub fn ids(&self) -> impl Iterator<Item = u64> {
        self.order.iter().map(|(key, _)| *key)
    }

    /// The counters of `key`, which starts with `first` if it was not there.
    pub fn entry(&mut self, key: u64, first: impl FnOnce() -> KeyStats) -> &mut KeyStats {
        let place = self.order.binary_search_by_key(&key, |(key, _)| *key);
        let place = place.unwrap_or_else(|place| {
            self.ids.truncate(self.filled);
            self.stats.truncate(self.filled);
            self.ids.push(key);
            self.stats.push(first());
            self.order.insert(place, (key, self.filled as u32));
            self.filled += 1;
            place
        });
        &mut self.stats[self.order[place].1 as usize]
    }

    /// Adds waits to the counters of `key`; false if it is not there.
    pub fn add(&mut self, key: u64, hist: &Hist) -> bool {
        let Ok(place) = self.order.binary_search_by_key(&key, |(key, _)| *key) else {
            return false;
        };
        self.stats[self.order[place].1 as usize].hist.add(hist);
        true
    }

    /// Forgets `keys`, which are in ascending order.
    pub fn remove(&mut self, keys: &[u64]) {
        if !keys.is_empty() {
            self.order
                .retain(|(key, _)| keys.binary_search(key).is_err());
        }
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut KeyStats> {
        self.stats[..self.filled].iter_mut()
    }
}

impl FromIterator<(u64, KeyStats)> for Keys {
    fn from_iter<I: IntoIterator<Item = (u64, KeyStats)>>(entries: I) -> Self {
        let mut keys = Self::default();
        for (key, stats) in entries {
            *keys.entry(key, || stats) = stats;
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;
    use proptest::prelude::{prop_assert_eq, proptest};
    use runqlat_common::contract::KeyStats;
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    fn stats(n: u32) -> KeyStats {
        let mut stats = KeyStats::ZERO;
        stats.hist.counts[0][0] = n;
        stats
    }

    fn flat(keys: &Keys) -> Vec<(u64, u32)> {
        let entries = keys.iter();
        entries
            .map(|(key, stats)| (key, stats.hist.counts[0][0]))
            .collect()
    }

    /// As the kernel does: no more than fits, until there are no more.
    fn fill(keys: &mut Keys, entries: &[(u64, u32)], batch: usize) {
        let mut left = entries;
        let filled: Result<(), Infallible> = keys.fill(batch, |ids, values| {
            let n = ids.len().min(left.len());
            for (at, (key, n)) in left[..n].iter().enumerate() {
                (ids[at], values[at]) = (*key, stats(*n));
            }
            left = &left[n..];
            Ok((n, if left.is_empty() { 0 } else { batch }))
        });
        filled.unwrap();
    }

    #[test]
    fn what_is_added_makes_no_key() {
        let mut keys = Keys::default();
        fill(&mut keys, &[(9, 1), (4, 2)], 8);
        let more = stats(3).hist;
        assert!(keys.add(4, &more) && !keys.add(5, &more));
        assert_eq!(flat(&keys), [(4, 5), (9, 1)]);
    }

    proptest! {
        /// Filled again and again, added to and removed from, it holds what a map would.
        #[test]
        fn it_is_a_map(
            fillings in proptest::collection::vec(
                proptest::collection::btree_map(0..60_u64, 0..9_u32, 0..40), 1..4),
            batch in 1..50_usize,
            added in proptest::collection::btree_map(0..60_u64, 0..9_u32, 0..10),
            removed in proptest::collection::btree_set(0..60_u64, 0..30),
        ) {
            let mut keys = Keys::default();
            let mut model = BTreeMap::new();
            for filling in fillings {
                let mut entries: Vec<_> = filling.clone().into_iter().collect();
                entries.reverse();
                fill(&mut keys, &entries, batch);
                model = filling;
                prop_assert_eq!(flat(&keys), model.clone().into_iter().collect::<Vec<_>>());
            }
            for (key, n) in added {
                *keys.entry(key, || stats(0)) = stats(n);
                model.insert(key, n);
            }
            prop_assert_eq!(flat(&keys), model.clone().into_iter().collect::<Vec<_>>());
            keys.remove(&removed.iter().copied().collect::<Vec<_>>());
            model.retain(|key, _| !removed.contains(key));
            prop_assert_eq!(flat(&keys), model.clone().into_iter().collect::<Vec<_>>());
            prop_assert_eq!(keys.ids().collect::<Vec<_>>(), model.keys().copied().collect::<Vec<_>>());
            prop_assert_eq!(keys.len(), model.len());
        }
    }
}
