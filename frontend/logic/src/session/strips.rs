//! The last intervals of all series of a name together. They outlive their series, of which a storm of forks has
//! more than can be remembered.

use super::keyed::Keyed;
use super::strip::{CELLS, Strip};
use runqlat_common::counts::Counts;
use runqlat_common::wire::SeriesKey;

/// By the keys of names.
#[derive(Clone, Debug, Default)]
pub struct Strips(Keyed<Strip>);

impl Strips {
    /// Adds an interval of one of those with this name.
    pub fn put(&mut self, name: SeriesKey, seq: u64, counts: &Counts) {
        self.entry(name).put(seq, counts);
    }

    /// Adds what is known of one of them as a whole.
    pub fn join(&mut self, name: SeriesKey, strip: &Strip) {
        self.entry(name).join(strip);
    }

    fn entry(&mut self, name: SeriesKey) -> &mut Strip {
        self.0.entry(name).or_insert_with(|| Strip::NEW)
    }

    /// Forgets now and then what has been quiet for as long as is remembered.
    pub fn forget_before(&mut self, seq: u64) {
        if seq.is_multiple_of(CELLS as u64) {
            self.0.retain(|_, strip| strip.is_seen(seq));
        }
    }

    pub fn of(&self, name: SeriesKey) -> Option<&Strip> {
        self.0.get(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::strip::{CELLS, Cell};
    use super::Strips;
    use runqlat_common::counts::{Counts, Waits};
    use runqlat_common::wire::SeriesKey;

    fn up_to(slot: usize) -> Counts {
        Counts {
            woken: Waits {
                counts: vec![1; slot + 1],
                sum_ns: 1,
            },
            preempted: Waits::default(),
        }
    }

    const fn of(key: u64) -> SeriesKey {
        SeriesKey { key, start: 0 }
    }

    const MAKE: SeriesKey = of((1 << 63) | 7);
    const CC: SeriesKey = of((1 << 63) | 8);

    #[test]
    fn the_longest_of_all_counts_and_what_is_long_quiet_is_forgotten() {
        let mut strips = Strips::default();
        for slot in [3, 9, 4] {
            strips.put(MAKE, 1, &up_to(slot));
        }
        strips.put(MAKE, 3, &up_to(2));
        strips.put(CC, 2, &up_to(1));
        let cells = |strips: &Strips| strips.of(MAKE).map(|s| s.last(3)[CELLS - 3..].to_vec());
        let expected = vec![Cell::Longest(9), Cell::Quiet, Cell::Longest(2)];
        assert_eq!(cells(&strips), Some(expected.clone()));
        let end = CELLS as u64;
        strips.forget_before(end);
        assert_eq!(cells(&strips), Some(expected));
        strips.put(CC, end + 1, &up_to(1));
        strips.forget_before(2 * end);
        assert!(strips.of(MAKE).is_none() && strips.of(CC).is_some());
    }
}
