//! How large the kernel's tables are: by the host as it is at the start.

use runqlat_common::stamp::TAG_BITS;

/// Stamps beyond this many slots cost memory (8 bytes each) for next to no fewer collisions: a
/// collision needs two tasks that wait at the same time and whose tids agree in the low bits.
const MAX_DEFAULT_STAMP_BITS: u32 = 19;

/// Least room for processes: hosts grow after the start.
const MIN_KEYS: u32 = 8_192;

/// Most room that can be asked for; 2^22 is the kernel's own limit of tids.
pub const MAX_KEYS: u32 = 1 << 22;

/// Sizes of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The stamp table has 2^stamp_bits slots.
    pub stamp_bits: u32,
    /// Processes that can be kept apart; further ones count as `other`.
    pub keys: u32,
}

impl Sizes {
    /// For a host whose tids stay below `pid_max` and that runs `processes` now; `keys` overrides
    /// the room for processes.
    pub fn for_host(pid_max: u32, processes: usize, keys: Option<u32>) -> Self {
        let tid_bits = pid_max.max(2).next_power_of_two().ilog2();
        // The stamp must be able to hold the rest of the tid.
        let least = tid_bits.saturating_sub(TAG_BITS);
        let doubled = u32::try_from(processes.saturating_mul(2)).unwrap_or(MAX_KEYS);
        Self {
            stamp_bits: tid_bits.min(MAX_DEFAULT_STAMP_BITS).max(least),
            keys: keys.unwrap_or_else(|| doubled.next_power_of_two().clamp(MIN_KEYS, MAX_KEYS)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sizes;

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
