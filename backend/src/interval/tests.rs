//! Readings made by hand. A cgroup's key is its id alone, which most of these use.

use super::meter::{take_gone, unnamed};
use super::{Between, Carry, comm};
use crate::probe::{Keys, Reading};
use proptest::prelude::{prop_assert_eq, proptest};
use runqlat_common::contract::KeyStats;
use runqlat_common::counts::Counts;
use runqlat_common::key_word::{of_task, start_ms};
use runqlat_common::wire::{Key, OTHER, Series, SeriesKey, SeriesName};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

fn between(before: &Reading, after: &Reading, kind: Key) -> Between {
    super::between(before, after, kind, &mut Carry::default())
}

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
    let told = between(&first, &second, Key::Cgroup);
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
    let names = |a, b| between(a, b, Key::Cgroup).names;
    assert_eq!(names(&first, &second)[0].name, "/a.slice");
    assert_eq!(names(&second, &second), []);
    assert_eq!(names(&unnamed(second.clone()), &second).len(), 1);
}

#[test]
fn a_reused_number_is_another_series() {
    let word = |tgid, start_s: u64| of_task(tgid, start_s * 1_000_000_000);
    let (mut first, mut second) = (reading(0), reading(1));
    first.keys = keys([
        (word(7, 100), stats(b"make", 3, 1)),
        (word(8, 100), stats(b"sh", 3, 1)),
    ]);
    second.keys = keys([
        (word(7, 100), stats(b"make", 3, 2)),
        (word(7, 900), stats(b"make", 3, 1)),
        (word(8, 100), stats(b"sh", 3, 2)),
    ]);
    second.gone = vec![word(7, 100)];
    let told = between(&first, &second, Key::Process);
    let ids = [(7, 100), (7, 900), (8, 100)].map(|(tgid, start_s)| SeriesKey {
        key: tgid.into(),
        start: start_ms(Key::Process.kernel_kind(), word(tgid, start_s)),
    });
    assert_eq!(told.series.iter().map(Series::id).collect::<Vec<_>>(), ids);
    let names: Vec<_> = told.names.iter().map(SeriesName::id).collect();
    assert_eq!(names, [ids[1]]);
    assert_eq!(take_gone(&mut second, Key::Process), [ids[0]]);
    let left: Vec<_> = second.keys.ids().collect();
    assert_eq!(left, [word(7, 900), word(8, 100)]);
}

#[test]
fn intervals_add_up() {
    let (mut first, mut second, mut third) = (reading(0), reading(1_000), reading(3_000));
    second.keys = keys([(7, stats(b"sh", 3, 1)), (8, stats(b"cat", 3, 1))]);
    third.keys = keys([(7, stats(b"make", 3, 2)), (9, stats(b"cc1", 4, 5))]);
    first.keys = keys([(8, stats(b"cat", 3, 0))]);
    let both = between(&first, &second, Key::Cgroup).then(between(&second, &third, Key::Cgroup));
    let waits = both.series.iter().map(|s| (s.key, s.counts.total()));
    assert_eq!(waits.collect::<Vec<_>>(), [(7, 2), (8, 1), (9, 5)]);
    let names = both.names.iter().map(|n| (n.key, &*n.name));
    assert_eq!(names.collect::<Vec<_>>(), [(7, "make"), (9, "cc1")]);
    assert_eq!((both.duration_us, both.counts.total()), (3, 8));
}

/// A count and its sum that end up in two different readings.
#[test]
fn a_sum_without_a_count_is_not_lost() {
    let at = |n: u32, sum_ns| {
        let mut reading = reading(0);
        reading.unkeyed.counts[0][3] = n;
        reading.unkeyed.sum_ns[0] = sum_ns;
        reading
    };
    let readings = [
        at(0, 0),
        at(1, 0),
        at(1, 5_000_000_000),
        at(2, 5_000_000_001),
    ];
    let mut carry = Carry::default();
    let sums = readings.windows(2).map(|pair| {
        let told = super::between(&pair[0], &pair[1], Key::Global, &mut carry);
        (told.counts.total(), told.counts.sum_ns())
    });
    assert_eq!(
        sums.collect::<Vec<_>>(),
        [(1, 0), (0, 0), (1, 5_000_000_001)]
    );
}

#[test]
fn a_reading_that_did_not_change_is_an_empty_interval() {
    let mut same = reading(5);
    same.keys = keys([(7, stats(b"sh", 3, 100))]);
    let told = between(&same, &same, Key::Cgroup);
    assert!(told.counts.is_empty() && told.series.is_empty() && told.names.is_empty());
}

#[test]
fn what_has_no_key_is_other_only_where_keys_are_kept() {
    let (first, mut second) = (reading(0), reading(1));
    second.unkeyed.counts[1][5] = 3;
    assert_eq!(between(&first, &second, Key::Global).series, []);
    let keyed = between(&first, &second, Key::Cgroup);
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
    let names = between(&first, &second, Key::Cgroup).names;
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
        let told = between(&first, &second, Key::Cgroup);
        let mut sum = Counts::default();
        for series in &told.series {
            sum.add(&series.counts);
        }
        prop_assert_eq!(sum, told.counts);
    }
}
