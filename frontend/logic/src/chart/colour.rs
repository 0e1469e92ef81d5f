//! From a cell's value to a fraction of the colour scale, and the numbers that the legend shows. Never
//! linear: that hides the sparse tail, which is what one looks for.

/// How counts are spread over the colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    #[default]
    Sqrt,
    Log,
}

impl Spread {
    pub const ALL: [Self; 2] = [Self::Sqrt, Self::Log];

    /// For the legend.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqrt => "√ scale",
            Self::Log => "log scale",
        }
    }
}

/// A scale ends here at least, so that a lone wait on an idle host does not glow.
const LEAST_MAX: u64 = 10;

/// A scale of a cell's values, in the measure's steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColourScale {
    pub spread: Spread,
    /// The value that gets the last colour.
    pub max: u64,
}

impl ColourScale {
    /// A scale that holds `most`, ending at a round number so that it does not move with every
    /// interval.
    pub fn holding(spread: Spread, most: u64) -> Self {
        let max = round_up(most).max(LEAST_MAX);
        Self { spread, max }
    }

    /// Where a count of at least one lies: 0 for one, 1 for `max` and more.
    pub fn fraction(&self, count: u64) -> f64 {
        let max = self.max.max(2) as f64;
        let count = (count.max(1) as f64).min(max);
        match self.spread {
            Spread::Sqrt => ((count - 1.0) / (max - 1.0)).sqrt(),
            Spread::Log => count.ln() / max.ln(),
        }
    }

    /// Counts for the legend with their fractions, ascending, at least `gap` apart.
    pub fn stops(&self, gap: f64) -> Vec<(u64, f64)> {
        let mut stops = vec![(self.max, 1.0)];
        let mut nice = self.max;
        while nice > 1 {
            nice = round_below(nice);
            let fraction = self.fraction(nice);
            let above = stops.last().map_or(1.0, |(_, f)| *f);
            if nice > 1 && above - fraction >= gap && fraction >= gap {
                stops.push((nice, fraction));
            }
        }
        stops.push((1, 0.0));
        stops.reverse();
        stops
    }
}

/// The smallest of 1, 2, 5, 10, 20, ... that is at least `n`.
fn round_up(n: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [1, 2, 5] {
            let candidate = power.saturating_mul(step);
            if candidate >= n {
                return candidate;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// The greatest of 1, 2, 5, 10, ... below `n`, for n > 1.
fn round_below(n: u64) -> u64 {
    let mut best = 1;
    let mut power = 1_u64;
    while power < n {
        for step in [1, 2, 5] {
            let candidate = power.saturating_mul(step);
            if candidate < n {
                best = candidate;
            }
        }
        let Some(next) = power.checked_mul(10) else {
            break;
        };
        power = next;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::{ColourScale, Spread};
    use proptest::prelude::{any, prop_assert, proptest};

    #[test]
    fn scales_end_at_round_numbers() {
        let table = [
            (0, 10),
            (3, 10),
            (11, 20),
            (20, 20),
            (21, 50),
            (51_000, 100_000),
            (u64::MAX, u64::MAX),
        ];
        for (most, max) in table {
            assert_eq!(ColourScale::holding(Spread::Sqrt, most).max, max);
        }
    }

    #[test]
    fn legends_show_one_and_the_end() {
        let scale = ColourScale::holding(Spread::Log, 10_000);
        let counts: Vec<u64> = scale.stops(0.2).iter().map(|s| s.0).collect();
        assert_eq!(counts, [1, 10, 100, 1_000, 10_000]);
    }

    proptest! {
        #[test]
        fn more_is_never_paler(a in 1..u64::MAX, b in 1..u64::MAX, most in any::<u64>(), log: bool) {
            let spread = if log { Spread::Log } else { Spread::Sqrt };
            let scale = ColourScale::holding(spread, most);
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(scale.fraction(low) <= scale.fraction(high));
            prop_assert!((0.0..=1.0).contains(&scale.fraction(a)));
            let stops = scale.stops(0.15);
            prop_assert!(stops.len() >= 2 && stops.len() <= 8);
            prop_assert!(stops.windows(2).all(|w| w[0].0 < w[1].0));
        }
    }
}
