//! The log2 latency buckets: which bucket a wait falls into and which range a bucket spans.
//! Must not know where waits come from or how buckets are drawn.

/// Buckets of one histogram. In microseconds the last one starts at 2^35 µs (9.5 hours) and is
/// open-ended, so no wait that a person can live through falls outside.
pub const SLOTS: usize = 36;

/// What the buckets' edges are counted in: microseconds, or as with runqlat's `-m` milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "wire", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", serde(rename_all = "lowercase"))]
pub enum Unit {
    #[default]
    Us,
    Ms,
}

impl Unit {
    /// Nanoseconds in one.
    pub const fn ns(self) -> u64 {
        match self {
            Self::Us => 1_000,
            Self::Ms => 1_000_000,
        }
    }

    /// `ns` in this unit, rounded down. Below 2^31 ns (2.1 s, nearly every wait) by multiplication:
    /// BPF has no multiply-high, so a division by a constant stays a division there. (It would be exact up to
    /// 2^32, which is no operand of an instruction.)
    #[inline(always)]
    pub fn of(self, ns: u64) -> u64 {
        // 2^shift / ns, rounded up: exact for every 32-bit numerator.
        let (reciprocal, shift) = match self {
            Self::Us => (274_877_907, 38),
            Self::Ms => (1_125_899_907, 50),
        };
        if ns < 1 << 31 {
            (ns * reciprocal) >> shift
        } else {
            match self {
                Self::Us => ns / Self::Us.ns(),
                Self::Ms => ns / Self::Ms.ns(),
            }
        }
    }
}

/// The bucket of a wait of so many units: 0 for 0 and 1, n for 2^n..2^(n+1), as runqlat prints them.
///
/// A table for the highest byte, since BPF can't count leading zeros: what the compiler makes of them is
/// 45 instructions. Waits below 256 units need one look into one or two cache lines.
#[inline(always)]
pub fn slot_of(units: u64) -> usize {
    let shift = match units {
        0..0x100 => 0,
        0x100..0x1_0000 => 8,
        0x1_0000..0x100_0000 => 16,
        0x100_0000..0x1_0000_0000 => 24,
        0x1_0000_0000..0x10_0000_0000 => 32,
        _ => return SLOTS - 1,
    };
    // What is masked away is 0; the verifier does not know it.
    let slot = shift + BYTE_SLOTS[(units >> shift) as usize & 0xff] as usize;
    if slot < SLOTS { slot } else { SLOTS - 1 }
}

/// The bucket of each value below 256.
static BYTE_SLOTS: [u8; 256] = {
    let mut slots = [0; 256];
    let mut value = 2;
    while value < slots.len() {
        slots[value] = value.ilog2() as u8;
        value += 1;
    }
    slots
};

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
    use super::{SLOTS, Unit, lower, slot_of, upper};
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
        for ns in [
            0,
            999,
            1_000,
            999_999,
            1_000_000,
            (1 << 31) - 1,
            1 << 31,
            u64::MAX,
        ] {
            for unit in [Unit::Us, Unit::Ms] {
                assert_eq!(unit.of(ns), ns / unit.ns(), "{ns} {unit:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn units_are_the_quotient(short: u32, ns: u64) {
            for unit in [Unit::Us, Unit::Ms] {
                prop_assert_eq!(unit.of(short.into()), u64::from(short) / unit.ns());
                prop_assert_eq!(unit.of(ns), ns / unit.ns());
            }
        }

        /// A wrong reciprocal shows just below a multiple first.
        #[test]
        fn units_step_at_their_multiples(n in 1..4_000_u64) {
            for unit in [Unit::Us, Unit::Ms] {
                prop_assert_eq!(unit.of(n * unit.ns() - 1), n - 1);
                prop_assert_eq!(unit.of(n * unit.ns()), n);
            }
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
