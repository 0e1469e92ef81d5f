//! How often something may be done: so many times at once, and again with time (a token bucket). Pure: time is given.

use std::time::{Duration, Instant};

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
        self.refill(now);
        let may = self.left >= 1.0;
        if may {
            self.left -= 1.0;
        }
        may
    }

    /// Takes as many as something cost that is done already. What is more than was left is a debt.
    pub fn charge(&mut self, now: Instant, cost: f64) {
        self.refill(now);
        self.left -= cost;
    }

    /// How long until `least` are left.
    pub fn until(&mut self, now: Instant, least: f64) -> Duration {
        self.refill(now);
        let missing = (least.min(self.most) - self.left).max(0.0);
        // Rounded up, so that who waits this long does not have to wait again.
        Duration::from_millis((missing / self.per_second * 1e3).ceil() as u64)
    }

    /// What was left after the last was taken; less than 0 is a debt.
    pub fn left(&self) -> f64 {
        self.left
    }

    /// Whether nothing is missing, as in a new one.
    pub fn is_full(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.left >= self.most
    }

    fn refill(&mut self, now: Instant) {
        let since = self.at.map_or(0.0, |at| (now - at).as_secs_f64());
        self.at = Some(now);
        self.left = (self.left + since * self.per_second).min(self.most);
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

    #[test]
    fn a_debt_is_paid_by_time() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut allowance = Allowance::new(1_000, 200.0);
        assert_eq!(allowance.until(at(0), 1.0), Duration::ZERO);
        allowance.charge(at(0), 1_400.0);
        assert!(!allowance.take(at(1_000)));
        assert_eq!(allowance.until(at(1_000), 0.0), Duration::from_secs(1));
        assert_eq!(allowance.until(at(2_000), 0.0), Duration::ZERO);
        assert!(allowance.take(at(2_010)) && !allowance.is_full(at(2_010)));
        assert!(allowance.is_full(at(60_000)));
        // More than there ever are is as many as there may be.
        assert_eq!(allowance.until(at(60_000), 1e9), Duration::ZERO);
    }
}
