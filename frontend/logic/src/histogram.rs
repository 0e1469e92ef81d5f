//! One histogram as the panel beside the heatmap shows it: bars by bucket, percentiles as ranges,
//! and the numbers that sum it up.

use crate::chart::bands::Percentile;
use runqlat_common::buckets::Unit;
use runqlat_common::counts::Counts;

/// A histogram of one column, or of one interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// What its buckets count.
    pub unit: Unit,
    /// By ascending bucket, empty ones included, as many as the heatmap has rows.
    pub bars: Vec<Bar>,
    pub total: u64,
    pub per_second: f64,
    /// Exact, from the sum of the waits; in ns.
    pub mean_ns: Option<u64>,
    /// Time waited per second, in ns.
    pub wait_ns_per_s: f64,
    pub woken: u64,
    pub preempted: u64,
    /// Each percentile with its bucket; empty without waits.
    pub percentiles: Vec<(Percentile, usize)>,
}

/// One bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub slot: usize,
    pub count: u64,
    /// The count as a part of the fullest bucket's.
    pub share: f64,
    /// Waits in it and in all buckets below.
    pub up_to: u64,
}

impl Histogram {
    /// The histogram of waits that were measured for `measured_ms`, with at least `rows` bars.
    pub fn new(counts: &Counts, unit: Unit, measured_ms: f64, rows: usize) -> Self {
        let total = counts.total();
        let used = counts.max_slot().map_or(0, |slot| slot + 1);
        let rows = rows.max(used);
        let most = (0..rows).map(|slot| counts.at(slot)).max().unwrap_or(0);
        let mut up_to = 0_u64;
        let bars = (0..rows).map(|slot| {
            up_to = up_to.saturating_add(counts.at(slot));
            Bar::new(counts, slot, most, up_to)
        });
        let bars = bars.collect();
        let seconds = measured_ms.max(1.0) / 1_000.0;
        let percentiles = Percentile::ALL
            .into_iter()
            .filter_map(|p| Some((p, p.slot(counts)?)));
        Self {
            unit,
            bars,
            total,
            per_second: total as f64 / seconds,
            mean_ns: counts.sum_ns().checked_div(total),
            wait_ns_per_s: counts.sum_ns() as f64 / seconds,
            woken: sum(&counts.woken.counts),
            preempted: sum(&counts.preempted.counts),
            percentiles: if total == 0 {
                Vec::new()
            } else {
                percentiles.collect()
            },
        }
    }

    /// The names of the percentiles that lie in a bucket: `p50 p90`.
    pub fn marks(&self, slot: usize) -> String {
        let here = self.percentiles.iter().filter(|(_, at)| *at == slot);
        let names: Vec<_> = here.map(|(p, _)| p.name()).collect();
        names.join(" ")
    }
}

impl Bar {
    fn new(counts: &Counts, slot: usize, most: u64, up_to: u64) -> Self {
        let count = counts.at(slot);
        Self {
            slot,
            count,
            share: count as f64 / most.max(1) as f64,
            up_to,
        }
    }
}

fn sum(counts: &[u64]) -> u64 {
    counts.iter().fold(0, |sum, n| sum.saturating_add(*n))
}

#[cfg(test)]
mod tests {
    use super::Histogram;
    use crate::words;
    use runqlat_common::buckets::Unit;
    use runqlat_common::counts::{Counts, Waits};

    #[test]
    fn an_interval_is_summed_up() {
        let counts = Counts {
            woken: Waits {
                counts: vec![0, 90],
                sum_ns: 200_000,
            },
            preempted: Waits {
                counts: vec![0, 0, 0, 10],
                sum_ns: 100_000,
            },
        };
        let histogram = Histogram::new(&counts, Unit::Us, 500.0, 3);
        assert_eq!(histogram.bars.len(), 4);
        assert_eq!((histogram.bars[1].share, histogram.bars[0].count), (1.0, 0));
        let up_to: Vec<u64> = histogram.bars.iter().map(|bar| bar.up_to).collect();
        assert_eq!(up_to, [0, 90, 90, 100]);
        assert_eq!((histogram.total, histogram.per_second), (100, 200.0));
        assert_eq!(histogram.mean_ns, Some(3_000));
        assert_eq!(histogram.wait_ns_per_s, 600_000.0);
        assert_eq!((histogram.woken, histogram.preempted), (90, 10));
        assert_eq!(histogram.marks(1), "p50 p90");
        assert_eq!(histogram.marks(3), "p99 max");
        assert_eq!(histogram.marks(0), "");
        assert_eq!(words::percentile(&histogram, "p99"), "8–16 µs");
        let in_ms = Histogram::new(&counts, Unit::Ms, 500.0, 3);
        assert_eq!(words::percentile(&in_ms, "p99"), "8–16 ms");
    }

    #[test]
    fn nothing_waited_has_no_mean_and_no_percentiles() {
        let histogram = Histogram::new(&Counts::default(), Unit::Us, 0.0, 14);
        assert_eq!((histogram.bars.len(), histogram.mean_ns), (14, None));
        assert!(histogram.percentiles.is_empty());
    }
}
