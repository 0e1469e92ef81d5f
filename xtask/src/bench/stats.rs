//! What the rounds say. Pure: times in, ratios out.
//!
//! A machine's speed drifts over minutes, so a variant is only ever compared with what ran in the same round, and
//! the median over the rounds is the figure.

use std::fmt;

/// What one variant did over the rounds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Summary {
    /// Median CPU time of an operation, in µs.
    pub(super) micros: f64,
    /// Time over the bare run's of the same round: 1.2 is a fifth slower.
    pub(super) slowdown: Spread,
    /// Time added over the time the peer added in the same round. None for the bare run.
    pub(super) of_peer: Option<Spread>,
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

/// Summarises `times[round][variant]`, in µs per operation.
pub(super) fn summarise(times: &[Vec<f64>], bare: usize, peer: usize) -> Vec<Summary> {
    let variants = times.first().map_or(0, Vec::len);
    let per_round = |ratio: &dyn Fn(&[f64]) -> f64| -> Vec<f64> {
        times.iter().map(|round| ratio(round)).collect()
    };
    (0..variants)
        .map(|variant| Summary {
            micros: median(&per_round(&|round| round[variant])),
            slowdown: spread(&per_round(&|round| round[variant] / round[bare])),
            of_peer: (variant != bare).then(|| added(times, bare, variant, peer)),
        })
        .collect()
}

/// The mean of what was measured of one variant in a round.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Time that `variant` added over the time that `peer` added in the same round.
pub(super) fn added(times: &[Vec<f64>], bare: usize, variant: usize, peer: usize) -> Spread {
    let ratios: Vec<f64> = times
        .iter()
        .map(|round| (round[variant] - round[bare]) / (round[peer] - round[bare]))
        .collect();
    spread(&ratios)
}

/// The order of a round: the bare run first and last, since every ratio leans on it; in between another variant first
/// each time, so that none always runs on a machine that the same other one has warmed up.
pub(super) fn rotation(round: usize, variants: usize, bare: usize) -> Vec<usize> {
    let others: Vec<usize> = (0..variants).filter(|variant| *variant != bare).collect();
    let start = if others.is_empty() {
        0
    } else {
        round % others.len()
    };
    std::iter::once(bare)
        .chain(others[start..].iter().copied())
        .chain(others[..start].iter().copied())
        .chain(std::iter::once(bare))
        .collect()
}

pub(super) fn spread(values: &[f64]) -> Spread {
    Spread {
        median: median(values),
        min: values.iter().copied().fold(f64::INFINITY, f64::min),
        max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    }
}

fn median(values: &[f64]) -> f64 {
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
    fn a_variant_is_compared_within_its_round() {
        // The second round runs on a machine of half the speed; ratios don't notice.
        let times = [vec![2.0, 3.0, 2.5], vec![4.0, 6.0, 5.0]];
        let summaries = summarise(&times, 0, 1);
        assert_eq!(summaries[0].of_peer, None);
        assert_eq!(summaries[0].slowdown.max, 1.0);
        assert_eq!(summaries[1].slowdown.median, 1.5);
        assert_eq!(summaries[1].of_peer.unwrap().median, 1.0);
        assert_eq!(summaries[2].micros, 3.75);
        assert_eq!(
            summaries[2].slowdown,
            Spread {
                median: 1.25,
                min: 1.25,
                max: 1.25
            }
        );
        assert_eq!(
            summaries[2].of_peer.unwrap(),
            Spread {
                median: 0.5,
                min: 0.5,
                max: 0.5
            }
        );
    }

    #[test]
    fn the_mean_of_one_is_itself() {
        assert_eq!(mean(&[2.5]), 2.5);
        assert_eq!(mean(&[2.0, 3.0]), 2.5);
        assert!(mean(&[]).is_nan());
    }

    #[test]
    fn any_two_variants_compare() {
        let times = [vec![2.0, 3.0, 4.0, 3.0], vec![2.0, 3.0, 6.0, 3.0]];
        let spread = added(&times, 0, 3, 2);
        assert_eq!((spread.min, spread.median, spread.max), (0.25, 0.375, 0.5));
    }

    #[test]
    fn every_round_starts_and_ends_bare_and_another_one_follows() {
        assert_eq!(rotation(0, 4, 0), [0, 1, 2, 3, 0]);
        assert_eq!(rotation(1, 4, 0), [0, 2, 3, 1, 0]);
        assert_eq!(rotation(5, 4, 0), [0, 3, 1, 2, 0]);
        assert_eq!(rotation(3, 1, 0), [0, 0]);
    }
}
