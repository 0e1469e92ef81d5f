//! What the colour of a cell stands for: waits, their part of the column, or the time they took; and
//! which waits are looked at.

use runqlat_common::buckets::Unit;
use runqlat_common::counts::{Counts, Range, Waits};
use runqlat_common::human;

/// What a cell is coloured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// Waits in it.
    #[default]
    Counts,
    /// Their part of the column's, which compares a quiet second with a busy one.
    Share,
    /// The time they took together: a wait of a second hurts as much as a thousand of a millisecond.
    Time,
}

/// Steps in one percent.
const PER_PERCENT: u64 = 100;

impl Measure {
    pub const ALL: [Self; 3] = [Self::Counts, Self::Share, Self::Time];

    /// In addresses and on buttons.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counts => "waits",
            Self::Share => "share",
            Self::Time => "time",
        }
    }

    /// For the legend.
    pub fn legend(self) -> &'static str {
        match self {
            Self::Counts => "waits per cell",
            Self::Share => "part of the column's waits",
            Self::Time => "time waited per cell",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            Self::Counts => "Colour by the number of waits in a cell",
            Self::Share => {
                "Colour by the part of its column's waits: a quiet second can be compared with a busy one"
            }
            Self::Time => {
                "Colour by the time waited (waits times the middle of their bucket): one wait of 1 s weighs as much as 1,000 of 1 ms"
            }
        }
    }

    /// The value of a cell with `count` waits, of which its column has `total`: waits, hundredths of a
    /// percent, or µs. At least 1 where there are waits.
    pub fn value(self, count: u64, slot: usize, total: u64, unit: Unit) -> u64 {
        if count == 0 {
            return 0;
        }
        let value = match self {
            Self::Counts => count,
            Self::Share => {
                let whole = u128::from(100 * PER_PERCENT) * u128::from(count);
                u64::try_from(whole / u128::from(total.max(1))).unwrap_or(u64::MAX)
            }
            Self::Time => count.saturating_mul(middle_us(slot, unit)),
        };
        value.max(1)
    }

    /// The greatest value there can be, where there is one.
    pub fn most(self) -> Option<u64> {
        matches!(self, Self::Share).then_some(100 * PER_PERCENT)
    }

    /// A value with its unit.
    pub fn label(self, value: u64) -> String {
        match self {
            Self::Counts => human::count(value as f64),
            Self::Share if value < PER_PERCENT => {
                format!("{} %", value as f64 / PER_PERCENT as f64)
            }
            Self::Share => format!("{} %", value / PER_PERCENT),
            Self::Time => human::micros(value),
        }
    }
}

/// The middle of a bucket, in µs; of the last one, which has no end, its beginning.
fn middle_us(slot: usize, unit: Unit) -> u64 {
    let Range { from, above } = Range::of(slot, unit);
    above.map_or(from, |above| from.midpoint(above)).max(1)
}

/// Which waits are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cause {
    #[default]
    All,
    Woken,
    Preempted,
}

impl Cause {
    pub const ALL: [Self; 3] = [Self::All, Self::Woken, Self::Preempted];

    /// In addresses and on buttons.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Woken => "woken",
            Self::Preempted => "preempted",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            Self::All => "All waits",
            Self::Woken => {
                "Only waits that began when a sleeping or new task was put on a run queue"
            }
            Self::Preempted => "Only waits that began when a running task lost its CPU",
        }
    }

    /// Those of `counts` that are looked at.
    pub fn of(self, counts: &Counts) -> Counts {
        let (woken, preempted) = match self {
            Self::All => (counts.woken.clone(), counts.preempted.clone()),
            Self::Woken => (counts.woken.clone(), Waits::default()),
            Self::Preempted => (Waits::default(), counts.preempted.clone()),
        };
        Counts { woken, preempted }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, Measure};
    use proptest::prelude::{prop_assert, proptest};
    use runqlat_common::buckets::{SLOTS, Unit};
    use runqlat_common::counts::{Counts, Waits};

    #[test]
    fn one_long_wait_weighs_as_much_as_many_short_ones() {
        let time = |count, slot| Measure::Time.value(count, slot, 9, Unit::Us);
        assert_eq!(time(1, 20), 1_572_864);
        assert_eq!(time(1_024, 10), 1_572_864);
        assert_eq!(Measure::Time.label(time(1, 20)), "1.57 s");
        assert_eq!(Measure::Time.value(1, 10, 9, Unit::Ms), 1_536_000);
        assert_eq!(Measure::Share.value(1, 3, 4, Unit::Us), 2_500);
        assert_eq!(Measure::Share.label(2_500), "25 %");
        assert_eq!(Measure::Share.label(1), "0.01 %");
        assert_eq!(Measure::Counts.label(1_000), "1 k");
    }

    #[test]
    fn causes_part_the_waits() {
        let waits = |counts| Waits { counts, sum_ns: 5 };
        let counts = Counts {
            woken: waits(vec![1, 2]),
            preempted: waits(vec![0, 0, 4]),
        };
        assert_eq!(Cause::All.of(&counts), counts);
        let (woken, preempted) = (Cause::Woken.of(&counts), Cause::Preempted.of(&counts));
        assert_eq!((woken.total(), preempted.total()), (3, 4));
        let mut both = woken;
        both.add(&preempted);
        assert_eq!(both, counts);
    }

    proptest! {
        #[test]
        fn a_cell_with_waits_is_never_empty(count in 1..u64::MAX, slot in 0..SLOTS, total: u64) {
            for measure in Measure::ALL {
                prop_assert!(measure.value(count, slot, total.max(count), Unit::Us) >= 1);
                prop_assert!(measure.value(0, slot, total, Unit::Us) == 0);
            }
        }
    }
}
