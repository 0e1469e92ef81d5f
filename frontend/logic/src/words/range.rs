//! A bucket's range, for axes and bars.

use runqlat_common::buckets::{SLOTS, Unit};
use runqlat_common::counts::Range;
use runqlat_common::human;
use std::borrow::Cow;
use std::sync::OnceLock;

/// A bucket's range in few characters: `8–16 µs`, `512 µs–1.02 ms`, `≥ 9.54 h`. Each is made once, for some dozens are
/// written with every update.
pub fn short_range(range: Range) -> Cow<'static, str> {
    static MADE: OnceLock<Vec<(Range, String)>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let all =
            [Unit::Us, Unit::Ms].map(|unit| (0..SLOTS).map(move |slot| Range::of(slot, unit)));
        let all = all.into_iter().flatten();
        all.map(|range| (range, make_range(range))).collect()
    });
    let found = made.iter().find(|(of, _)| *of == range);
    found.map_or_else(|| make_range(range).into(), |(_, text)| text.into())
}

fn make_range(Range { from, above }: Range) -> String {
    let Some(above) = above else {
        return format!("≥ {}", human::micros(from));
    };
    let (low, high) = (human::micros(from), human::micros(above));
    if from == 0 {
        return format!("0–{high}");
    }
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number}–{high}"),
        _ => format!("{low}–{high}"),
    }
}

#[cfg(test)]
mod tests {
    use super::short_range;
    use runqlat_common::buckets::{SLOTS, Unit};
    use runqlat_common::counts::Range;

    #[test]
    fn ranges_say_a_shared_unit_once() {
        let table = [
            (0, Unit::Us, "0–2 µs"),
            (3, Unit::Us, "8–16 µs"),
            (9, Unit::Us, "512 µs–1.02 ms"),
            (11, Unit::Us, "2.05–4.1 ms"),
            (SLOTS - 1, Unit::Us, "≥ 9.54 h"),
            (0, Unit::Ms, "0–2 ms"),
            (3, Unit::Ms, "8–16 ms"),
            (9, Unit::Ms, "512 ms–1.02 s"),
        ];
        for (slot, unit, text) in table {
            assert_eq!(short_range(Range::of(slot, unit)), text);
        }
    }
}
