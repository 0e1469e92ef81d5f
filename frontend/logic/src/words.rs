//! Sentences and short forms that the page shows. Always with their unit; must not know the page.

pub mod bars;
pub mod list;
mod range;
pub mod scope;
pub mod together;
pub mod unreached;

pub use range::short_range;

use crate::chart::bands::Percentile;
use crate::chart::frame::Frame;
use crate::histogram::{Bar, Histogram};
use crate::{bidi, session::Session};
use runqlat_common::counts::Range;
use runqlat_common::human;
use runqlat_common::wire::{Losses, Programs};

/// A part of a whole: `12.3 %`, `0 %`, `< 0.01 %`.
pub fn percent(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0 %".to_owned();
    }
    let percent = part as f64 / whole as f64 * 100.0;
    match percent {
        p if p < 0.01 => "< 0.01 %".to_owned(),
        p if p < 1.0 => human::fixed(p, 2) + " %",
        // A part that is not all never rounds to all.
        p if part < whole && p > 99.9 => "> 99.9 %".to_owned(),
        p if p < 99.95 => human::fixed(p, 1) + " %",
        _ => "100 %".to_owned(),
    }
}

/// A whole number with its thousands apart: `3,412`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many something is, after its name: ` × 842`.
pub fn times_many(n: u64) -> String {
    format!(" × {}", grouped(n))
}

/// A time waited per second: `412 ms/s`. Above a second per second several tasks wait at once.
pub fn wait_rate(ns_per_s: f64) -> String {
    format!("{}/s", human::nanos(ns_per_s as u64))
}

/// A part of one CPU's time: `0.3 %`.
pub fn cpu(self_cpu_us: u64, duration_us: u64) -> String {
    let percent = self_cpu_us as f64 / duration_us.max(1) as f64 * 100.0;
    if percent >= 10.0 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %")
    }
}

/// Memory: `9.2 MB`.
pub fn memory(kb: u64) -> String {
    let mb = kb as f64 / 1_000.0;
    if mb >= 10.0 {
        format!("{mb:.0} MB")
    } else {
        format!("{mb:.1} MB")
    }
}

/// How the probe is attached.
pub fn programs(programs: Programs) -> &'static str {
    match programs {
        Programs::Typed => "BTF-typed tracepoints (tp_btf)",
        Programs::Raw => "raw tracepoints (raw_tp)",
        Programs::Synthetic => "no kernel probe: synthetic data",
    }
}

/// Every kind of loss with its count and meaning, a line each; `new` of them came while `waits` were
/// counted.
pub fn losses(losses: &Losses, new: u64, waits: u64) -> String {
    let Losses {
        collisions,
        missed,
        unmatched,
        discarded,
        recursion,
    } = *losses;
    let lines = [
        (
            unmatched,
            "unmatched: a task ran whose wait was not seen to begin (at the start these are the tasks that were waiting already)",
        ),
        (missed, "missed: a switch between two tasks was not seen"),
        (
            discarded,
            "discarded: a wait came out negative, the CPUs' clocks disagreed",
        ),
        (
            recursion,
            "recursion: the probe was already running on that CPU",
        ),
        (
            collisions,
            "collisions: two waiting tasks shared a slot of the stamp table (counted again as unmatched)",
        ),
    ];
    let lines = lines.map(|(n, what)| format!("{} {what}", grouped(n)));
    let whole = waits.saturating_add(new);
    format!(
        "Waits missing from the counts since the programs of this scope were attached:\n{}\nIn the last intervals {} \
         of {} were lost ({}).",
        lines.join("\n"),
        grouped(new),
        grouped(whole),
        percent(new, whole)
    )
}

/// A number of waits with its rate: `1,234  (617/s)`.
pub fn waits(total: u64, per_second: f64) -> String {
    format!("{}  ({}/s)", grouped(total), human::count(per_second))
}

/// A count with its part of the whole: `1,234  (12.3 %)`.
pub fn part(part: u64, whole: u64) -> String {
    format!("{}  ({})", grouped(part), percent(part, whole))
}

