//! The log2 latency buckets: which bucket a wait falls into and which range a bucket spans.
//! Must not know where waits come from or how buckets are drawn.

/// Buckets of one histogram. In microseconds the last one starts at 2^35 µs (9.5 hours) and is
/// open-ended, so no wait that a person can live through falls outside.
pub const SLOTS: usize = 36;

/// Nanoseconds in the unit of the buckets: a microsecond, as in runqlat without `-m`.
pub const UNIT_NS: u64 = 1_000;

/// `ns` in units of the buckets, rounded down. Below 2^32 ns (4.3 s, nearly every wait) by
/// multiplication: BPF has no multiply-high, so a division by a constant stays a division there.
#[inline(always)]
pub fn units_of(ns: u64) -> u64 {
    // 2^38 / 1000, rounded up: exact for every 32-bit numerator.
    const RECIPROCAL: u64 = 274_877_907;
    if ns >> 32 == 0 {
        (ns * RECIPROCAL) >> 38
    } else {
        ns / UNIT_NS
    }
}

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
    use super::{SLOTS, UNIT_NS, lower, slot_of, units_of, upper};
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

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

    #[test]
    fn units_are_exact_around_the_switch_to_division() {
        for ns in [0, 999, 1_000, u64::from(u32::MAX), 1 << 32, u64::MAX] {
            assert_eq!(units_of(ns), ns / UNIT_NS, "{ns}");
        }
    }

    proptest! {
        #[test]
        fn units_are_the_quotient(short: u32, ns: u64) {
            prop_assert_eq!(units_of(short.into()), u64::from(short) / UNIT_NS);
            prop_assert_eq!(units_of(ns), ns / UNIT_NS);
        }

        #[test]
        fn every_value_lies_in_the_range_of_its_bucket(units: u64) {
            let slot = slot_of(units);
            prop_assert!(slot < SLOTS);
            prop_assert!(lower(slot) <= units);
            prop_assert!(upper(slot).is_none_or(|above| units < above));
        }
    }
}
