//! The time axis: from the clock of the readings, which stands still while the host sleeps, to the wall
//! clock at the start and what has passed since. A step of the wall clock does not move it.

pub(super) struct Axis {
    /// Wall clock less the readings' clock at the start, in ms.
    epoch_ms: u64,
    slept_before_ns: u64,
    slept_ns: u64,
}

impl Axis {
    /// At the start it is `now_ms` by the wall clock and `at_ns` by the readings' clock, and the host has
    /// slept for `slept_ns` since it was booted.
    pub fn new(now_ms: u64, at_ns: u64, slept_ns: u64) -> Self {
        Self {
            epoch_ms: now_ms.saturating_sub(at_ns / 1_000_000),
            slept_before_ns: slept_ns,
            slept_ns,
        }
    }

    /// The host has slept for `slept_ns` at least. Less than before is known better already.
    pub fn slept(&mut self, slept_ns: u64) {
        self.slept_ns = self.slept_ns.max(slept_ns);
    }

    /// When a reading was made, in ms since 1970.
    pub fn at_ms(&self, at_ns: u64) -> u64 {
        let slept_ns = self.slept_ns - self.slept_before_ns;
        self.epoch_ms + (at_ns + slept_ns) / 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::Axis;

    #[test]
    fn sleep_moves_the_axis_on_and_never_back() {
        let second = 1_000_000_000;
        let mut axis = Axis::new(50_000, 3 * second, 7 * second);
        assert_eq!(axis.at_ms(4 * second), 51_000);
        axis.slept(3_607 * second);
        assert_eq!(axis.at_ms(5 * second), 3_652_000);
        // Read a little too early.
        axis.slept(3_606 * second);
        assert_eq!(axis.at_ms(6 * second), 3_653_000);
    }
}
