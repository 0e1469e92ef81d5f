//! How the heatmap is drawn, as far as people choose it.

use crate::chart::colour::Spread;
use crate::chart::measure::{Cause, Measure};

/// The choices.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Style {
    pub(crate) spread: Spread,
    pub(crate) measure: Measure,
    pub(crate) cause: Cause,
    /// The end of the colour scale while it is pinned, and of which measure.
    pub(crate) pinned: Option<(Measure, u64)>,
}

impl Style {
    /// Waits and milliseconds don't compare: what was pinned for one measure is none for another.
    pub(crate) fn pinned_max(&self) -> Option<u64> {
        let (measure, max) = self.pinned?;
        (measure == self.measure).then_some(max)
    }

    /// Pins the scale at `max`, or lets it follow what is shown again.
    pub(crate) fn toggle_pin(&mut self, max: u64) {
        self.pinned = match self.pinned_max() {
            Some(_) => None,
            None => Some((self.measure, max)),
        };
    }
}
