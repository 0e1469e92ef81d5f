//! Percentiles over time. One read from buckets is a range, so it is drawn as the outline of its
//! bucket's range, column by column, and never as a point.

use super::grid::Grid;
use runqlat_common::counts::Counts;

/// A percentile that can be drawn over the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Percentile {
    P50,
    P90,
    P99,
    Max,
}

impl Percentile {
    pub const ALL: [Self; 4] = [Self::P50, Self::P90, Self::P99, Self::Max];

    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }

    /// Dash pattern in CSS pixels, so that lines differ without colour.
    pub fn dash(self) -> &'static [f64] {
        match self {
            Self::P50 => &[1.5, 3.0],
            Self::P90 => &[6.0, 3.0],
            Self::P99 => &[],
            Self::Max => &[8.0, 2.0, 1.5, 2.0],
        }
    }

    /// The bucket in which it lies.
    pub fn slot(self, counts: &Counts) -> Option<usize> {
        match self {
            Self::P50 => counts.quantile_slot(0.5),
            Self::P90 => counts.quantile_slot(0.9),
            Self::P99 => counts.quantile_slot(0.99),
            Self::Max => counts.max_slot(),
        }
    }
}

/// A run of columns whose percentile lies in the same bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// First pixel, and first pixel after it.
    pub x0: u32,
    pub x1: u32,
    pub slot: usize,
}

impl Step {
    /// Whether the outline goes on from the step before. Beside a narrow one it does not: the lines up and down would
    /// cover the map. `narrow` is a width in pixels.
    pub fn goes_on_from(&self, before: &Self, narrow: f64) -> bool {
        let width = |step: &Self| f64::from(step.x1 - step.x0);
        before.x1 == self.x0 && width(self).min(width(before)) >= narrow
    }
}

/// The steps of one percentile, by ascending pixel. Columns without waits have none.
pub fn steps(grid: &Grid, percentile: Percentile) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for column in &grid.columns {
        let Some(slot) = percentile.slot(&column.counts) else {
            continue;
        };
        match steps.last_mut() {
            Some(last) if last.slot == slot && last.x1 == column.x0 => last.x1 = column.x1,
            _ => steps.push(Step {
                x0: column.x0,
                x1: column.x1,
                slot,
            }),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::{Percentile, Step, steps};
    use crate::chart::grid::{Grid, Slice};
    use crate::chart::measure::Cause;
    use crate::chart::scale::TimeScale;
    use runqlat_common::counts::{Counts, Waits};

    fn counts(counts: Vec<u64>) -> Counts {
        Counts {
            woken: Waits { counts, sum_ns: 0 },
            preempted: Waits::default(),
        }
    }

    #[test]
    fn narrow_steps_are_not_joined() {
        let step = |x0, x1, slot| Step { x0, x1, slot };
        let before = step(0, 9, 4);
        let cases = [
            (step(9, 13, 5), true),
            (step(9, 12, 5), false),
            (step(10, 20, 4), false),
        ];
        for (after, joined) in cases {
            assert_eq!(after.goes_on_from(&before, 4.0), joined, "{after:?}");
        }
        assert!(!step(9, 20, 9).goes_on_from(&step(8, 9, 4), 4.0));
    }

    #[test]
    fn runs_of_one_bucket_are_one_step_and_gaps_part_them() {
        let columns = [
            (0.0, counts(vec![98, 0, 2])),
            (1.0, counts(vec![50, 0, 50])),
            (2.0, counts(vec![1])),
            (3.0, Counts::default()),
            (4.0, counts(vec![1])),
        ];
        let slices = columns
            .iter()
            .enumerate()
            .map(|(i, (start, counts))| Slice {
                seq: i as u64 + 1,
                start_ms: *start,
                end_ms: start + 1.0,
                interval_ms: 1.0,
                counts: Ok(counts),
            });
        let time = TimeScale {
            start_ms: 0.0,
            end_ms: 5.0,
            width_px: 50,
        };
        let grid = Grid::new(slices, &time, Cause::All);
        let step = |x0, x1, slot| Step { x0, x1, slot };
        assert_eq!(
            steps(&grid, Percentile::P99),
            [step(0, 20, 2), step(20, 30, 0), step(40, 50, 0)]
        );
        assert_eq!(
            steps(&grid, Percentile::P50),
            [step(0, 30, 0), step(40, 50, 0)]
        );
        assert_eq!(steps(&grid, Percentile::Max)[0], step(0, 20, 2));
    }
}
