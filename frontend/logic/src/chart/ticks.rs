//! Which times and latencies are labelled on the axes, and with which words. Local time comes in as
//! an offset from UTC: this module must not know a clock.

use super::scale::RowScale;
use runqlat_common::buckets::{SLOTS, Unit};

/// Steps between time labels, in ms. All but the last divide a quarter of an hour, so that labels
/// fall on round local times in every time zone.
const STEPS_MS: [f64; 14] = [
    100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 900e3, 3_600e3,
];

/// Latencies that get a label: decades up to a second, then what people count in.
const LATENCIES: [(f64, &str); 13] = [
    (1.0, "1 µs"),
    (10.0, "10 µs"),
    (100.0, "100 µs"),
    (1e3, "1 ms"),
    (10e3, "10 ms"),
    (100e3, "100 ms"),
    (1e6, "1 s"),
    (10e6, "10 s"),
    (60e6, "1 min"),
    (600e6, "10 min"),
    (3_600e6, "1 h"),
    (36_000e6, "10 h"),
    (360_000e6, "100 h"),
];

/// The latencies to label on an axis: µs and label, ascending. Below one of its unit all are one.
pub fn latencies(axis: &RowScale) -> impl Iterator<Item = (f64, &'static str)> + use<> {
    let least_us = (axis.unit.ns() / Unit::Us.ns()) as f64;
    let top_us = (1_u64 << axis.rows.min(SLOTS)) as f64 * least_us;
    let all = LATENCIES.into_iter();
    all.filter(move |(us, _)| (least_us..=top_us).contains(us))
}

/// Round times from `start_ms` to `end_ms`, at most `most` of them.
pub fn times(start_ms: f64, end_ms: f64, most: u32) -> Vec<f64> {
    let span = end_ms - start_ms;
    let least = span / f64::from(most.max(1));
    let last = STEPS_MS[STEPS_MS.len() - 1];
    let step = STEPS_MS.into_iter().find(|s| *s >= least).unwrap_or(last);
    let first = (start_ms / step).ceil();
    let count = ((end_ms - first * step) / step).floor();
    if !count.is_finite() || count < 0.0 {
        return Vec::new();
    }
    // Bounded whatever the span: no axis shows more than a few dozen labels.
    (0..=(count as u32).min(1_000))
        .map(|i| (first + f64::from(i)) * step)
        .collect()
}

/// Local time of day as `12:03:59`. `utc_offset_min` is local time minus UTC.
pub fn clock(ms: f64, utc_offset_min: i32) -> String {
    let s = local_seconds(ms, utc_offset_min).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
}

/// Like [`clock`], with tenths of a second when the time does not fall on a full one.
pub fn clock_fine(ms: f64, utc_offset_min: i32) -> String {
    let tenths = ((ms / 100.0).round() as i64).rem_euclid(10);
    // The rounding to tenths may carry into the second.
    let text = clock((ms / 100.0).round() * 100.0, utc_offset_min);
    if tenths == 0 {
        text
    } else {
        format!("{text}.{tenths}")
    }
}

/// The time zone as `UTC+05:30`.
pub fn zone(utc_offset_min: i32) -> String {
    let sign = if utc_offset_min < 0 { '−' } else { '+' };
    let minutes = utc_offset_min.unsigned_abs();
    match minutes {
        0 => "UTC".to_owned(),
        _ => format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60),
    }
}

/// The local date as `2026-03-01`, by the civil calendar (days to y-m-d, H. Hinnant's algorithm).
pub fn date(ms: f64, utc_offset_min: i32) -> String {
    let days = local_seconds(ms, utc_offset_min).div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

fn local_seconds(ms: f64, utc_offset_min: i32) -> i64 {
    (ms / 1_000.0).floor() as i64 + i64::from(utc_offset_min) * 60
}

#[cfg(test)]
mod tests {
    use super::{clock, clock_fine, date, latencies, times, zone};
    use crate::chart::scale::RowScale;
    use proptest::prelude::{prop_assert, proptest};
    use runqlat_common::buckets::Unit;

    #[test]
    fn times_are_told_in_local_words() {
        let ms = 1_700_000_000_000.0;
        assert_eq!(clock(ms, 0), "22:13:20");
        assert_eq!(clock(ms, 60), "23:13:20");
        assert_eq!(clock(ms, 120), "00:13:20");
        assert_eq!(clock_fine(ms + 149.0, 0), "22:13:20.1");
        assert_eq!(clock_fine(ms + 999.0, 0), "22:13:21");
        assert_eq!(date(ms, 0), "2023-11-14");
        assert_eq!(date(ms, 120), "2023-11-15");
        assert_eq!(date(951_782_400_000.0, 0), "2000-02-29");
        assert_eq!(date(0.0, -1), "1969-12-31");
        assert_eq!(zone(0), "UTC");
        assert_eq!(zone(330), "UTC+05:30");
        assert_eq!(zone(-480), "UTC−08:00");
    }

    #[test]
    fn decades_are_labelled_up_to_the_top() {
        let labels = |rows, unit| {
            let axis = RowScale {
                rows,
                row_px: 10,
                unit,
            };
            let labels = latencies(&axis).map(|(_, label)| label);
            labels.collect::<Vec<_>>()
        };
        let expected = ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms"];
        assert_eq!(labels(14, Unit::Us), expected);
        let expected = ["1 ms", "10 ms", "100 ms", "1 s", "10 s"];
        assert_eq!(labels(14, Unit::Ms), expected);
        assert_eq!(labels(36, Unit::Us).last(), Some(&"10 h"));
        assert_eq!(labels(36, Unit::Ms).last(), Some(&"100 h"));
    }

    #[test]
    fn labels_fall_on_round_times() {
        let at = times(1_002_500.0, 1_302_500.0, 6);
        assert_eq!(
            at,
            [
                1_020_000.0,
                1_080_000.0,
                1_140_000.0,
                1_200_000.0,
                1_260_000.0
            ]
        );
        assert!(times(5.0, 5.0, 0).len() <= 1);
    }

    proptest! {
        #[test]
        fn labels_are_few_and_inside(start in 0.0..2e12_f64, span in 1.0..3.6e6_f64, most in 1..30_u32) {
            let at = times(start, start + span, most);
            prop_assert!(at.len() <= most as usize + 1);
            prop_assert!(at.iter().all(|t| *t >= start && *t <= start + span));
        }
    }
}
