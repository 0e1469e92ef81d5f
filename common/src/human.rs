//! Numbers for people: durations, ranges and counts in few characters, always with their unit.

use crate::counts::Range;
use alloc::format;
use alloc::string::String;

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
        Some(&(size, name)) => format!("{} {name}", three_digits(ns as f64 / size as f64)),
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
        Some((size, name)) => format!("{} {name}", three_digits(n / size)),
        None => three_digits(n),
    }
}

fn three_digits(value: f64) -> String {
    let text = if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    };
    if text.contains('.') {
        String::from(text.trim_end_matches('0').trim_end_matches('.'))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{count, micros, nanos, range};
    use crate::buckets::{SLOTS, Unit};
    use crate::counts::Range;

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
