//! The histogram's numbers, column by column: a text of as many lines as it has bars, the longest waits first as in
//! the map. The browser lays out one text of twenty lines in the time of two short ones.

use super::{grouped, percent, short_range};
use crate::histogram::Histogram;
use runqlat_common::counts::Range;

/// What stands for a bucket without waits, so that one sees those that have some.
pub const NONE: &str = "·";

/// The lines of each column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    pub ranges: String,
    /// The percentiles that lie in a bucket.
    pub marks: String,
    pub counts: String,
    pub parts: String,
    /// The part that was as long or less.
    pub up_to: String,
}

impl Columns {
    pub fn new(histogram: &Histogram) -> Self {
        let mut columns = Self::default();
        let total = histogram.total;
        for bar in histogram.bars.iter().rev() {
            let range = Range::of(bar.slot, histogram.unit);
            line(&mut columns.ranges, &short_range(range));
            line(&mut columns.marks, &histogram.marks(bar.slot));
            if bar.count == 0 {
                line(&mut columns.counts, NONE);
                line(&mut columns.parts, "");
                line(&mut columns.up_to, "");
            } else {
                line(&mut columns.counts, &grouped(bar.count));
                line(&mut columns.parts, &percent(bar.count, total));
                line(&mut columns.up_to, &percent(bar.up_to, total));
            }
        }
        columns
    }
}

fn line(column: &mut String, text: &str) {
    column.push_str(text);
    column.push('\n');
}

/// The histogram in a sentence, for those who can't see it.
pub fn sentence(histogram: &Histogram) -> String {
    let waits = grouped(histogram.total);
    let percentiles = histogram.percentiles.iter().map(|(percentile, slot)| {
        let range = short_range(Range::of(*slot, histogram.unit));
        format!(", {} {range}", percentile.name())
    });
    let percentiles: String = percentiles.collect();
    format!("Histogram of {waits} waits by their length{percentiles}")
}

#[cfg(test)]
mod tests {
    use super::{Columns, sentence};
    use crate::histogram::Histogram;
    use runqlat_common::buckets::Unit;
    use runqlat_common::counts::{Counts, Waits};

    fn histogram() -> Histogram {
        let counts = Counts {
            woken: Waits {
                counts: vec![1_500, 0, 500],
                sum_ns: 1,
            },
            preempted: Waits::default(),
        };
        Histogram::new(&counts, Unit::Us, 1_000.0, 4)
    }

    #[test]
    fn each_column_has_a_line_a_bar_the_longest_waits_first() {
        let columns = Columns::new(&histogram());
        let expected = Columns {
            ranges: "8–16 µs\n4–8 µs\n2–4 µs\n0–2 µs\n".to_owned(),
            marks: "\np90 p99 max\n\np50\n".to_owned(),
            counts: "·\n500\n·\n1,500\n".to_owned(),
            parts: "\n25.0 %\n\n75.0 %\n".to_owned(),
            up_to: "\n100 %\n\n75.0 %\n".to_owned(),
        };
        assert_eq!(columns, expected);
    }

    #[test]
    fn a_sentence_tells_it_all() {
        let told = "Histogram of 2,000 waits by their length, p50 0–2 µs, p90 4–8 µs, p99 4–8 µs, max 4–8 µs";
        assert_eq!(sentence(&histogram()), told);
        let none = "Histogram of 0 waits by their length";
        assert_eq!(sentence(&Histogram::default()), none);
    }
}
