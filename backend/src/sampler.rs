//! Reads a probe at least once a second, however long an interval is, so that ended keys leave the kernel's table and
//! an id that is reused within an interval is noticed. The server and `print` both measure through it.

use crate::interval::{Meter, Step};
use crate::probe::{Probe, ReadError, TEND_EVERY, reading_period};
use crate::target::Presence;
use runqlat_common::wire::Key;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// An interval that ends late by more than this fraction (1/20) of its length shifts the ends that follow.
const LATE: u32 = 20;

/// Failed readings in a row that end measuring.
const FAILURES: u32 = 5;

/// A probe that is being read.
pub struct Sampler {
    probe: Box<dyn Probe>,
    meter: Meter,
    interval: Duration,
    /// When this interval ends, and the times of the next reading and the next tending.
    end: Instant,
    reading: Instant,
    tending: Instant,
    /// The readings of this interval so far.
    gathered: Option<Step>,
    failed_in_a_row: u32,
    failed: u64,
}

impl Sampler {
    /// Starts the first interval now.
    pub fn new(mut probe: Box<dyn Probe>, key: Key, interval: Duration) -> Result<Self, ReadError> {
        let meter = Meter::new(&mut *probe, key)?;
        let now = Instant::now();
        Ok(Self {
            probe,
            meter,
            interval,
            end: now + interval,
            reading: now + reading_period(interval),
            tending: now + TEND_EVERY,
            gathered: None,
            failed_in_a_row: 0,
            failed: 0,
        })
    }

    pub fn probe(&self) -> &dyn Probe {
        &*self.probe
    }

    /// Gives the probe back.
    pub fn into_probe(self) -> Box<dyn Probe> {
        self.probe
    }

    /// Time of the last reading, in ns of the monotonic clock.
    pub fn at_ns(&self) -> u64 {
        self.meter.at_ns()
    }

    /// Failed readings since the start, each of which was retried.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Whether the scope's process or cgroup existed at the last reading.
    pub fn presence(&self) -> Presence {
        self.meter.presence()
    }

    /// What happens until this interval ends; an error only once several readings in a row have failed. Cancelling the
    /// future loses nothing: the next call continues the interval.
    pub async fn interval(&mut self) -> Result<Step, ReadError> {
        loop {
            if let Some(step) = self.reading().await? {
                return Ok(step);
            }
        }
    }

    /// Waits for the next reading; returns what happened in the interval if it ends there.
    pub async fn reading(&mut self) -> Result<Option<Step>, ReadError> {
        loop {
            sleep_until(self.end.min(self.reading).min(self.tending)).await;
            let now = Instant::now();
            if now >= self.tending {
                self.tending = now + TEND_EVERY;
                self.probe.tend();
            }
            let ends = now >= self.end;
            if !ends && now < self.reading {
                continue;
            }
            if ends {
                self.set_end(now);
            }
            let read = self.read(now)?;
            if ends && read.is_none() {
                self.end = self.reading;
            }
            let told = read.map(|step| self.gathered(step));
            if ends {
                return Ok(told);
            }
            self.gathered = told.or(self.gathered.take());
            return Ok(None);
        }
    }

    /// After a late end, the next interval is longer than nominal; catching up would only make some shorter.
    fn set_end(&mut self, now: Instant) {
        let late = now.saturating_duration_since(self.end);
        let from = if late * LATE > self.interval {
            now
        } else {
            self.end
        };
        self.end = from + self.interval;
    }

    fn set_reading(&mut self, now: Instant) {
        let period = reading_period(self.interval);
        self.reading = now + period;
        // The last reading of an interval is at its end.
        if self.end.saturating_duration_since(self.reading) < period / 2 {
            self.reading = self.reading.max(self.end);
        }
    }

    /// Ends this interval now.
    pub fn cut(&mut self) -> Result<Step, ReadError> {
        let now = Instant::now();
        let step = self.meter.advance(&mut *self.probe)?;
        self.end = now + self.interval;
        self.set_reading(now);
        Ok(self.gathered(step))
    }

    /// Reads; `None` if the reading failed and is to be retried.
    fn read(&mut self, now: Instant) -> Result<Option<Step>, ReadError> {
        self.set_reading(now);
        match self.meter.advance(&mut *self.probe) {
            Ok(step) => {
                self.failed_in_a_row = 0;
                Ok(Some(step))
            }
            Err(error) => {
                self.failed += 1;
                self.failed_in_a_row += 1;
                if self.failed_in_a_row >= FAILURES {
                    return Err(error);
                }
                tracing::warn!("{error}; trying again");
                Ok(None)
            }
        }
    }

    /// All readings of this interval, with this one as the last.
    fn gathered(&mut self, step: Step) -> Step {
        match self.gathered.take() {
            Some(earlier) => earlier.then(step),
            None => step,
        }
    }
}

#[cfg(test)]
mod tests;
