//! The log2 latency buckets: which bucket a wait falls into and which range a bucket spans.
//! Must not know where waits come from or how buckets are drawn.

/// Buckets of one histogram. In microseconds the last one starts at 2^35 µs (9.5 hours) and is
/// open-ended, so no wait that a person can live through falls outside.
pub const SLOTS: usize = 36;

/// Nanoseconds in the unit of the buckets: a microsecond, as in runqlat without `-m`.
pub const UNIT_NS: u64 = 1_000;

/// The bucket of a wait of `units` (µs): 0 for 0 and 1, n for 2^n..2^(n+1), as runqlat prints them.
#[inline(always)]
pub fn slot_of(units: u64) -> usize {
    let slot = 63 - (units | 1).leading_zeros() as usize;
    if slot < SLOTS { slot } else { SLOTS - 1 }
}

/// First value, in units, that falls into bucket `slot`.
pub const fn lower(slot: usize) -> u64 {
    if slot == 0 { 0 } else { 1 << slot }
}

/// First value, in units, above bucket `slot`; `None` for the last bucket, which is open-ended.
pub const fn upper(slot: usize) -> Option<u64> {
    if slot + 1 < SLOTS {
        Some(1 << (slot + 1))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{SLOTS, lower, slot_of, upper};
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn edges_fall_where_runqlat_prints_them() {
        let table = [
            (0, 0),
            (1, 0),
            (2, 1),
            (3, 1),
            (4, 2),
            (7, 2),
            (8, 3),
            (1 << 35, 35),
            ((1 << 35) - 1, 34),
            (u64::MAX, 35),
        ];
        for (units, slot) in table {
            assert_eq!(slot_of(units), slot, "{units}");
        }
    }

    proptest! {
        #[test]
        fn every_value_lies_in_the_range_of_its_bucket(units: u64) {
            let slot = slot_of(units);
            prop_assert!(slot < SLOTS);
            prop_assert!(lower(slot) <= units);
            prop_assert!(upper(slot).is_none_or(|above| units < above));
        }
    }
}
