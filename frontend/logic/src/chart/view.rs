//! Which part of the known time is shown: the newest so many minutes, which follows what comes, or a
//! part of the past, which stays.

/// Shortest and longest time axis, in ms.
pub const SHORTEST_MS: f64 = 2_000.0;
pub const LONGEST_MS: f64 = 2.0 * 3_600_000.0;

/// Where the time axis ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// At the newest interval, whichever that is.
    Live,
    /// At a time, in ms since 1970.
    At(f64),
}

/// The part of time that is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Length of the time axis, in ms.
    pub span_ms: f64,
    pub end: End,
}

/// The time that is known, in ms since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    pub start_ms: f64,
    pub end_ms: f64,
}

impl View {
    /// The newest `span_ms`.
    pub fn newest(span_ms: f64) -> Self {
        Self {
            span_ms: span_ms.clamp(SHORTEST_MS, LONGEST_MS),
            end: End::Live,
        }
    }

    /// The newest so many minutes.
    pub fn minutes(minutes: u32) -> Self {
        Self::newest(f64::from(minutes) * 60_000.0)
    }

    /// From one time to another, as far as they are sensible.
    pub fn between(start_ms: f64, end_ms: f64, known: &Known) -> Self {
        Self {
            span_ms: end_ms - start_ms,
            end: End::At(end_ms),
        }
        .within(known)
    }

    pub fn is_live(&self) -> bool {
        self.end == End::Live
    }

    pub fn end_ms(&self, known: &Known) -> f64 {
        match self.end {
            End::Live => known.end_ms,
            End::At(ms) => ms,
        }
    }

    /// The same length, at the newest interval.
    pub fn live(self) -> Self {
        Self {
            end: End::Live,
            ..self
        }
    }

    /// `factor` times as long; the time at the fraction `at` of the axis stays where it is.
    pub fn zoomed(self, factor: f64, at: f64, known: &Known) -> Self {
        let span_ms = (self.span_ms * factor).clamp(SHORTEST_MS, LONGEST_MS);
        let after = 1.0 - at.clamp(0.0, 1.0);
        let kept_ms = self.end_ms(known) - self.span_ms * after;
        Self {
            span_ms,
            end: End::At(kept_ms + span_ms * after),
        }
        .within(known)
    }

    /// Moved by `ms`, later if positive.
    pub fn panned(self, ms: f64, known: &Known) -> Self {
        Self {
            end: End::At(self.end_ms(known) + ms),
            ..self
        }
        .within(known)
    }

    /// No further back than that something is seen, and live where it would reach into the future.
    fn within(self, known: &Known) -> Self {
        let span_ms = if self.span_ms.is_finite() {
            self.span_ms.clamp(SHORTEST_MS, LONGEST_MS)
        } else {
            SHORTEST_MS
        };
        let end = match self.end {
            End::At(ms) if ms < known.end_ms => {
                // A tenth of the axis shows the oldest interval.
                let earliest = known.start_ms + span_ms * 0.1;
                End::At(ms.max(earliest.min(known.end_ms)))
            }
            _ => End::Live,
        };
        Self { span_ms, end }
    }
}

#[cfg(test)]
mod tests {
    use super::{End, Known, LONGEST_MS, SHORTEST_MS, View};
    use proptest::prelude::{prop_assert, proptest};

    const KNOWN: Known = Known {
        start_ms: 1_000_000.0,
        end_ms: 1_600_000.0,
    };

    #[test]
    fn looking_back_gives_way_and_looking_past_the_end_follows_again() {
        let live = View::minutes(1);
        let back = live.panned(-30_000.0, &KNOWN);
        assert_eq!(back.end, End::At(1_570_000.0));
        assert_eq!(back.panned(10_000.0, &KNOWN).end, End::At(1_580_000.0));
        assert!(back.panned(40_000.0, &KNOWN).is_live());
        assert_eq!(back.live(), live);
    }

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let view = View::minutes(5).panned(-60_000.0, &KNOWN);
        let time_at = |view: &View, at: f64| view.end_ms(&KNOWN) - view.span_ms * (1.0 - at);
        for at in [0.0, 0.25, 0.9] {
            let zoomed = view.zoomed(0.5, at, &KNOWN);
            assert_eq!(zoomed.span_ms, 150_000.0);
            assert!((time_at(&zoomed, at) - time_at(&view, at)).abs() < 1e-6);
        }
        // At the right end a live picture stays live.
        assert!(View::minutes(5).zoomed(0.5, 1.0, &KNOWN).is_live());
        assert!(!View::minutes(5).zoomed(0.5, 0.5, &KNOWN).is_live());
    }

    #[test]
    fn the_past_before_the_oldest_interval_is_not_shown() {
        let far = View::minutes(1).panned(-1e9, &KNOWN);
        assert_eq!(far.end, End::At(1_006_000.0));
        assert!(View::between(0.0, f64::NAN, &KNOWN).is_live());
    }

    proptest! {
        #[test]
        fn no_way_leads_out_of_the_known(
            steps in proptest::collection::vec((0.01..20.0_f64, 0.0..1.0_f64, -1e7..1e7_f64), 0..20),
        ) {
            let mut view = View::minutes(5);
            for (factor, at, ms) in steps {
                view = view.zoomed(factor, at, &KNOWN).panned(ms, &KNOWN);
                prop_assert!((SHORTEST_MS..=LONGEST_MS).contains(&view.span_ms));
                let end = view.end_ms(&KNOWN);
                prop_assert!(end > KNOWN.start_ms && end <= KNOWN.end_ms);
            }
        }
    }
}
