//! How large the kernel's tables are: by the host as it is at the start.

use crate::procfs;
use runqlat_common::contract::{CpuStats, HotRow, KeyStats};
use runqlat_common::hot;
use runqlat_common::stamp::TAG_BITS;

/// Stamps beyond this many slots cost memory (8 bytes each) for next to no fewer collisions: a
/// collision needs two tasks that wait at the same time and whose tids agree in the low bits.
const MAX_DEFAULT_STAMP_BITS: u32 = 19;

/// Least number of slots. With as many, every tid has its own stamp, as the kernel's limit is 2^22; `pid_max` may be
/// raised while the programs run.
pub(super) const LEAST_STAMP_BITS: u32 = 22 - TAG_BITS;

/// Initial capacity for keys, at least. The table grows when it is three quarters full; a large start makes that rare.
const MIN_KEYS: u32 = 8_192;

/// Most room that can be asked for; 2^22 is the kernel's own limit of tids.
pub const MAX_KEYS: u32 = 1 << 22;

/// Largest capacity that is used by default.
const MOST_KEYS: u32 = 1 << 20;

/// What a key takes in the kernel's table and in this program's readings, in bytes.
const KEY_COST: u64 = 1_500;

/// The fraction of memory that keys may take.
const SHARE_OF_MEMORY: u64 = 8;

/// What the kernel takes for an entry of a hash besides its value, in bytes: links, hash and key, and
/// a pointer in the table of buckets (`struct htab_elem` and `struct bucket`).
const HASH_ENTRY: u64 = 48 + 8 + 16;

/// CPUs as numbers, which may have holes: each field is one more than the highest number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpus {
    /// CPUs that the kernel may ever bring up.
    pub possible: usize,
    /// CPUs that are present now.
    pub present: usize,
}

impl Cpus {
    pub fn of_host() -> Self {
        let possible = procfs::cpus("possible");
        let present = procfs::cpus("present").min(possible);
        Self { possible, present }
    }
}

/// What the sizes of the tables depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host {
    /// One above the highest tid.
    pub(super) pid_max: u32,
    /// Keys that exist now.
    pub(super) keys: usize,
    /// Memory that this program may use, in bytes.
    pub(super) memory: u64,
}

/// Sizes of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The stamp table has 2^stamp_bits slots.
    pub stamp_bits: u32,
    /// Initial capacity for keys.
    pub keys: u32,
    /// Capacity that the table may grow to; waits of further keys count as `other`.
    pub bound: u32,
}

impl Sizes {
    /// The sizes for `host`; `bound` overrides how far the table of keys may grow.
    pub(super) fn for_host(host: Host, bound: Option<u32>) -> Self {
        let tid_bits = host.pid_max.max(2).next_power_of_two().ilog2();
        let affordable = host.memory / SHARE_OF_MEMORY / KEY_COST;
        let affordable = u32::try_from(affordable).unwrap_or(MAX_KEYS);
        let bound = bound.unwrap_or_else(|| affordable.clamp(MIN_KEYS, MOST_KEYS));
        let doubled = u32::try_from(host.keys.saturating_mul(2)).unwrap_or(MAX_KEYS);
        let start = doubled.min(MAX_KEYS).next_power_of_two().max(MIN_KEYS);
        Self {
            stamp_bits: tid_bits.clamp(LEAST_STAMP_BITS, MAX_DEFAULT_STAMP_BITS),
            keys: start.min(bound),
            bound,
        }
    }

    /// Kernel memory for the tables on a host with this many CPUs, in bytes; `keyed` if waits are grouped by key, with
    /// a capacity of `keys`.
    pub fn bytes(self, cpus: Cpus, keyed: bool, keys: u32) -> u64 {
        let stamps = 8 << self.stamp_bits;
        let counters = (cpus.possible * size_of::<CpuStats>()) as u64;
        // The kernel keeps a spare entry for each CPU, and another one is where a new key's entry is made.
        let entries = u64::from(keys) + 2 * cpus.possible as u64;
        let table = entries * (size_of::<KeyStats>() as u64 + HASH_ENTRY);
        let rows = (hot::rows(cpus.present) * size_of::<HotRow>()) as u64;
        stamps + counters + if keyed { table + rows } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cpus, Host, Sizes};

    const GB: u64 = 1 << 30;

    fn host(pid_max: u32, keys: usize, memory: u64) -> Host {
        Host {
            pid_max,
            keys,
            memory,
        }
    }

    /// What is promised: 16 MB for a host of 1,000 processes.
    #[test]
    fn memory_follows_the_host() {
        let sizes = Sizes::for_host(host(4_194_304, 1_000, 16 * GB), None);
        let mb = |possible, present, keyed, keys| {
            let cpus = Cpus { possible, present };
            sizes.bytes(cpus, keyed, keys) as f64 / 1e6
        };
        for (possible, present) in [(2, 2), (64, 64), (240, 2), (240, 240)] {
            let usual = mb(possible, present, true, sizes.keys);
            assert!(
                (6.0..14.0).contains(&usual),
                "{possible} {present}: {usual}"
            );
        }
        assert!(mb(64, 64, false, sizes.keys) < 4.5);
        let large = mb(64, 64, true, 65_536);
        assert!((25.0..35.0).contains(&large), "{large}");
    }

    #[test]
    fn tables_follow_the_host() {
        let table = [
            (host(32_768, 100, GB), None, (16, 8_192, 89_478)),
            (
                host(4_194_304, 1_000, 64 * GB),
                None,
                (19, 8_192, 1_048_576),
            ),
            (
                host(4_194_304, 40_000, 64 * GB),
                None,
                (19, 131_072, 1_048_576),
            ),
            (host(4_194_304, 40_000, GB), None, (19, 89_478, 89_478)),
            (host(4_194_304, 40_000, GB), Some(16), (19, 16, 16)),
            (
                host(4_194_304, 100, GB),
                Some(1 << 22),
                (19, 8_192, 1 << 22),
            ),
            (host(301, 10, 1 << 20), None, (16, 8_192, 8_192)),
            (
                host(1, usize::MAX, u64::MAX),
                None,
                (16, 1_048_576, 1_048_576),
            ),
        ];
        for (host, asked, (stamp_bits, keys, bound)) in table {
            let expected = Sizes {
                stamp_bits,
                keys,
                bound,
            };
            assert_eq!(Sizes::for_host(host, asked), expected, "{host:?}");
        }
    }

    #[test]
    fn a_stamp_can_always_tell_tasks_of_one_slot_apart() {
        for bits in 0..=22 {
            let sizes = Sizes::for_host(host(1 << bits, 0, GB), None);
            // Whatever the limit is now, it can be raised to this.
            let largest_tid = (1_u32 << 22) - 1;
            assert!(largest_tid >> sizes.stamp_bits < 64, "{bits}");
        }
    }
}
