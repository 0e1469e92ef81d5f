//! How much a viewer may say: so many messages a second, more for a moment. Pure: time is given.

use crate::allowance::Allowance;
use std::time::Instant;

/// Messages a second in the long run. Typing, and keys that repeat, stay below.
const RATE: f64 = 40.0;

/// Messages at once.
const BURST: u32 = 120;

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

/// What one viewer has said.
#[derive(Debug)]
pub(super) struct Flood {
    allowance: Allowance,
    dropped: u32,
}

impl Flood {
    pub(super) fn new() -> Self {
        Self {
            allowance: Allowance::new(BURST, RATE),
            dropped: 0,
        }
    }

    /// Counts a message that came now.
    pub(super) fn take(&mut self, now: Instant) -> Verdict {
        if self.allowance.take(now) {
            // Who has been quiet for a while is forgiven.
            if self.allowance.left() + 1.0 >= f64::from(BURST) / 2.0 {
                self.dropped = 0;
            }
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
    use super::{BURST, DROPPED, Flood, RATE, Verdict};
    use std::time::{Duration, Instant};

    #[test]
    fn who_keeps_to_the_rate_is_never_told() {
        let mut now = Instant::now();
        let mut flood = Flood::new();
        for _ in 0..10_000 {
            assert_eq!(flood.take(now), Verdict::Taken);
            now += Duration::from_secs_f64(1.0 / RATE);
        }
    }

    #[test]
    fn a_flood_is_told_once_and_dropped_and_then_its_sender_is() {
        let now = Instant::now();
        let mut flood = Flood::new();
        let verdicts: Vec<_> = (0..BURST + DROPPED + 1).map(|_| flood.take(now)).collect();
        let count = |what| verdicts.iter().filter(|v| **v == what).count() as u32;
        assert_eq!(count(Verdict::Taken), BURST);
        assert_eq!(count(Verdict::Told), 1);
        assert_eq!(count(Verdict::Dropped), DROPPED - 1);
        assert_eq!(verdicts.last(), Some(&Verdict::Over));
    }

    #[test]
    fn after_a_rest_all_is_forgotten() {
        let mut now = Instant::now();
        let mut flood = Flood::new();
        for _ in 0..3 {
            while flood.take(now) != Verdict::Told {}
            now += Duration::from_secs(10);
            assert_eq!(flood.take(now), Verdict::Taken);
        }
    }
}
