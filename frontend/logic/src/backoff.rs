//! How long to wait before connecting again: longer with every failure, up to 5 s, and never in
//! step with the other viewers of a server that was restarted.

const FIRST_MS: f64 = 250.0;
const LONGEST_MS: f64 = 5_000.0;

/// The wait before attempt number `failures` (from 1), in ms. `random` is in 0..1.
pub fn delay_ms(failures: u32, random: f64) -> f64 {
    let doubled = FIRST_MS * f64::from(1_u32 << failures.saturating_sub(1).min(10));
    // Between half and all of it.
    doubled.min(LONGEST_MS) * (0.5 + random.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::delay_ms;
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn waits_double_up_to_five_seconds() {
        let table = [
            (1, 250.0),
            (2, 500.0),
            (5, 4_000.0),
            (6, 5_000.0),
            (99, 5_000.0),
        ];
        for (failures, ms) in table {
            assert_eq!(delay_ms(failures, 1.0), ms);
            assert_eq!(delay_ms(failures, 0.0), ms / 2.0);
        }
    }

    proptest! {
        #[test]
        fn no_wait_is_zero_or_longer_than_five_seconds(failures: u32, random: f64) {
            prop_assert!((125.0..=5_000.0).contains(&delay_ms(failures, random)) || random.is_nan());
        }
    }
}
