//! What happened between two readings. Pure: two cumulative readings in, one interval out.

use crate::probe::{Probe, ReadError, Reading};
use crate::target::Presence;
use runqlat_common::contract::{COMM_LEN, KeyStats};
use runqlat_common::counts::Counts;
use runqlat_common::name::{self, ShownName};
use runqlat_common::wire::{Losses, Series, SeriesKey, SeriesName};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

/// The part of an interval that the readings determine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    pub duration_us: u64,
    /// All waits: the sum over `series`, or all there are when none are kept apart.
    pub counts: Counts,
    /// Series with waits, by ascending key.
    pub series: Vec<Series>,
    /// Names that are new or have changed.
    pub names: Vec<SeriesName>,
}

/// The series that a row of the table counts: the lower half of a row's key is the number, the upper one tells apart
/// what had that number one after the other.
fn series_key(row: u64, _stats: &KeyStats) -> SeriesKey {
    SeriesKey {
        key: row & u64::from(u32::MAX),
        start: row >> 32,
    }
}

/// What happened from `before` to `after`. With `keyed`, what has no key is the series `other`.
pub fn between(before: &Reading, after: &Reading, keyed: bool) -> Between {
    let mut counts = Counts::between(&before.unkeyed, &after.unkeyed);
    let mut series = Vec::new();
    let mut names = Vec::new();
    if keyed && !counts.is_empty() {
        series.push(Series {
            key: SeriesKey::OTHER.key,
            start: SeriesKey::OTHER.start,
            counts: counts.clone(),
        });
    }
    let mut earlier = before.keys.iter().peekable();
    for (row, stats) in after.keys.iter() {
        while earlier.next_if(|(gone, _)| *gone < row).is_some() {}
        let known = earlier.next_if(|(same, _)| *same == row);
        let known = known.map(|(_, stats)| stats);
        let old = known.unwrap_or(&KeyStats::ZERO);
        let SeriesKey { key, start } = series_key(row, stats);
        let named = after.names.get(&row);
        let is_same = match named {
            Some(_) => before.names.get(&row) == named && known.is_some(),
            None => stats.comm == old.comm,
        };
        if !is_same {
            let name = named.map_or_else(|| comm(&stats.comm), |name| name.as_bytes());
            let ShownName { name, hex } = name::shown(name);
            names.push(SeriesName {
                key,
                start,
                name,
                name_hex: hex,
            });
        }
        let waits = Counts::between(&old.hist, &stats.hist);
        if !waits.is_empty() {
            counts.add(&waits);
            series.push(Series {
                key,
                start,
                counts: waits,
            });
        }
    }
    series.sort_unstable_by_key(Series::id);
    names.sort_unstable_by_key(SeriesName::id);
    Between {
        duration_us: after.at_ns.saturating_sub(before.at_ns) / 1_000,
        counts,
        series,
        names,
    }
}

