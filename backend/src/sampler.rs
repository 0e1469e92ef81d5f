//! Reads a probe for as long as it is asked: once a second at the least, however long an interval is, so that what ends
//! leaves the kernel's table, and an id that is used again within an interval is told apart. Server and `print` both
//! measure through it.

use crate::interval::{Meter, Step};
use crate::probe::{Probe, ReadError, TEND_EVERY, reading_period};
use crate::target::Presence;
use runqlat_common::wire::Key;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// So late an interval's end may be, as a part of its length, for the next one to end where it should have.
const LATE: u32 = 20;

/// Readings that may fail one after the other before measuring ends.
const FAILURES: u32 = 5;

/// A probe that is being read.
pub struct Sampler {
    probe: Box<dyn Probe>,
    meter: Meter,
    interval: Duration,
    /// When this interval ends, is read next and is tended next.
    end: Instant,
    reading: Instant,
    tending: Instant,
    /// What the readings of this interval told.
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

    /// When it last read, in ns of the monotonic clock.
    pub fn at_ns(&self) -> u64 {
        self.meter.at_ns()
    }

    /// Readings that failed and were tried again, since the start.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Whether what the scope names was there at the last reading.
    pub fn presence(&self) -> Presence {
        self.meter.presence()
    }

    /// What happens until this interval ends; an error only once several readings in a row have failed. Nothing is lost
    /// if this is dropped before: the interval goes on with the next call.
    pub async fn interval(&mut self) -> Result<Step, ReadError> {
        loop {
            if let Some(step) = self.reading().await? {
                return Ok(step);
            }
        }
    }

    /// The next reading; what happened in the interval, if that ends with it.
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

    /// After a delay the next interval is longer than nominal; catching up would only make some that are shorter.
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
        // The last one of an interval is at its end.
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

    /// Reads; `None` if that failed and is to be tried again.
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

    /// What the readings of this interval told, this one the last.
    fn gathered(&mut self, step: Step) -> Step {
        match self.gathered.take() {
            Some(earlier) => earlier.then(step),
            None => step,
        }
    }
}

#[cfg(test)]
mod tests;
