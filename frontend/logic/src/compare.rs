//! Two histograms beside each other: the one that is looked at and a baseline that was kept, with what
//! differs in words.

use crate::chart::bands::Percentile;
use crate::histogram::Histogram;
use crate::words;
use runqlat_common::counts::Range;
use runqlat_common::human;

/// Differences below this are not worth words.
const SAME: f64 = 1.1;

/// The baseline's bar in a bucket, as a part of the longest of the looked at: as if it had had as many
/// waits.
pub fn share(now: &Histogram, baseline: &Histogram, slot: usize) -> f64 {
    let most = now.bars.iter().map(|bar| bar.count).max().unwrap_or(0);
    let then = baseline.bars.get(slot).map_or(0, |bar| bar.count);
    if most == 0 || baseline.total == 0 {
        return 0.0;
    }
    let expected = then as f64 / baseline.total as f64 * now.total as f64;
    (expected / most as f64).min(1.0)
}

/// What differs, a sentence each; never empty.
pub fn sentences(now: &Histogram, baseline: &Histogram) -> Vec<String> {
    if now.unit != baseline.unit {
        return vec!["The baseline was measured in another unit".to_owned()];
    }
    if now.total == 0 || baseline.total == 0 {
        let which = if now.total == 0 {
            "now"
        } else {
            "in the baseline"
        };
        return vec![format!("No waits {which}")];
    }
    let mut found = Vec::new();
    found.extend(rate(now.per_second, baseline.per_second));
    for percentile in [Percentile::P50, Percentile::P99, Percentile::Max] {
        found.extend(moved(now, baseline, percentile));
    }
    let mean = |h: &Histogram| h.mean_ns.unwrap_or(0).max(1) as f64;
    if let Some(times) = times(mean(now), mean(baseline), "longer", "shorter") {
        let [now, then] = [now, baseline].map(|h| human::nanos(mean(h) as u64));
        found.push(format!("mean wait {now}, was {then}: {times}"));
    }
    if found.is_empty() {
        found.push("Like the baseline".to_owned());
    }
    found
}

fn rate(now: f64, then: f64) -> Option<String> {
    let times = times(now, then, "more", "fewer")?;
    let [now, then] = [now, then].map(human::count);
    Some(format!("{now} waits/s, were {then}: {times}"))
}

/// A percentile that lies in another bucket.
fn moved(now: &Histogram, baseline: &Histogram, percentile: Percentile) -> Option<String> {
    let slot = |h: &Histogram| {
        let mut all = h.percentiles.iter();
        all.find(|(p, _)| *p == percentile).map(|(_, slot)| *slot)
    };
    let (here, there) = (slot(now)?, slot(baseline)?);
    let times = 1_u64.checked_shl(here.abs_diff(there) as u32)?;
    let how = match here.cmp(&there) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Greater => "longer",
        std::cmp::Ordering::Less => "shorter",
    };
    let range = |slot| words::short_range(Range::of(slot, now.unit));
    let (name, here, there) = (percentile.name(), range(here), range(there));
    Some(format!("{name} {here}, was {there}: about {times}× {how}"))
}

/// `2.3× more`, if it is worth a word.
fn times(now: f64, then: f64, more: &str, less: &str) -> Option<String> {
    if now <= 0.0 || then <= 0.0 {
        return None;
    }
    let (ratio, how) = if now >= then {
        (now / then, more)
    } else {
        (then / now, less)
    };
    (ratio >= SAME).then(|| format!("{ratio:.1}× {how}"))
}

#[cfg(test)]
mod tests {
    use super::{sentences, share};
    use crate::histogram::Histogram;
    use runqlat_common::buckets::Unit;
    use runqlat_common::counts::{Counts, Waits};

    fn histogram(counts: Vec<u64>, unit: Unit) -> Histogram {
        let waits = counts.iter().enumerate();
        let sum_ns = waits.map(|(slot, n)| (n << slot) * 1_000).sum();
        let counts = Counts {
            woken: Waits { counts, sum_ns },
            preempted: Waits::default(),
        };
        Histogram::new(&counts, unit, 1_000.0, 6)
    }

    #[test]
    fn what_differs_is_told() {
        let then = histogram(vec![0, 100], Unit::Us);
        let now = histogram(vec![0, 50, 0, 0, 150], Unit::Us);
        let told = sentences(&now, &then);
        assert_eq!(told[0], "200 waits/s, were 100: 2.0× more");
        assert_eq!(told[1], "p50 16–32 µs, was 2–4 µs: about 8× longer");
        assert_eq!(told.len(), 5);
        assert_eq!(
            sentences(&then, &now)[0],
            "100 waits/s, were 200: 2.0× fewer"
        );
        assert_eq!(sentences(&now, &now), ["Like the baseline"]);
    }

    #[test]
    fn what_can_t_be_compared_is_said() {
        let some = histogram(vec![1], Unit::Us);
        let none = histogram(Vec::new(), Unit::Us);
        assert_eq!(sentences(&some, &none), ["No waits in the baseline"]);
        assert_eq!(sentences(&none, &some), ["No waits now"]);
        let other = sentences(&some, &histogram(vec![1], Unit::Ms));
        assert_eq!(other, ["The baseline was measured in another unit"]);
        assert_eq!(share(&none, &some, 0), 0.0);
    }

    #[test]
    fn the_baseline_is_drawn_as_if_it_had_had_as_many_waits() {
        let now = histogram(vec![0, 50, 50], Unit::Us);
        let then = histogram(vec![0, 5, 1, 4], Unit::Us);
        assert_eq!(share(&now, &then, 1), 1.0);
        assert_eq!(share(&now, &then, 2), 0.2);
        assert_eq!(share(&now, &then, 40), 0.0);
    }
}
