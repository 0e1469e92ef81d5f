//! Waiting time whose wait has not been read yet. The kernel programs update a counter and its sum one after the other,
//! so a reading in between has only one of the two. A sum without a count is kept until the interval that has the
//! count.

use runqlat_common::contract::CAUSES;
use runqlat_common::counts::Counts;
use std::collections::HashMap;

/// For waits without a key.
pub(super) const UNKEYED: u64 = 0;

/// Sums in ns by key and cause.
#[derive(Debug, Default)]
pub(super) struct Carry(HashMap<u64, [u64; CAUSES]>);

impl Carry {
    /// Adds to `waits` of `key` the sums that were kept for them, and keeps those that still have no count.
    pub(super) fn settle(&mut self, key: u64, waits: &mut Counts) {
        let kept = match self.0.is_empty() {
            true => None,
            false => self.0.remove(&key),
        };
        let mut left = [0; CAUSES];
        let sides = [&mut waits.woken, &mut waits.preempted];
        for ((side, kept), left) in sides
            .into_iter()
            .zip(kept.unwrap_or_default())
            .zip(&mut left)
        {
            side.sum_ns = side.sum_ns.saturating_add(kept);
            if side.counts.is_empty() {
                *left = std::mem::take(&mut side.sum_ns);
            }
        }
        if left != [0; CAUSES] {
            self.0.insert(key, left);
        }
    }

    /// `key` has ended: its kept sums move to those without a key.
    pub(super) fn close(&mut self, key: u64) {
        if let Some(kept) = self.0.remove(&key) {
            let unkeyed = self.0.entry(UNKEYED).or_default();
            for (sum, ns) in unkeyed.iter_mut().zip(kept) {
                *sum = sum.saturating_add(ns);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Carry, UNKEYED};
    use proptest::prelude::{prop_assert_eq, proptest};
    use runqlat_common::counts::{Counts, Waits};

    fn waits(woken: (u64, u64), preempted: (u64, u64)) -> Counts {
        let side = |(n, sum_ns)| Waits {
            counts: if n == 0 { vec![] } else { vec![n] },
            sum_ns,
        };
        Counts {
            woken: side(woken),
            preempted: side(preempted),
        }
    }

    #[test]
    fn a_sum_waits_for_its_count() {
        let mut carry = Carry::default();
        let mut settled = |key, mut counts| {
            carry.settle(key, &mut counts);
            counts
        };
        assert_eq!(settled(7, waits((1, 0), (0, 9))), waits((1, 0), (0, 0)));
        assert_eq!(settled(8, waits((0, 0), (2, 3))), waits((0, 0), (2, 3)));
        assert_eq!(settled(7, waits((0, 5), (0, 0))), waits((0, 0), (0, 0)));
        assert_eq!(settled(7, waits((1, 1), (1, 1))), waits((1, 6), (1, 10)));
        assert_eq!(settled(7, waits((1, 1), (1, 1))), waits((1, 1), (1, 1)));
    }

    #[test]
    fn what_is_left_of_an_ended_key_has_none() {
        let mut carry = Carry::default();
        carry.settle(7, &mut waits((0, 5), (0, 1)));
        carry.close(7);
        carry.close(8);
        let mut unkeyed = waits((1, 1), (1, 1));
        carry.settle(UNKEYED, &mut unkeyed);
        assert_eq!(unkeyed, waits((1, 6), (1, 2)));
    }

    proptest! {
        #[test]
        fn no_time_is_lost(steps in proptest::collection::vec((0..4_u64, 0..2_u64, 0..100_u64), 0..40)) {
            let mut carry = Carry::default();
            let (mut waited, mut told) = (0, 0);
            for (key, n, ns) in steps {
                let mut counts = waits((n, ns), (0, 0));
                carry.settle(key, &mut counts);
                (waited, told) = (waited + ns, told + counts.sum_ns());
            }
            let mut last = waits((1, 0), (0, 0));
            (0..4).for_each(|key| carry.close(key));
            carry.settle(UNKEYED, &mut last);
            prop_assert_eq!(waited, told + last.sum_ns());
        }
    }
}
