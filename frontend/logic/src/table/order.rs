//! The order that rows keep while a hand is over them: numbers go on, and nothing moves under a hand that is about
//! to click.

use runqlat_common::wire::SeriesKey;

/// Ranks of keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Order {
    /// Which holding it is.
    pub number: u32,
    /// Keys with their ranks, by ascending key.
    ranks: Vec<(SeriesKey, u64)>,
}

impl Order {
    /// The order of `sorted` keys, but that those of `shown`, places and keys by ascending place, stay in theirs.
    pub fn new(number: u32, mut sorted: Vec<SeriesKey>, shown: &[(u64, SeriesKey)]) -> Self {
        sorted.retain(|key| shown.iter().all(|(_, stays)| stays != key));
        for (place, key) in shown {
            sorted.insert((*place as usize).min(sorted.len()), *key);
        }
        let mut ranks: Vec<_> = sorted.into_iter().zip(0..).collect();
        ranks.sort_unstable();
        Self { number, ranks }
    }

    /// The place of a key; those that are not known come last.
    pub fn rank(&self, key: SeriesKey) -> u64 {
        self.find(key).map_or(u64::MAX, |at| self.ranks[at].1)
    }

    /// Where a key is among [`Order::keys`].
    pub fn find(&self, key: SeriesKey) -> Option<usize> {
        self.ranks.binary_search_by_key(&key, |(key, _)| *key).ok()
    }

    /// Adds what is new, at the end.
    pub fn append(&mut self, keys: impl Iterator<Item = SeriesKey>) {
        let new: Vec<SeriesKey> = keys.filter(|key| self.find(*key).is_none()).collect();
        let next = self.ranks.len() as u64;
        self.ranks.extend(new.into_iter().zip(next..));
        self.ranks.sort_unstable();
    }

    /// By ascending key.
    pub fn keys(&self) -> impl Iterator<Item = SeriesKey> + '_ {
        self.ranks.iter().map(|(key, _)| *key)
    }
}

#[cfg(test)]
mod tests {
    use super::Order;
    use runqlat_common::wire::SeriesKey;

    fn id(key: u64) -> SeriesKey {
        SeriesKey { key, start: 0 }
    }

    #[test]
    fn what_is_seen_stays_and_what_is_new_comes_last() {
        // Numbers have changed since the rows 1, 2 and 3 were shown in the places 4 to 6.
        let sorted = [9, 3, 8, 7, 2, 6, 1, 5].map(id).to_vec();
        let mut order = Order::new(1, sorted, &[(4, id(1)), (5, id(2)), (6, id(3))]);
        let mut keys: Vec<SeriesKey> = order.keys().collect();
        keys.sort_by_key(|key| order.rank(*key));
        assert_eq!(keys, [9, 8, 7, 6, 1, 2, 3, 5].map(id));
        order.append([30, 9, 20].map(id).into_iter());
        let rank = |key| order.rank(id(key));
        assert!(rank(5) < rank(30) && rank(30) < rank(20));
        assert_eq!((rank(9), rank(77)), (0, u64::MAX));
    }
}