/// The readings of one probe, one after the other.
pub struct Meter {
    keyed: bool,
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

impl Meter {
    /// Starts with what is not to be told; `keyed` where there are series.
    pub fn new(probe: &mut dyn Probe, keyed: bool) -> Result<Self, ReadError> {
        let mut first = Reading::empty(0);
        probe.read(&mut first)?;
        Ok(Self {
            keyed,
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

    /// Reads again: what has happened since the last time.
    pub fn advance(&mut self, probe: &mut dyn Probe) -> Result<Step, ReadError> {
        probe.read(&mut self.spare)?;
        std::mem::swap(&mut self.before, &mut self.spare);
        let (before, after) = (&self.spare, &mut self.before);
        let between = between(before, after, self.keyed);
        let gone = take_gone(after);
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
fn take_gone(reading: &mut Reading) -> Vec<SeriesKey> {
    let rows = std::mem::take(&mut reading.gone);
    if rows.is_empty() {
        return Vec::new();
    }
    let gone = reading.keys.iter();
    let gone = gone.filter(|(row, _)| rows.binary_search(row).is_ok());
    let gone = gone.map(|(row, stats)| series_key(row, stats)).collect();
    reading.keys.remove(&rows);
    gone
}

/// A reading that tells no names, so that what follows tells them all.
fn unnamed(mut first: Reading) -> Reading {
    for stats in first.keys.values_mut() {
        stats.comm = KeyStats::ZERO.comm;
    }
    first.names = Arc::default();
    first
}

/// A name as the kernel keeps it: bytes up to the first zero, of any encoding.
fn comm(bytes: &[u8; COMM_LEN]) -> &[u8] {
    bytes.split(|&b| b == 0).next().unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::{between, comm, take_gone, unnamed};
    use crate::probe::{Keys, Reading};
    use proptest::prelude::{prop_assert_eq, proptest};
    use runqlat_common::contract::KeyStats;
    use runqlat_common::counts::Counts;
    use runqlat_common::wire::{OTHER, Series, SeriesKey, SeriesName};
    use std::collections::HashMap;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::sync::Arc;

    fn reading(at_ns: u64) -> Reading {
        Reading::empty(at_ns)
    }

    fn keys<const N: usize>(entries: [(u64, KeyStats); N]) -> Keys {
        entries.into_iter().collect()
    }

    fn stats(name: &[u8], slot: usize, n: u32) -> KeyStats {
        let mut stats = KeyStats::ZERO;
        stats.comm[..name.len()].copy_from_slice(name);
        stats.hist.counts[0][slot] = n;
        stats.hist.sum_ns[0] = u64::from(n) << slot;
        stats
    }

    #[test]
    fn names_are_told_when_new_and_when_an_exec_changed_them() {
        let (mut first, mut second) = (reading(0), reading(1_500_000));
        first.keys = keys([(7, stats(b"sh", 3, 1)), (8, stats(b"cat", 3, 1))]);
        second.keys = keys([
            (7, stats(b"make", 3, 2)),
            (8, stats(b"cat", 3, 2)),
            (9, stats(b"cc1", 3, 1)),
        ]);
        let told = between(&first, &second, true);
        let names: Vec<_> = told.names.iter().map(|n| (n.key, &*n.name)).collect();
        assert_eq!(names, [(7, "make"), (9, "cc1")]);
        assert_eq!(told.duration_us, 1_500);
    }

    #[test]
    fn names_from_outside_the_kernel_are_told_once() {
        let (mut first, mut second) = (reading(0), reading(1));
        first.keys = keys([(7, stats(b"", 3, 1))]);
        second.keys = keys([(7, stats(b"", 3, 2))]);
        second.names = Arc::new(HashMap::from([(7, "/a.slice".into())]));
        let names = |a, b| between(a, b, true).names;
        assert_eq!(names(&first, &second)[0].name, "/a.slice");
        assert_eq!(names(&second, &second), []);
        assert_eq!(names(&unnamed(second.clone()), &second).len(), 1);
    }

    /// In the order of numbers, whatever the order of the rows; and a name for each that has the number.
    #[test]
    fn a_reused_number_is_another_series() {
        let row = |key: u64, start: u64| start << 32 | key;
        let (mut first, mut second) = (reading(0), reading(1));
        first.keys = keys([
            (row(7, 100), stats(b"make", 3, 1)),
            (row(8, 100), stats(b"sh", 3, 1)),
        ]);
        second.keys = keys([
            (row(7, 100), stats(b"make", 3, 2)),
            (row(7, 900), stats(b"make", 3, 1)),
            (row(8, 100), stats(b"sh", 3, 2)),
        ]);
        second.gone = vec![row(7, 100)];
        let told = between(&first, &second, true);
        let ids = [(7, 100), (7, 900), (8, 100)].map(|(key, start)| SeriesKey { key, start });
        assert_eq!(told.series.iter().map(Series::id).collect::<Vec<_>>(), ids);
        let names: Vec<_> = told.names.iter().map(SeriesName::id).collect();
        assert_eq!(names, [ids[1]]);
        assert_eq!(take_gone(&mut second), [ids[0]]);
        assert_eq!(
            second.keys.ids().collect::<Vec<_>>(),
            [row(8, 100), row(7, 900)]
        );
    }

    #[test]
    fn a_reading_that_did_not_change_is_an_empty_interval() {
        let mut same = reading(5);
        same.keys = keys([(7, stats(b"sh", 3, 100))]);
        let told = between(&same, &same, true);
        assert!(told.counts.is_empty() && told.series.is_empty() && told.names.is_empty());
    }

    #[test]
    fn what_has_no_key_is_other_only_where_keys_are_kept() {
        let (first, mut second) = (reading(0), reading(1));
        second.unkeyed.counts[1][5] = 3;
        assert_eq!(between(&first, &second, false).series, []);
        let keyed = between(&first, &second, true);
        assert_eq!(keyed.series[0].key, OTHER);
        assert_eq!(keyed.counts.total(), 3);
    }

    #[test]
    fn names_of_any_bytes_are_told_apart() {
        let (first, mut second) = (reading(0), reading(1));
        second.keys = keys([
            (7, stats(b"a\xffb", 3, 1)),
            (8, stats(b"a\nb", 3, 1)),
            (9, stats(b"", 3, 1)),
        ]);
        second.names = Arc::new(HashMap::from([(9, OsStr::from_bytes(b"/a\xfe").into())]));
        let names = between(&first, &second, true).names;
        let names: Vec<_> = names
            .iter()
            .map(|n| (&*n.name, n.name_hex.as_deref()))
            .collect();
        let expected = [
            (r"a\x{ff}b", Some("61ff62")),
            (r"a\u{a}b", Some("610a62")),
            (r"/a\x{fe}", Some("2f61fe")),
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_comm_ends_at_its_first_zero() {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&[b'a', 0xff, b'b', 0]);
        assert_eq!(comm(&bytes), b"a\xffb");
        assert_eq!(comm(&[b'x'; 16]), [b'x'; 16]);
    }

    proptest! {
        /// Whatever is in the readings, the series add up to the whole.
        #[test]
        fn the_sum_over_series_is_the_whole(
            before in proptest::collection::hash_map(1..20_u64, (0..36_usize, 0..1_000_u32), 0..10),
            after in proptest::collection::hash_map(1..20_u64, (0..36_usize, 0..1_000_u32), 0..10),
            unkeyed in 0..50_u32,
        ) {
            let fill = |from: &HashMap<u64, (usize, u32)>| {
                let of = |(key, (slot, n)): (&u64, &(usize, u32))| (*key, stats(b"x", *slot, *n));
                from.iter().map(of).collect::<Keys>()
            };
            let (mut first, mut second) = (reading(0), reading(1));
            first.keys = fill(&before);
            second.keys = fill(&after);
            second.unkeyed.counts[0][4] = unkeyed;
            let told = between(&first, &second, true);
            let mut sum = Counts::default();
            for series in &told.series {
                sum.add(&series.counts);
            }
            prop_assert_eq!(sum, told.counts);
        }
    }
}
