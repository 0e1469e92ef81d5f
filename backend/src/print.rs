//! `runqlat-web print`: runqlat's own text on a terminal, from the same readings as the page.

use crate::args::Print;
use crate::failure::Failure;
use crate::interval::Step;
use crate::probe::{ReadError, Source};
use crate::sampler::Sampler;
use crate::shutdown::Stop;
use crate::target::{self, Presence};
use chrono::Local;
use runqlat_common::text;
use runqlat_common::wire::{Losses, Scope, SeriesKey};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Measures and prints to `out` until `count` intervals or `stop`, then says on stderr what was lost.
pub async fn run(
    print: &Print,
    source: &mut dyn Source,
    mut stop: Stop,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let (probe, scope) = source.attach(&print.scope)?;
    let sampler = Sampler::new(probe, scope.key, print.interval).map_err(other)?;
    let mut printer = Printer {
        sampler,
        names: BTreeMap::new(),
        scope,
        timestamps: print.timestamps,
        presence: Presence::There,
        waits: 0,
        lost: Losses::default(),
        other: 0,
    };
    let printed = printer.run(print.count, &mut stop, out).await;
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
    sampler: Sampler,
    names: BTreeMap<SeriesKey, String>,
    presence: Presence,
    waits: u64,
    lost: Losses,
    /// Waits that found the table full.
    other: u64,
}

impl Printer {
    async fn run(
        &mut self,
        mut left: Option<u32>,
        stop: &mut Stop,
        out: &mut impl Write,
    ) -> Result<(), Stopped> {
        writeln!(out, "Tracing run queue latency... Hit Ctrl-C to end.")?;
        out.flush()?;
        while left != Some(0) {
            let (told, stopped) = self.interval(stop).await?;
            self.print(told, out)?;
            if stopped {
                break;
            }
            left = left.map(|n| n - 1);
        }
        Ok(())
    }

    /// What happens in the next interval; true if it was cut short.
    async fn interval(&mut self, stop: &mut Stop) -> Result<(Step, bool), ReadError> {
        loop {
            let read = tokio::select! {
                read = self.sampler.reading() => read?,
                () = stop.requested() => return Ok((self.sampler.cut()?, true)),
            };
            if self.presence != self.sampler.presence() {
                self.presence = self.sampler.presence();
                self.tell_presence();
            }
            if let Some(step) = read {
                return Ok((step, false));
            }
        }
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

    fn print(&mut self, step: Step, out: &mut impl Write) -> io::Result<()> {
        (self.lost, self.other) = (step.losses, step.other);
        self.waits += step.between.counts.total();
        writeln!(out)?;
        if self.timestamps {
            writeln!(out, "{}", Local::now().format("%H:%M:%S"))?;
        }
        let told = step.between;
        for name in told.names {
            self.names.insert(name.id(), name.name);
        }
        if !self.scope.key.has_series() {
            write!(out, "{}", text::runqlat(&told.counts, self.scope.unit))?;
        }
        // The worst comes last, where one looks first on a terminal.
        let mut series = told.series;
        series.sort_by_key(|series| series.counts.sum_ns());
        for series in &series {
            let name = self.names.get(&series.id()).map(String::as_str);
            let heading = text::heading(self.scope.key, series.key, name.unwrap_or_default());
            write!(out, "\n{heading}")?;
            write!(out, "{}", text::runqlat(&series.counts, self.scope.unit))?;
        }
        for id in &step.gone {
            self.names.remove(id);
        }
        out.flush()
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
