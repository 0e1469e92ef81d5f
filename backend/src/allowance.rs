//! How often something may be done: so many times at once, and again with time (a token bucket). Pure: time is given.

use std::time::Instant;

/// What is left of it.
#[derive(Clone, Debug)]
pub struct Allowance {
    most: f64,
    per_second: f64,
    left: f64,
    at: Option<Instant>,
}

impl Allowance {
    pub fn new(most: u32, per_second: f64) -> Self {
        Self {
            most: most.into(),
            per_second,
            left: most.into(),
            at: None,
        }
    }

    /// Takes one; false if none is left.
    pub fn take(&mut self, now: Instant) -> bool {
        let since = self.at.map_or(0.0, |at| (now - at).as_secs_f64());
        self.at = Some(now);
        self.left = (self.left + since * self.per_second).min(self.most);
        let may = self.left >= 1.0;
        if may {
            self.left -= 1.0;
        }
        may
    }

    /// What was left after the last was taken.
    pub fn left(&self) -> f64 {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::Allowance;
    use std::time::{Duration, Instant};

    #[test]
    fn so_many_at_once_and_again_with_time() {
        let start = Instant::now();
        let mut allowance = Allowance::new(3, 0.5);
        let mut taken = |ms| {
            let now = start + Duration::from_millis(ms);
            (0..9).filter(|_| allowance.take(now)).count()
        };
        assert_eq!(
            [0, 1_000, 2_500, 60_000, 61_000].map(&mut taken),
            [3, 0, 1, 3, 0]
        );
    }
}
