//! runqlat's text form of a histogram, so that people and scripts that know it feel at home.

use crate::buckets::lower;
use crate::counts::Counts;
use alloc::format;
use alloc::string::String;

/// Buckets above this one have ends of more than ten digits: runqlat then prints wider columns and
/// shorter bars.
const NARROW_SLOTS: usize = 32;

/// The histogram as runqlat prints it, from bucket 0 to the highest with a wait in it; nothing for
/// an empty one. `unit` is the header's word: `usecs` or `msecs`.
pub fn runqlat(counts: &Counts, unit: &str) -> String {
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

fn bar(count: u64, most: u64, width: usize) -> String {
    let stars = width as u128 * u128::from(count) / u128::from(most.max(1));
    format!("{:<width$}", "*".repeat(stars as usize))
}

#[cfg(test)]
mod tests {
    use super::runqlat;
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
        let text = runqlat(&counts(vec![1, 40, 0, 20]), "usecs");
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
        assert_eq!(runqlat(&Counts::default(), "usecs"), "");
    }

    #[test]
    fn long_waits_widen_the_columns() {
        let mut long = vec![0; 34];
        long[33] = 1;
        let text = runqlat(&counts(long), "usecs");
        let widths: Vec<_> = text.lines().map(str::len).collect();
        assert_eq!(widths[1..], [78; 34], "{text}");
        assert!(text.starts_with("               usecs                         : count"));
    }
}
