//! A probe that counts its readings; the clock is the test's.

use super::Sampler;
use crate::probe::{Probe, ReadError, Reading, TEND_EVERY};
use runqlat_common::contract::KeyStats;
use runqlat_common::key_word::of_task;
use runqlat_common::wire::{Key, Programs};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const SECOND_NS: u64 = 1_000_000_000;

#[derive(Clone, Default)]
struct Probed {
    readings: Arc<AtomicU64>,
    tended: Arc<AtomicU64>,
    /// This many readings after the first fail.
    failing: Arc<AtomicU64>,
}

/// One process at a time has tgid 7: a new one with each reading, and each waits once.
impl Probe for Probed {
    fn programs(&self) -> Programs {
        Programs::Synthetic
    }

    fn keys_max(&self) -> u32 {
        16
    }

    fn keys_bound(&self) -> u32 {
        16
    }

    fn tend(&mut self) {
        self.tended.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&mut self, into: &mut Reading) -> Result<(), ReadError> {
        let n = self.readings.fetch_add(1, Ordering::Relaxed);
        if n > 0 && self.failing.load(Ordering::Relaxed) > 0 {
            self.failing.fetch_sub(1, Ordering::Relaxed);
            let source = std::io::ErrorKind::Interrupted.into();
            let what = "reading";
            return Err(ReadError { what, source });
        }
        *into = Reading::empty(n * SECOND_NS);
        let word = of_task(7, n * SECOND_NS);
        into.keys.entry(word, || KeyStats::ZERO).hist.counts[0][3] = 1;
        into.gone = vec![word];
        Ok(())
    }
}

fn sampler(probed: &Probed, interval: Duration) -> Sampler {
    Sampler::new(Box::new(probed.clone()), Key::Process, interval).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_long_interval_has_a_reading_a_second_and_keeps_processes_of_one_number_apart() {
    let probed = Probed::default();
    let mut sampler = sampler(&probed, Duration::from_secs(60));
    let started = Instant::now();
    let step = sampler.interval().await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 60);
    assert_eq!(probed.readings.load(Ordering::Relaxed), 61);
    assert_eq!((step.between.series.len(), step.gone.len()), (60, 60));
    assert_eq!(step.between.counts.total(), 60);
    assert_eq!(step.between.duration_us, 60_000_000);
    let tended = probed.tended.load(Ordering::Relaxed);
    assert!(tended >= 500, "{tended} in {TEND_EVERY:?} each");
}

#[tokio::test(start_paused = true)]
async fn intervals_between_whole_seconds_have_readings_at_equal_distances() {
    for (ms, readings) in [(100, 1), (1_000, 1), (1_500, 2), (2_400, 3)] {
        let probed = Probed::default();
        let mut sampler = sampler(&probed, Duration::from_millis(ms));
        let started = Instant::now();
        for n in 1..=4 {
            sampler.interval().await.unwrap();
            let elapsed = started.elapsed().as_millis();
            assert!(elapsed.abs_diff(u128::from(n * ms)) <= 2, "{ms}: {elapsed}");
        }
        assert_eq!(
            probed.readings.load(Ordering::Relaxed),
            1 + 4 * readings,
            "{ms}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_interval_survives_who_waits_for_it() {
    let probed = Probed::default();
    let mut sampler = sampler(&probed, Duration::from_secs(3));
    for _ in 0..5 {
        let patience = Duration::from_millis(500);
        let cut_off = tokio::time::timeout(patience, sampler.interval()).await;
        assert!(cut_off.is_err());
    }
    let step = sampler.interval().await.unwrap();
    assert_eq!(step.between.counts.total(), 3);
    assert_eq!(sampler.cut().unwrap().between.counts.total(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_reading_is_tried_again_and_several_in_a_row_end_it() {
    let probed = Probed::default();
    let mut sampler = sampler(&probed, Duration::from_secs(1));
    probed.failing.store(4, Ordering::Relaxed);
    let started = Instant::now();
    let step = sampler.interval().await.unwrap();
    assert_eq!((step.between.counts.total(), sampler.failed()), (1, 4));
    assert_eq!(started.elapsed().as_secs(), 5);
    sampler.interval().await.unwrap();
    probed.failing.store(5, Ordering::Relaxed);
    assert!(sampler.interval().await.is_err());
    assert_eq!(sampler.failed(), 9);
}
