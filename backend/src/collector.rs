//! The one actor that owns the probe: reads it once an interval and publishes what happened. Nobody
//! else touches the kernel's tables.

use crate::hub::Hub;
use crate::interval::{Between, between, losses_since};
use crate::probe::{Probe, ReadError, Reading};
use crate::procfs;
use crate::shutdown::Stop;
use runqlat_common::contract::KeyStats;
use runqlat_common::wire::{Column, Health, Interval, Key, Losses, ProbeState};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// What the actor waits for.
enum Event {
    Tick,
    Stop,
}

struct Collector {
    probe: Box<dyn Probe>,
    hub: Arc<Hub>,
    before: Reading,
    seq: u64,
    /// Losses that were there at the first reading: waits from before anything was measured.
    first_losses: Losses,
    cpu_us: u64,
    /// Wall clock less monotonic clock at the start, in ms.
    epoch_ms: u64,
}

/// Starts the actor on a thread of its own, for reading takes milliseconds and must not hold up
/// viewers. It ends, and detaches the probe, when `stop` is requested.
pub fn spawn(
    mut probe: Box<dyn Probe>,
    hub: Arc<Hub>,
    stop: Stop,
) -> Result<thread::JoinHandle<()>, anyhow::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let before = unnamed(probe.read()?);
    let programs = probe.programs();
    hub.set_probe(ProbeState::Attached { programs });
    let collector = Collector {
        seq: hub.with_history(|history| history.seq()),
        first_losses: before.losses,
        cpu_us: procfs::self_cpu_us(),
        epoch_ms: epoch_ms(before.at_ns),
        probe,
        hub,
        before,
    };
    let run = move || runtime.block_on(collector.run(stop));
    Ok(thread::Builder::new().name("collector".into()).spawn(run)?)
}

/// The reading without names, so that the first interval tells them all.
fn unnamed(mut first: Reading) -> Reading {
    for stats in first.keys.values_mut() {
        stats.comm = KeyStats::ZERO.comm;
    }
    first
}

/// What to add to a reading's clock to get the wall clock, which may step later.
fn epoch_ms(at_ns: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_ms = now.map_or(0, |since| since.as_millis() as u64);
    now_ms.saturating_sub(at_ns / 1_000_000)
}

impl Collector {
    async fn run(mut self, mut stop: Stop) {
        let period = Duration::from_millis(self.hub.scope().interval_ms.into());
        let mut ticks = interval_at(Instant::now() + period, period);
        // After a delay the next interval is longer than nominal; catching up would only make
        // some that are shorter.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let event = tokio::select! {
                () = stop.requested() => Event::Stop,
                _ = ticks.tick() => Event::Tick,
            };
            match event {
                Event::Stop => return,
                Event::Tick => {
                    if let Err(error) = self.collect() {
                        return self.fail(&error);
                    }
                }
            }
        }
    }

    fn collect(&mut self) -> Result<(), ReadError> {
        let mut after = self.probe.read()?;
        let keyed = self.hub.scope().key == Key::Process;
        let told = between(&self.before, &after, keyed);
        let gone = std::mem::take(&mut after.gone);
        self.publish(told, &after, &gone);
        for key in &gone {
            after.keys.remove(key);
        }
        self.before = after;
        Ok(())
    }

    fn publish(&mut self, told: Between, after: &Reading, gone: &[u32]) {
        self.seq += 1;
        let cpu_us = procfs::self_cpu_us();
        let health = Health {
            losses: losses_since(&self.first_losses, &after.losses),
            keys: (after.keys.len() - gone.len()) as u32,
            keys_max: self.probe.keys_max(),
            self_cpu_us: cpu_us - self.cpu_us,
            self_rss_kb: procfs::self_rss_kb(),
            viewers: self.hub.viewers(),
        };
        self.cpu_us = cpu_us;
        self.hub.publish(Interval {
            column: Column {
                seq: self.seq,
                end_ms: self.epoch_ms + after.at_ns / 1_000_000,
                duration_us: told.duration_us,
                counts: told.counts,
            },
            series: told.series,
            names: told.names,
            gone: gone.to_vec(),
            health,
        });
    }

    fn fail(self, error: &ReadError) {
        tracing::error!("measuring has ended: {error}");
        self.hub.set_probe(ProbeState::Failed {
            reason: error.to_string(),
            hint: "start runqlat-web again; what was measured stays here until then".into(),
        });
    }
}

#[cfg(test)]
mod tests;
