//! The one actor that owns the probe: reads it once an interval, publishes what happened, and changes
//! what is measured when somebody asks. Nobody else touches the kernel's tables.

mod axis;
mod change;
mod departure;

use crate::control::{self, Change, Control};
use crate::failure::Failure;
use crate::hub::Hub;
use crate::interval::Step;
use crate::probe::{ReadError, Source};
use crate::procfs;
use crate::sampler::Sampler;
use crate::shutdown::Stop;
use crate::target;
use axis::Axis;
use change::Undertaker;
use departure::Departure;
use runqlat_common::wire::{Column, Health, Interval, ProbeState, Scope, ScopeChange};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc;

/// What the actor waits for.
enum Event {
    Interval(Result<Step, ReadError>),
    Change(Change),
    Stop,
}

struct Collector {
    source: Box<dyn Source>,
    sampler: Sampler,
    scope: ScopeChange,
    hub: Arc<Hub>,
    seq: u64,
    /// Failed readings of earlier probes.
    failed_before: u64,
    cpu_us: u64,
    axis: Axis,
    undertaker: Undertaker,
    departure: Departure,
}

/// Attaches to `scope` and starts the actor on a thread of its own, for reading takes milliseconds and
/// must not hold up viewers. It ends, and detaches the probe, when `stop` is requested.
pub fn spawn(
    source: Box<dyn Source>,
    scope: &Scope,
    hub: Arc<Hub>,
    stop: Stop,
) -> Result<(Control, thread::JoinHandle<()>), Failure> {
    let failed = hub.clone();
    let (control, actor) = attach(source, scope, hub, stop)?;
    let run = move || match runtime() {
        Ok(runtime) => runtime.block_on(actor),
        Err(error) => failed.set_probe(ProbeState::Failed {
            reason: format!("can't start to read: {error}"),
            hint: "start runqlat-web again".into(),
        }),
    };
    let thread = thread::Builder::new().name("collector".into()).spawn(run);
    let thread = thread.map_err(|error| Failure::Other(error.into()))?;
    Ok((control, thread))
}

/// Attaches to `scope`; the actor reads for as long as it is polled.
pub fn attach(
    mut source: Box<dyn Source>,
    scope: &Scope,
    hub: Arc<Hub>,
    stop: Stop,
) -> Result<(Control, impl Future<Output = ()> + Send + use<>), Failure> {
    let (probe, scope) = source.attach(scope)?;
    let programs = probe.programs();
    let sampler = Sampler::new(probe, scope.key, interval(&scope));
    let sampler = sampler.map_err(|error| Failure::Other(error.into()))?;
    let axis = axis(sampler.at_ns());
    let scope = ScopeChange {
        number: 1,
        scope,
        from_seq: 1,
        at_ms: axis.at_ms(sampler.at_ns()),
        by: String::new(),
    };
    hub.set_scope(scope.clone(), ProbeState::Attached { programs });
    let (control, changes) = control::channel();
    let actor = async move {
        let collector = Collector {
            seq: 0,
            failed_before: 0,
            cpu_us: procfs::self_cpu_us(),
            axis,
            source,
            sampler,
            scope,
            hub,
            undertaker: Undertaker::default(),
            departure: Departure::default(),
        };
        collector.run(changes, stop).await;
    };
    Ok((control, actor))
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
}

fn interval(scope: &Scope) -> Duration {
    Duration::from_millis(scope.interval_ms.into())
}

/// The time axis of readings, the first of which was made at `at_ns`.
fn axis(at_ns: u64) -> Axis {
    Axis::new(procfs::now_ms(), at_ns, procfs::slept_ns())
}

impl Collector {
    async fn run(mut self, mut changes: mpsc::Receiver<Change>, mut stop: Stop) {
        loop {
            let event = tokio::select! {
                () = stop.requested() => Event::Stop,
                step = self.sampler.interval() => Event::Interval(step),
                Some(change) = changes.recv() => Event::Change(change),
            };
            let result = match event {
                Event::Stop => return,
                Event::Interval(step) => step.and_then(|step| self.tick(step)),
                Event::Change(change) => self.change(change),
            };
            if let Err(error) = result {
                return self.fail(&error);
            }
        }
    }

    /// One interval; and what lies anew where the scope's cgroup was is measured from then on.
    fn tick(&mut self, step: Step) -> Result<(), ReadError> {
        self.publish(step);
        if self.departure.is_to_be_followed() {
            self.follow()?;
        }
        Ok(())
    }

    fn publish(&mut self, step: Step) {
        self.axis.slept(procfs::slept_ns());
        let end_ms = self.axis.at_ms(self.sampler.at_ns());
        self.seq += 1;
        if self.departure.see(step.presence, end_ms) {
            tracing::warn!("{}", target::gone(&self.scope.scope));
        }
        let cpu_us = procfs::self_cpu_us();
        let probe = self.sampler.probe();
        let health = Health {
            losses: step.losses,
            other: step.other,
            keys: step.keys,
            keys_max: probe.keys_max(),
            keys_bound: probe.keys_bound(),
            failed_readings: self.failed_before + self.sampler.failed(),
            self_cpu_us: cpu_us - self.cpu_us,
            self_rss_kb: procfs::self_rss_kb(),
            viewers: self.hub.viewers(),
            target_gone_ms: self.departure.gone_ms(),
        };
        self.cpu_us = cpu_us;
        let told = step.between;
        self.hub.publish(Interval {
            column: Column {
                seq: self.seq,
                end_ms,
                duration_us: told.duration_us,
                counts: told.counts,
            },
            series: told.series,
            names: told.names,
            gone: step.gone,
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
