//! Numbers for people: durations, ranges and counts in few characters, always with their unit.

use crate::counts::Range;
use alloc::format;
use alloc::string::{String, ToString};

/// A duration of `us` microseconds in the largest unit in which it is at least 1: `512 µs`,
/// `1.02 ms`, `33.6 s`. Three digits, since a bucket tells no more.
pub fn micros(us: u64) -> String {
    nanos(us.saturating_mul(1_000))
}

/// Like [`micros`], of nanoseconds.
pub fn nanos(ns: u64) -> String {
    const UNITS: [(u64, &str); 5] = [
        (3_600_000_000_000, "h"),
        (60_000_000_000, "min"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "µs"),
    ];
    let unit = UNITS.iter().find(|(size, _)| ns >= *size);
    match unit {
        Some(&(size, name)) => with_unit(ns as f64 / size as f64, name),
        None => format!("{ns} ns"),
    }
}

/// A bucket's range: `512 µs – 1.02 ms`, `≥ 9.54 h`.
pub fn range(range: Range) -> String {
    match range.above {
        Some(above) if range.from == 0 => format!("0 – {}", micros(above)),
        Some(above) => format!("{} – {}", micros(range.from), micros(above)),
        None => format!("≥ {}", micros(range.from)),
    }
}

/// A count or a rate: `0`, `999`, `12.3 k`, `4.56 M`.
pub fn count(n: f64) -> String {
    const UNITS: [(f64, &str); 3] = [(1e9, "G"), (1e6, "M"), (1e3, "k")];
    match UNITS.iter().find(|(size, _)| n >= *size) {
        Some((size, name)) => with_unit(n / size, name),
        None => three_digits(n),
    }
}

fn with_unit(value: f64, unit: &str) -> String {
    let mut text = three_digits(value);
    text.push(' ');
    text.push_str(unit);
    text
}

fn three_digits(value: f64) -> String {
    let decimals = match value {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        _ => 2,
    };
    let mut text = fixed(value, decimals);
    if decimals > 0 {
        let used = text.trim_end_matches('0').trim_end_matches('.').len();
        text.truncate(used);
    }
    text
}

/// A number with up to three digits behind its point: the very text that `format!("{value:.decimals$}")` makes, which
/// can do any number of digits and takes microseconds for it. The page writes hundreds in an update.
pub fn fixed(value: f64, decimals: usize) -> String {
    match scaled(value, [1, 10, 100, 1_000][decimals]) {
        Some(n) => with_point(n, decimals),
        None => format!("{value:.decimals$}"),
    }
}

/// `value * scale`, rounded from its exact value and halves to even; `None` for what is negative, 2^53 or more, or no
/// number.
fn scaled(value: f64, scale: u64) -> Option<u64> {
    const MANTISSA: u64 = (1 << 52) - 1;
    let bits = value.to_bits();
    // As mantissa / 2^shift, of which a sign or a high exponent leaves nothing.
    let shift = (1_023_u64 + 52).checked_sub(bits >> 52)?;
    // Below 2^63, since a mantissa is below 2^53.
    let exact = ((bits & MANTISSA) | (MANTISSA + 1)) * scale;
    let (whole, rest) = match shift {
        0 => (exact, 0),
        1..64 => (exact >> shift, exact << (64 - shift)),
        // Less than a half, and so are zero and what has no leading one.
        _ => (0, 0),
    };
    let half = 1 << 63;
    let up = rest > half || (rest == half && whole % 2 == 1);
    Some(whole + u64::from(up))
}

fn with_point(n: u64, decimals: usize) -> String {
    let mut text = n.to_string();
    if decimals > 0 {
        while text.len() <= decimals {
            text.insert(0, '0');
        }
        text.insert(text.len() - decimals, '.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{count, fixed, micros, nanos, range};
    use crate::buckets::{SLOTS, Unit};
    use crate::counts::Range;
    use alloc::format;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(2_000))]

        #[test]
        fn numbers_are_those_that_formatting_makes(
            any in any::<f64>(), small in 0.0..2_000.0_f64, n in 0..4_000_000_u64, decimals in 0..=3_usize,
        ) {
            // Thousandths and eighths have the halves that are rounded to even, and those that only look like some.
            for value in [any, any.abs(), small, n as f64 / 1_000.0, n as f64 / 8.0, n as f64] {
                prop_assert_eq!(fixed(value, decimals), format!("{value:.decimals$}"));
            }
        }
    }

    #[test]
    fn numbers_at_the_ends_are_those_that_formatting_makes() {
        let limit = (1_u64 << 53) as f64;
        let ends = [
            0.0,
            -0.0,
            0.5,
            5e-324,
            0.0005,
            999.9995,
            limit - 1.0,
            limit,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
        ];
        for value in ends {
            for decimals in 0..=3 {
                assert_eq!(fixed(value, decimals), format!("{value:.decimals$}"));
            }
        }
    }

    #[test]
    fn durations_take_the_unit_that_fits() {
        let table = [
            (0, "0 ns"),
            (1, "1 µs"),
            (512, "512 µs"),
            (1_024, "1.02 ms"),
            (16_384, "16.4 ms"),
            (131_072, "131 ms"),
            (1_048_576, "1.05 s"),
            (60_000_000, "1 min"),
            (1 << 35, "9.54 h"),
        ];
        for (us, text) in table {
            assert_eq!(micros(us), text);
        }
        assert_eq!(nanos(999), "999 ns");
    }

    #[test]
    fn ranges_name_both_ends() {
        assert_eq!(range(Range::of(0, Unit::Us)), "0 – 2 µs");
        assert_eq!(range(Range::of(9, Unit::Us)), "512 µs – 1.02 ms");
        assert_eq!(range(Range::of(SLOTS - 1, Unit::Us)), "≥ 9.54 h");
        assert_eq!(range(Range::of(0, Unit::Ms)), "0 – 2 ms");
        assert_eq!(range(Range::of(9, Unit::Ms)), "512 ms – 1.02 s");
    }

    #[test]
    fn counts_are_short() {
        let table = [
            (0.0, "0"),
            (7.0, "7"),
            (0.25, "0.25"),
            (999.0, "999"),
            (12_345.0, "12.3 k"),
            (4_560_000.0, "4.56 M"),
        ];
        for (n, text) in table {
            assert_eq!(count(n), text);
        }
    }
}
