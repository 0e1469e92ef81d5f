//! `runqlat-web print`: runqlat's own text on a terminal, from the same readings as the page.

use crate::args::Print;
use crate::failure::Failure;
use crate::interval::{Between, Meter};
use crate::probe::{Probe, ReadError, Source};
use crate::shutdown::Stop;
use crate::target::{self, Presence};
use chrono::Local;
use runqlat_common::counts::Counts;
use runqlat_common::text;
use runqlat_common::wire::{Losses, Scope, SeriesKey};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

/// Readings in between, so that what ends between two printouts is not counted for one of the same id
/// that comes after it.
const MOST_BETWEEN_READINGS: Duration = Duration::from_secs(1);

/// Measures and prints to `out` until `count` intervals or `stop`, then says on stderr what was lost.
pub async fn run(
    print: &Print,
    source: &mut dyn Source,
    mut stop: Stop,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let (mut probe, scope) = source.attach(&print.scope)?;
    let meter = Meter::new(&mut *probe, scope.key.has_series()).map_err(other)?;
    let mut printer = Printer {
        meter,
        names: BTreeMap::new(),
        gone: Vec::new(),
        scope,
        timestamps: print.timestamps,
        presence: Presence::There,
        waits: 0,
        lost: Losses::default(),
        other: 0,
    };
    let printed = printer.run(print, &mut *probe, &mut stop, out).await;
    let _ = writeln!(io::stderr(), "{}", printer.summary());
    match printed {
        // Whoever read it has seen enough.
        Err(Stopped::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(Stopped::Output(error)) => Err(other(error)),
        Err(Stopped::Reading(error)) => Err(other(error)),
        Ok(()) => Ok(()),
    }
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::Other(error.into())
}

#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Output(#[from] io::Error),
    #[error(transparent)]
    Reading(#[from] ReadError),
}

struct Printer {
    scope: Scope,
    timestamps: bool,
    meter: Meter,
    names: BTreeMap<SeriesKey, String>,
    /// Whose waits are printed for the last time.
    gone: Vec<SeriesKey>,
    presence: Presence,
    waits: u64,
    lost: Losses,
    /// Waits that found the table full.
    other: u64,
}

impl Printer {
    async fn run(
        &mut self,
        print: &Print,
        probe: &mut dyn Probe,
        stop: &mut Stop,
        out: &mut impl Write,
    ) -> Result<(), Stopped> {
        writeln!(out, "Tracing run queue latency... Hit Ctrl-C to end.")?;
        out.flush()?;
        let mut left = print.count;
        while left != Some(0) {
            let (told, stopped) = self.interval(print.interval, probe, stop).await?;
            self.print(&told, out)?;
            if stopped {
                break;
            }
            left = left.map(|n| n - 1);
        }
        Ok(())
    }

    /// What happens in the next interval; true if it was cut short.
    async fn interval(
        &mut self,
        length: Duration,
        probe: &mut dyn Probe,
        stop: &mut Stop,
    ) -> Result<(Vec<Between>, bool), ReadError> {
        let end = tokio::time::Instant::now() + length;
        let mut told = Vec::new();
        loop {
            let next = end.min(tokio::time::Instant::now() + MOST_BETWEEN_READINGS);
            let stopped = tokio::select! {
                () = tokio::time::sleep_until(next) => false,
                () = stop.requested() => true,
            };
            told.push(self.read(probe)?);
            if stopped || next == end {
                return Ok((told, stopped));
            }
        }
    }

    fn read(&mut self, probe: &mut dyn Probe) -> Result<Between, ReadError> {
        let step = self.meter.advance(probe)?;
        self.gone.extend(step.gone);
        (self.lost, self.other) = (step.losses, step.other);
        self.waits += step.between.counts.total();
        if self.presence != step.presence {
            self.presence = step.presence;
            self.tell_presence();
        }
        Ok(step.between)
    }

    /// Whoever looks at empty histograms is told why.
    fn tell_presence(&self) {
        let scope = &self.scope;
        let _ = match self.presence {
            Presence::There => Ok(()),
            Presence::Gone => writeln!(io::stderr(), "{}", target::gone(scope)),
            Presence::Anew => writeln!(
                io::stderr(),
                "another cgroup {} was made since: start print again to measure it",
                scope.cgroup.as_deref().unwrap_or_default()
            ),
        };
    }

    fn print(&mut self, told: &[Between], out: &mut impl Write) -> io::Result<()> {
        writeln!(out)?;
        if self.timestamps {
            writeln!(out, "{}", Local::now().format("%H:%M:%S"))?;
        }
        if !self.scope.key.has_series() {
            let mut whole = Counts::default();
            told.iter().for_each(|told| whole.add(&told.counts));
            write!(out, "{}", text::runqlat(&whole, self.scope.unit))?;
        } else {
            for (id, sum) in self.by_key(told) {
                let name = self.names.get(&id).map(String::as_str).unwrap_or_default();
                write!(out, "\n{}", text::heading(self.scope.key, id.key, name))?;
                write!(out, "{}", text::runqlat(&sum, self.scope.unit))?;
            }
        }
        for id in self.gone.drain(..) {
            self.names.remove(&id);
        }
        out.flush()
    }

    /// Sums of the keys' waits. The worst comes last: that is where one looks on a terminal.
    fn by_key(&mut self, told: &[Between]) -> Vec<(SeriesKey, Counts)> {
        let mut sums: BTreeMap<SeriesKey, Counts> = BTreeMap::new();
        for told in told {
            for name in &told.names {
                self.names.insert(name.id(), name.name.clone());
            }
            for series in &told.series {
                sums.entry(series.id()).or_default().add(&series.counts);
            }
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|(_, sum)| sum.sum_ns());
        sums
    }

    fn summary(&self) -> String {
        let Losses {
            collisions,
            missed,
            unmatched,
            discarded,
            recursion,
        } = self.lost;
        let keys = if self.scope.key.has_series() {
            format!("; table full for {}", self.other)
        } else {
            String::new()
        };
        format!(
            "{} waits counted; lost: {} (unmatched {unmatched}, missed {missed}, discarded \
             {discarded}, recursion {recursion}; collisions {collisions}){keys}",
            self.waits,
            self.lost.total(),
        )
    }
}

#[cfg(test)]
mod tests;
