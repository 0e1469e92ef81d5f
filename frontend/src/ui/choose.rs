//! What people choose of the picture, from buttons, lists and keys alike.

use super::state::App;
use crate::chart::measure::{Cause, Measure};
use leptos::prelude::*;

impl App {
    pub(crate) fn set_measure(self, name: &str) {
        if let Some(measure) = Measure::ALL.into_iter().find(|m| m.name() == name) {
            self.style.update(|style| style.measure = measure);
        }
    }

    pub(crate) fn set_cause(self, name: &str) {
        if let Some(cause) = Cause::ALL.into_iter().find(|c| c.name() == name) {
            self.style.update(|style| style.cause = cause);
        }
    }

    pub(crate) fn next_measure(self) {
        self.style
            .update(|style| style.measure = after(&Measure::ALL, style.measure));
    }

    pub(crate) fn next_cause(self) {
        self.style
            .update(|style| style.cause = after(&Cause::ALL, style.cause));
    }

    /// Holds the colour scale at what it is, or lets it follow again.
    pub(crate) fn toggle_pin(self) {
        let max = self
            .frame
            .with_untracked(|frame| Some(frame.as_ref()?.scale.max));
        if let Some(max) = max {
            self.style.update(|style| style.toggle_pin(max));
        }
    }
}

/// The one that follows, the first after the last.
fn after<T: Copy + PartialEq>(all: &[T], one: T) -> T {
    let at = all.iter().position(|other| *other == one);
    all[at.map_or(0, |at| (at + 1) % all.len())]
}
