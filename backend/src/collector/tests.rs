//! The actor with probes that are told what to say; the clock is the test's.

use super::{Collector, epoch_ms, unnamed};
use crate::hub::{Hub, for_tests as hub};
use crate::probe::synthetic::SyntheticProbe;
use crate::probe::{Probe, ReadError, Reading};
use crate::shutdown;
use runqlat_common::contract::{Hist, KeyStats};
use runqlat_common::wire::{Interval, Losses, ProbeState, Programs};
use std::collections::HashMap;
use std::sync::Arc;

/// Says what it was given, then fails.
struct Script(Vec<Reading>);

impl Probe for Script {
    fn programs(&self) -> Programs {
        Programs::Synthetic
    }

    fn keys_max(&self) -> u32 {
        16
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        if self.0.is_empty() {
            let source = std::io::ErrorKind::BrokenPipe.into();
            let what = "reading the script";
            return Err(ReadError { what, source });
        }
        Ok(self.0.remove(0))
    }
}

fn collector(mut probe: impl Probe + 'static, hub: &Arc<Hub>) -> Collector {
    let before = unnamed(probe.read().unwrap());
    Collector {
        seq: 0,
        first_losses: before.losses,
        cpu_us: 0,
        epoch_ms: epoch_ms(before.at_ns),
        probe: Box::new(probe),
        hub: hub.clone(),
        before,
    }
}

fn reading(at_s: u64, keys: &[(u32, u64)], unmatched: u64) -> Reading {
    let stats = |n| {
        let mut stats = KeyStats::ZERO;
        stats.comm[0] = b'x';
        stats.hist.counts[0][4] = n;
        stats
    };
    Reading {
        at_ns: at_s * 1_000_000_000,
        unkeyed: Hist::ZERO,
        keys: keys.iter().map(|&(key, n)| (key, stats(n))).collect(),
        gone: Vec::new(),
        losses: Losses {
            unmatched,
            ..Losses::default()
        },
    }
}

fn recent(hub: &Hub) -> Vec<Interval> {
    hub.with_history(|history| history.recent().cloned().collect())
}

#[tokio::test(start_paused = true)]
async fn intervals_are_numbered_and_losses_count_from_the_start() {
    let mut ending = reading(3, &[(7, 9), (8, 1)], 5);
    ending.gone = vec![8];
    let back = reading(4, &[(7, 9), (8, 2)], 5);
    let script = vec![
        reading(1, &[(7, 2)], 3),
        reading(2, &[(7, 5)], 4),
        ending,
        back,
    ];
    let hub = hub();
    let (_stop, stopped) = shutdown::channel();
    collector(Script(script), &hub).run(stopped).await;

    let told = recent(&hub);
    let seqs: Vec<_> = told.iter().map(|i| i.column.seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
    assert_eq!(told[0].column.counts.total(), 3);
    // Process 7 was there before the first interval: it has a name all the same.
    assert_eq!(told[0].names.len(), 1);
    assert_eq!(told[0].health.losses.unmatched, 1);
    // The last reading of a key that is gone counts, and a later one starts from nothing.
    assert_eq!(told[1].column.counts.total(), 5);
    assert_eq!(told[1].gone, [8]);
    assert_eq!(told[1].health.keys, 1);
    assert_eq!(told[2].column.counts.total(), 2);
    assert_eq!(told[2].column.end_ms - told[1].column.end_ms, 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_says_why_and_the_past_stays() {
    let hub = hub();
    let (_stop, stopped) = shutdown::channel();
    let script = vec![reading(1, &[], 0), reading(2, &[], 0)];
    collector(Script(script), &hub).run(stopped).await;
    assert_eq!(recent(&hub).len(), 1);
    let ProbeState::Failed { reason, .. } = hub.probe() else {
        panic!("{:?}", hub.probe());
    };
    assert_eq!(reason, "reading the script: broken pipe");
}

#[tokio::test(start_paused = true)]
async fn it_stops_when_told() {
    let hub = hub();
    let (stop, stopped) = shutdown::channel();
    let probe = SyntheticProbe::new(3, 1_000_000_000);
    let running = tokio::spawn(collector(probe, &hub).run(stopped));
    let mut frames = hub.join().frames;
    for _ in 0..3 {
        frames.recv().await.unwrap();
    }
    stop.stop();
    running.await.unwrap();
    assert_eq!(recent(&hub).len(), 3);
}

#[test]
fn series_of_the_synthetic_machine_add_up() {
    let hub = hub();
    let mut collector = collector(SyntheticProbe::new(30, 1_000_000_000), &hub);
    for _ in 0..20 {
        collector.collect().unwrap();
    }
    for interval in recent(&hub) {
        let series: HashMap<u32, u64> = interval
            .series
            .iter()
            .map(|s| (s.key, s.counts.total()))
            .collect();
        assert_eq!(series.values().sum::<u64>(), interval.column.counts.total());
    }
}
