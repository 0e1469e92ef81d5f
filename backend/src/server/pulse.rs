//! Whether a viewer is still there: it is asked at every beat, and any word of it will do. Pure.

use std::time::Duration;

/// Time between two beats.
pub(super) const BEAT: Duration = Duration::from_secs(10);

/// Beats without a word after which nobody is there. More than one: while something is sent to it nobody
/// listens.
const SILENT: u8 = 3;

#[derive(Debug, Default)]
pub(super) struct Pulse {
    silent: u8,
}

impl Pulse {
    /// It said something.
    pub(super) fn heard(&mut self) {
        self.silent = 0;
    }

    /// A beat has passed; whether it is still there.
    pub(super) fn beat(&mut self) -> bool {
        self.silent += 1;
        self.silent <= SILENT
    }
}

#[cfg(test)]
mod tests {
    use super::{Pulse, SILENT};

    #[test]
    fn silence_is_borne_for_a_while_and_a_word_ends_it() {
        let mut pulse = Pulse::default();
        for _ in 0..3 {
            for _ in 0..SILENT {
                assert!(pulse.beat());
            }
            pulse.heard();
        }
        for _ in 0..SILENT {
            assert!(pulse.beat());
        }
        assert!(!pulse.beat());
    }
}