/// A bucket's row in full: `8–16 µs: 1,234 waits, 12.3 % of all; 45.6 % were this long or less`.
pub fn bucket(range: &str, bar: &Bar, total: u64) -> String {
    let count = grouped(bar.count);
    let (part, up_to) = (percent(bar.count, total), percent(bar.up_to, total));
    format!("{range}: {count} waits, {part} of all; {up_to} were this long or less")
}

/// The range in which a histogram's percentile lies.
pub fn percentile(histogram: &Histogram, name: &str) -> String {
    let mut all = histogram.percentiles.iter();
    let found = all.find(|(percentile, _)| percentile.name() == name);
    found.map_or_else(
        || "–".to_owned(),
        |(_, slot)| short_range(Range::of(*slot, histogram.unit)).into_owned(),
    )
}

/// How far a paused page is behind.
pub fn behind(intervals: u64) -> String {
    match intervals {
        0 => "nothing new since".to_owned(),
        1 => "1 interval behind".to_owned(),
        n => format!("{} intervals behind", grouped(n)),
    }
}

/// Why a map without waits is empty; `all_known` when the whole of the time is known.
pub fn nothing_waited(session: &Session, span_ms: f64, all_known: bool) -> String {
    let when = if all_known {
        format!("in the {} shown", span(span_ms))
    } else {
        "in the time that is not hatched".to_owned()
    };
    match &session.selection {
        Some(selection) => format!("{} did not wait {when}", bidi::isolated(&selection.name)),
        None => format!("Nothing waited {when}"),
    }
}

/// A length of time in few characters: `90 s`, `5 min`, `1.5 h`.
pub fn span(ms: f64) -> String {
    let seconds = ms / 1_000.0;
    let (n, unit) = match seconds {
        s if s < 120.0 => (s, "s"),
        s if s < 7_200.0 && s != 3_600.0 => (s / 60.0, "min"),
        s => (s / 3_600.0, "h"),
    };
    let tenths = (n * 10.0).round() / 10.0;
    format!("{tenths} {unit}")
}

/// The newest column of a picture in one sentence.
pub fn summary(frame: &Frame) -> String {
    let Some(column) = frame.grid.columns.last() else {
        return "Latency heatmap, no data yet".to_owned();
    };
    let range = |p: Percentile| {
        let slot = p.slot(&column.counts)?;
        Some(short_range(Range::of(slot, frame.unit())))
    };
    let (Some(p50), Some(p99)) = (range(Percentile::P50), range(Percentile::P99)) else {
        return "Latency heatmap; nothing waited in the newest interval".to_owned();
    };
    let waits = grouped(column.counts.total());
    format!(
        "Latency heatmap. Newest interval: {waits} waits, half of them up to {p50}, 99 of 100 up to \
         {p99}. Arrow keys walk over the cells."
    )
}

#[cfg(test)]
mod tests {
    use super::{cpu, grouped, losses, memory, percent, wait_rate};
    use runqlat_common::wire::Losses;

    #[test]
    fn parts_never_look_like_nothing_or_all() {
        let table = [
            (0, 10, "0 %"),
            (0, 0, "0 %"),
            (1, 1_000_000, "< 0.01 %"),
            (1, 200, "0.50 %"),
            (123, 1_000, "12.3 %"),
            (999_999, 1_000_000, "> 99.9 %"),
            (5, 5, "100 %"),
        ];
        for (part, whole, text) in table {
            assert_eq!(percent(part, whole), text, "{part}/{whole}");
        }
    }

    #[test]
    fn numbers_are_short_and_have_units() {
        assert_eq!(grouped(3_412), "3,412");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(wait_rate(412_300_000.0), "412 ms/s");
        assert_eq!(cpu(3_000, 1_000_000), "0.3 %");
        assert_eq!(cpu(1_000_000, 0), "100000000 %");
        assert_eq!(memory(9_216), "9.2 MB");
        assert_eq!(memory(41_000), "41 MB");
    }

    #[test]
    fn losses_explain_every_kind() {
        let lost = Losses {
            unmatched: 1_234,
            ..Losses::default()
        };
        let text = losses(&lost, 5, 995);
        assert!(text.contains("\n1,234 unmatched: "));
        assert!(text.ends_with("5 of 1,000 were lost (0.50 %)."));
        assert_eq!(text.lines().count(), 7);
    }
}
