//! How large the kernel's tables are: by the host as it is at the start.

use runqlat_common::contract::{CpuStats, HotRow, KeyStats};
use runqlat_common::hot;
use runqlat_common::stamp::TAG_BITS;

/// Stamps beyond this many slots cost memory (8 bytes each) for next to no fewer collisions: a
/// collision needs two tasks that wait at the same time and whose tids agree in the low bits.
const MAX_DEFAULT_STAMP_BITS: u32 = 19;

/// As many suffice for any host: its tids stay below 2^22, the kernel's own limit.
pub(super) const LEAST_STAMP_BITS: u32 = 22 - TAG_BITS;

/// Least room for keys: hosts grow after the start.
const MIN_KEYS: u32 = 8_192;

/// Most room that can be asked for; 2^22 is the kernel's own limit of tids.
pub const MAX_KEYS: u32 = 1 << 22;

/// What the kernel takes for an entry of a hash besides its value, in bytes: links, hash and key, and
/// a pointer in the table of buckets (`struct htab_elem` and `struct bucket`).
const HASH_ENTRY: u64 = 48 + 8 + 16;

/// Sizes of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The stamp table has 2^stamp_bits slots.
    pub stamp_bits: u32,
    /// Keys that can be kept apart; the waits of further ones count as `other`.
    pub keys: u32,
}

impl Sizes {
    /// For a host whose tids stay below `pid_max` and that has `now` keys now; `keys` overrides the
    /// room for them.
    pub fn for_host(pid_max: u32, now: usize, keys: Option<u32>) -> Self {
        let tid_bits = pid_max.max(2).next_power_of_two().ilog2();
        // The stamp must be able to hold the rest of the tid.
        let least = tid_bits.saturating_sub(TAG_BITS);
        let doubled = u32::try_from(now.saturating_mul(2)).unwrap_or(MAX_KEYS);
        Self {
            stamp_bits: tid_bits.min(MAX_DEFAULT_STAMP_BITS).max(least),
            keys: keys.unwrap_or_else(|| doubled.next_power_of_two().clamp(MIN_KEYS, MAX_KEYS)),
        }
    }
}

impl Sizes {
    /// Memory that the kernel takes for the tables on a host of `cpus` CPUs, in bytes; `keyed` for one
    /// that keeps keys.
    pub fn bytes(self, cpus: usize, keyed: bool) -> u64 {
        let stamps = 8 << self.stamp_bits;
        let counters = (cpus * size_of::<CpuStats>()) as u64;
        let keys = u64::from(self.keys) * (size_of::<KeyStats>() as u64 + HASH_ENTRY);
        let rows = (hot::rows(cpus) * size_of::<HotRow>()) as u64;
        stamps + counters + if keyed { keys + rows } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::Sizes;

    /// What is promised: 16 MB for a host of 1,000 processes.
    #[test]
    fn memory_follows_the_host() {
        let mb = |sizes: Sizes, keyed| sizes.bytes(64, keyed) as f64 / 1e6;
        let usual = Sizes::for_host(4_194_304, 1_000, None);
        assert!(
            (6.0..10.0).contains(&mb(usual, true)),
            "{}",
            mb(usual, true)
        );
        assert!(mb(usual, false) < 4.5);
        let large = Sizes::for_host(4_194_304, 0, Some(65_536));
        assert!(
            (25.0..35.0).contains(&mb(large, true)),
            "{}",
            mb(large, true)
        );
    }

    #[test]
    fn tables_follow_the_host() {
        let table = [
            (32_768, 100, None, 15, 8_192),
            (4_194_304, 1_000, None, 19, 8_192),
            (4_194_304, 40_000, None, 19, 131_072),
            (4_194_304, 40_000, Some(16), 19, 16),
            (301, 10, None, 9, 8_192),
            (1, 0, None, 1, 8_192),
        ];
        for (pid_max, processes, keys, stamp_bits, expected) in table {
            let sizes = Sizes::for_host(pid_max, processes, keys);
            assert_eq!(
                sizes,
                Sizes {
                    stamp_bits,
                    keys: expected
                },
                "{pid_max} {processes}"
            );
        }
    }

    #[test]
    fn a_stamp_can_always_tell_tasks_of_one_slot_apart() {
        for bits in 0..=22 {
            let sizes = Sizes::for_host(1 << bits, 0, None);
            let largest_tid = (1_u32 << bits) - 1;
            assert!(largest_tid >> sizes.stamp_bits < 64, "{bits}");
        }
    }
}
