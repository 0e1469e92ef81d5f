//! The waits of a time range of what is looked at.

use super::Session;
use runqlat_common::counts::Counts;

/// The waits of a time range, and how long of it was measured, in ms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sum {
    pub counts: Counts,
    pub measured_ms: f64,
}

impl Session {
    /// What is looked at, from one time to another.
    pub fn sum(&self, from_ms: f64, to_ms: f64) -> Sum {
        let mut sum = Sum::default();
        let inside = self
            .slices(from_ms)
            .take_while(|slice| slice.end_ms <= to_ms + 1.0);
        for slice in inside {
            if let Ok(counts) = slice.counts {
                sum.counts.add(counts);
                sum.measured_ms += slice.end_ms - slice.start_ms;
            }
        }
        sum
    }
}
