//! How much a viewer may say: so many messages a second, more for a moment. Pure: time is given.

use std::time::Instant;

/// Messages a second in the long run. Typing, and keys that repeat, stay below.
const RATE: f64 = 40.0;

/// Messages at once.
const BURST: f64 = 120.0;

/// Messages that are dropped before their sender is.
const DROPPED: u32 = 1_000;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken,
    /// The first one that is dropped: its sender is told.
    Told,
    Dropped,
    /// It goes on as if it had not been told.
    Over,
}

/// What is left to one viewer.
#[derive(Debug)]
pub(super) struct Allowance {
    left: f64,
    at: Instant,
    dropped: u32,
}

impl Allowance {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            left: BURST,
            at: now,
            dropped: 0,
        }
    }

    /// Counts a message that came now.
    pub(super) fn take(&mut self, now: Instant) -> Verdict {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * RATE).min(BURST);
        self.at = now;
        if self.left >= 1.0 {
            if self.left >= BURST / 2.0 {
                self.dropped = 0;
            }
            self.left -= 1.0;
            return Verdict::Taken;
        }
        self.dropped += 1;
        match self.dropped {
            1 => Verdict::Told,
            ..=DROPPED => Verdict::Dropped,
            _ => Verdict::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowance, BURST, DROPPED, RATE, Verdict};
    use std::time::{Duration, Instant};

    #[test]
    fn who_keeps_to_the_rate_is_never_told() {
        let mut now = Instant::now();
        let mut allowance = Allowance::new(now);
        for _ in 0..10_000 {
            assert_eq!(allowance.take(now), Verdict::Taken);
            now += Duration::from_secs_f64(1.0 / RATE);
        }
    }

    #[test]
    fn a_flood_is_told_once_and_dropped_and_then_its_sender_is() {
        let now = Instant::now();
        let mut allowance = Allowance::new(now);
        let verdicts: Vec<_> = (0..BURST as u32 + DROPPED + 1)
            .map(|_| allowance.take(now))
            .collect();
        let count = |what| verdicts.iter().filter(|v| **v == what).count() as u32;
        assert_eq!(count(Verdict::Taken), BURST as u32);
        assert_eq!(count(Verdict::Told), 1);
        assert_eq!(count(Verdict::Dropped), DROPPED - 1);
        assert_eq!(verdicts.last(), Some(&Verdict::Over));
    }

    #[test]
    fn after_a_rest_all_is_forgotten() {
        let mut now = Instant::now();
        let mut allowance = Allowance::new(now);
        for _ in 0..3 {
            while allowance.take(now) != Verdict::Told {}
            now += Duration::from_secs(10);
            assert_eq!(allowance.take(now), Verdict::Taken);
        }
    }
}
