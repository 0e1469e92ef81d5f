//! What the rounds say. Pure: times in, ratios out.
//!
//! A machine's speed drifts over minutes and jumps within seconds: one that shares its cores with a neighbour was seen
//! to have two speeds, a half apart, and to change every other second. So a run under a tracer is only ever compared
//! with the bare ones right before and after it, and only where these agree; over the rounds, by the median. What is
//! compared with a peer is medians, too: the ratio of two small differences has no mean, and their median over the
//! rounds strays by a half.

use std::fmt;

/// Resamplings for an interval: its ends then stray by less than what is printed of them.
const RESAMPLINGS: usize = 2_000;

/// How far two bare runs may be apart if nothing changed between them: on a steady machine they are by 2 %.
const STEADY: f64 = 0.06;

/// A run under a tracer, in µs per operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) before: f64,
    pub(super) traced: f64,
    pub(super) after: f64,
}

impl Run {
    /// Whether the machine was as fast after it as before. What the tracer did has no part in that.
    pub(super) fn is_steady(self) -> bool {
        (self.after / self.before - 1.0).abs() <= STEADY
    }

    /// Time over that of the bare runs around it: 1.2 is a fifth slower.
    pub(super) fn slowdown(self) -> f64 {
        self.traced / f64::midpoint(self.before, self.after)
    }
}

/// A figure and the interval in which it lies with 95 % of certainty, as far as the runs tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figure {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(2);
        let Self { value, low, high } = self;
        if value.is_nan() {
            return f.write_str("-");
        }
        write!(
            f,
            "{value:.decimals$} ({low:.decimals$}..{high:.decimals$})"
        )
    }
}

/// The median.
pub(super) fn typical(values: &[f64]) -> Figure {
    bootstrap(&[values], |samples| median(&samples[0]))
}

/// What a variant adds, of what a peer adds, from the slow-downs of both.
pub(super) fn added(variant: &[f64], peer: &[f64]) -> Figure {
    const BARE: f64 = 1.0;
    beyond(variant, &[BARE], peer)
}

/// What a variant adds to another, which it contains, of what a peer adds.
pub(super) fn beyond(variant: &[f64], within: &[f64], peer: &[f64]) -> Figure {
    bootstrap(&[variant, within, peer], |samples| {
        (median(&samples[0]) - median(&samples[1])) / (median(&samples[2]) - 1.0)
    })
}

/// A figure of the samples, and of what they could have been as well: as many values, drawn from them with repetition
/// (Efron's bootstrap, percentiles).
fn bootstrap(samples: &[&[f64]], figure: impl Fn(&[Vec<f64>]) -> f64) -> Figure {
    let whole: Vec<Vec<f64>> = samples.iter().map(|sample| sample.to_vec()).collect();
    let value = figure(&whole);
    if samples.iter().any(|sample| sample.is_empty()) {
        return Figure {
            value,
            low: f64::NAN,
            high: f64::NAN,
        };
    }
    let mut dice = Dice::new(0);
    let mut drawn = whole.clone();
    let mut figures: Vec<f64> = (0..RESAMPLINGS)
        .map(|_| {
            for (drawn, sample) in drawn.iter_mut().zip(samples) {
                drawn.fill_with(|| sample[dice.below(sample.len())]);
            }
            figure(&drawn)
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    Figure {
        value,
        low: figures[RESAMPLINGS / 40],
        high: figures[RESAMPLINGS - 1 - RESAMPLINGS / 40],
    }
}

/// The order of a round: by chance, so that no variant always follows the same other one, whose warmth it finds.
pub(super) fn shuffled(mut variants: Vec<usize>, round: usize) -> Vec<usize> {
    let mut dice = Dice::new(round as u64 + 1);
    for last in (1..variants.len()).rev() {
        variants.swap(last, dice.below(last + 1));
    }
    variants
}

/// Numbers that look like chance and are the same each time (splitmix64, <https://prng.di.unimi.it/splitmix64.c>).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// Median and extremes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2}..{:.2})", self.median, self.min, self.max)
    }
}

pub(super) fn spread(values: &[f64]) -> Spread {
    Spread {
        median: median(values),
        min: values.iter().copied().fold(f64::INFINITY, f64::min),
        max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    }
}

pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_even_and_odd_counts() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_run_is_compared_with_those_around_it() {
        let run = |before, traced, after| Run {
            before,
            traced,
            after,
        };
        assert_eq!(run(2.0, 3.0, 2.0).slowdown(), 1.5);
        assert_eq!(run(2.0, 4.5, 4.0).slowdown(), 1.5);
        // There, the machine became half as fast meanwhile, nobody knows when.
        assert!(run(2.0, 9.0, 2.1).is_steady() && run(2.1, 1.0, 2.0).is_steady());
        assert!(!run(2.0, 4.5, 4.0).is_steady() && !run(4.0, 4.5, 2.0).is_steady());
    }

    #[test]
    fn values_that_agree_leave_no_doubt() {
        let figure = typical(&[1.5; 9]);
        assert_eq!((figure.low, figure.value, figure.high), (1.5, 1.5, 1.5));
        assert_eq!(format!("{figure:.3}"), "1.500 (1.500..1.500)");
        let half = added(&[1.25; 4], &[1.5; 7]);
        assert_eq!((half.low, half.value, half.high), (0.5, 0.5, 0.5));
        let quarter = beyond(&[1.25; 4], &[1.125; 3], &[1.5; 7]);
        assert_eq!((quarter.low, quarter.value), (0.25, 0.25));
    }

    #[test]
    fn the_interval_holds_the_median_and_leaves_stray_values_out() {
        // 39 runs about 1.2 and one that was disturbed.
        let values: Vec<f64> = (0..39)
            .map(|n| 1.2 + f64::from(n - 19) * 1e-3)
            .chain([9.0])
            .collect();
        let Figure { value, low, high } = typical(&values);
        assert!(low < value && value < high, "{low} {value} {high}");
        assert!(low > 1.19 && high < 1.21, "{low} {high}");
    }

    /// The half-width of a median's interval is about 1.25 x 1.96 standard errors of the mean.
    #[test]
    fn the_interval_is_as_wide_as_it_should_be() {
        let mut dice = Dice::new(7);
        let mut normal = || {
            (0..12)
                .map(|_| dice.below(1_000_000) as f64 / 1e6)
                .sum::<f64>()
                - 6.0
        };
        let values: Vec<f64> = (0..400).map(|_| normal()).collect();
        let Figure { low, high, .. } = typical(&values);
        let expected = 2.0 * 1.25 * 1.96 / 20.0;
        assert!(
            ((high - low) / expected - 1.0).abs() < 0.4,
            "{}",
            high - low
        );
    }

    #[test]
    fn without_runs_there_is_no_figure() {
        let figure = added(&[], &[1.5]);
        assert!(figure.value.is_nan() && figure.low.is_nan());
        assert_eq!(figure.to_string(), "-");
    }

    #[test]
    fn every_round_has_all_and_another_order() {
        let rounds: Vec<Vec<usize>> = (0..50).map(|n| shuffled(vec![1, 4, 5, 8], n)).collect();
        for round in &rounds {
            let mut sorted = round.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [1, 4, 5, 8]);
        }
        let first = |variant| rounds.iter().filter(|round| round[0] == variant).count();
        assert!([1, 4, 5, 8].into_iter().all(|variant| first(variant) > 4));
        assert_eq!(shuffled(vec![3], 0), [3]);
    }
}
