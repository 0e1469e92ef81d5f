//! runqlat's text form of a histogram, so that people and scripts that know it feel at home.

use crate::buckets::{Unit, lower};
use crate::counts::Counts;
use crate::wire::{Key, OTHER};
use alloc::format;
use alloc::string::String;

/// Buckets above this one have ends of more than ten digits: runqlat then prints wider columns and
/// shorter bars.
const NARROW_SLOTS: usize = 32;

/// The histogram as runqlat prints it, from bucket 0 to the highest with a wait in it; nothing for
/// an empty one.
pub fn runqlat(counts: &Counts, unit: Unit) -> String {
    let unit = word(unit);
    let Some(last) = counts.max_slot() else {
        return String::new();
    };
    let (indent, name, width, stars) = if last <= NARROW_SLOTS {
        (5, 19, 10, 40)
    } else {
        (15, 29, 20, 20)
    };
    let most = (0..=last).map(|slot| counts.at(slot)).max().unwrap_or(0);
    let mut text = format!("{:indent$}{unit:<name$} : count    distribution\n", "");
    for slot in 0..=last {
        let count = counts.at(slot);
        // Both ends are included, and the last bucket is given an end like the others.
        let (low, high) = (lower(slot), (1_u64 << (slot + 1)) - 1);
        let bar = bar(count, most, stars);
        text.push_str(&format!(
            "{low:>width$} -> {high:<width$} : {count:<8} |{bar}|\n"
        ));
    }
    text
}

/// The line that runqlat puts before the histogram of one key, and for keys that it does not know one
/// like it.
pub fn heading(kind: Key, key: u64, name: &str) -> String {
    if key == OTHER {
        return "other\n".into();
    }
    match kind {
        Key::Global => String::new(),
        Key::Process => format!("pid = {key} {name}\n"),
        Key::Thread => format!("tid = {key} {name}\n"),
        Key::Pidns => format!("pidns = {key} {name}\n"),
        Key::Cgroup => format!("cgroup = {key} {name}\n"),
    }
}

/// runqlat's word for a unit.
pub fn word(unit: Unit) -> &'static str {
    match unit {
        Unit::Us => "usecs",
        Unit::Ms => "msecs",
    }
}

fn bar(count: u64, most: u64, width: usize) -> String {
    let stars = width as u128 * u128::from(count) / u128::from(most.max(1));
    format!("{:<width$}", "*".repeat(stars as usize))
}

#[cfg(test)]
mod tests {
    use super::runqlat;
    use crate::buckets::Unit;
    use crate::counts::{Counts, Waits};
    use alloc::{string::ToString, vec, vec::Vec};

    fn counts(woken: Vec<u64>) -> Counts {
        Counts {
            woken: Waits {
                counts: woken,
                sum_ns: 0,
            },
            ..Counts::default()
        }
    }

    #[test]
    fn bars_are_relative_to_the_fullest_bucket() {
        let text = runqlat(&counts(vec![1, 40, 0, 20]), Unit::Us);
        let lines: Vec<_> = text.lines().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "     usecs               : count    distribution",
                "         0 -> 1          : 1        |*                                       |",
                "         2 -> 3          : 40       |****************************************|",
                "         4 -> 7          : 0        |                                        |",
                "         8 -> 15         : 20       |********************                    |",
            ]
        );
    }

    #[test]
    fn nothing_waited_prints_nothing() {
        assert_eq!(runqlat(&Counts::default(), Unit::Us), "");
    }

    #[test]
    fn long_waits_widen_the_columns() {
        let mut long = vec![0; 34];
        long[33] = 1;
        let text = runqlat(&counts(long), Unit::Ms);
        let widths: Vec<_> = text.lines().map(str::len).collect();
        assert_eq!(widths[1..], [78; 34], "{text}");
        assert!(text.starts_with("               msecs                         : count"));
    }
}
