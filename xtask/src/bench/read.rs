//! `cargo xtask bench read`: how long a reading of 10,000 keys takes, as the server itself says (`-v`).

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::stats::{self, Spread};
use super::tracer::Tracer;
use super::{hold, proc};

/// Keys that a reading has to hold to count.
const KEYS: u64 = 10_000;
/// Milliseconds a reading of so many may take.
const BUDGET: f64 = 5.0;
/// Readings of one server.
const READINGS: usize = 20;
/// Long enough for 10,000 threads to be woken on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);
const SERVER: [&str; 5] = ["--by", "thread", "--interval", "500ms", "-v"];

/// A reading, as the server tells it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reading {
    keys: u64,
    millis: f64,
}

/// Measures and prints the table; an error if the median is over the limit.
pub(super) fn bench(binary: &Path, rounds: u32) -> Result<()> {
    println!(
        "\nbench: {KEYS} sleeping threads, {rounds} servers, {READINGS} readings each; load {}",
        proc::load()
    );
    let sleepers = Sleepers::spawn(KEYS as usize)?;
    println!("{:<8} {:>8}  {:^22}", "server", "keys", "ms a reading");
    let mut all = Vec::new();
    for round in 1..=rounds {
        let server = Tracer::server(binary, &SERVER)?;
        let readings = readings(&server, &sleepers)?;
        let keys = readings.last().map_or(0, |reading| reading.keys);
        println!("{round:<8} {keys:>8}  {}", millis(&readings));
        all.extend(readings);
    }
    println!(
        "Medians (smallest..largest), wall time; each second's holds asking who of them is gone."
    );
    hold(
        &format!("a reading of {KEYS} keys, median of {}", all.len()),
        millis(&all).median,
        BUDGET,
        " ms",
        "on a busy machine, try again; else see backend/src/probe/kernel/table.rs",
    )
}

/// Wakes the threads until the server has read all of them, then takes what it says of the next readings.
fn readings(server: &Tracer, sleepers: &Sleepers) -> Result<Vec<Reading>> {
    let deadline = Instant::now() + PATIENCE;
    let (mut found, mut most) = (Vec::new(), 0);
    // The first full reading comes amid the wakeups, and learns all names.
    while found.len() <= READINGS {
        if Instant::now() > deadline {
            bail!(
                "the server never told of {READINGS} readings of {KEYS} keys: {} it told, and {most} keys at most\n\
                 hint: see that it says `reading: … keys in … µs` with -v, and `ulimit -u`",
                found.len()
            );
        }
        match server
            .line(Duration::from_secs(1))
            .as_deref()
            .and_then(parse)
        {
            Some(reading) if reading.keys >= KEYS => found.push(reading),
            Some(reading) => {
                most = most.max(reading.keys);
                sleepers.wake();
            }
            None => {}
        }
    }
    Ok(found.split_off(1))
}

/// "… reading: 26 keys in 122 µs" is one of 26 keys that took 0.122 ms.
fn parse(line: &str) -> Option<Reading> {
    let (_, rest) = line.split_once("reading: ")?;
    let (keys, rest) = rest.split_once(" keys in ")?;
    let micros: f64 = rest.trim_end().strip_suffix(" µs")?.parse().ok()?;
    Some(Reading {
        keys: keys.parse().ok()?,
        millis: micros / 1000.0,
    })
}

fn millis(readings: &[Reading]) -> Spread {
    let millis: Vec<f64> = readings.iter().map(|reading| reading.millis).collect();
    stats::spread(&millis)
}

/// Threads that wait for being woken, so that each gets a key and none disturbs a reading. They end when this is
/// dropped.
struct Sleepers {
    bell: Arc<Bell>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Bell {
    over: Mutex<bool>,
    rung: Condvar,
}

impl Sleepers {
    fn spawn(count: usize) -> Result<Self> {
        let mut sleepers = Self {
            bell: Arc::default(),
            threads: Vec::with_capacity(count),
        };
        for number in 0..count {
            let bell = Arc::clone(&sleepers.bell);
            // The least that the C library takes: 10,000 of the usual 2 MiB may be refused.
            let thread = thread::Builder::new().stack_size(64 * 1024);
            let thread = thread.spawn(move || bell.sleep()).with_context(|| {
                format!("thread {number} of {count} was refused\nhint: see `ulimit -u` and /proc/sys/kernel/pid_max")
            })?;
            sleepers.threads.push(thread);
        }
        Ok(sleepers)
    }

    fn wake(&self) {
        self.bell.rung.notify_all();
    }
}

impl Bell {
    /// Until it is over; whoever wakes earlier sleeps on.
    fn sleep(&self) {
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        while !*over {
            over = self.rung.wait(over).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Sleepers {
    fn drop(&mut self) {
        let over = self.bell.over.lock();
        *over.unwrap_or_else(PoisonError::into_inner) = true;
        self.wake();
        for thread in self.threads.drain(..) {
            // None can have panicked with anything that matters here.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_understood() {
        let line =
            "2026-01-01T00:00:00.1Z DEBUG runqlat_web::collector: reading: 10321 keys in 2150 µs";
        let expected = Reading {
            keys: 10_321,
            millis: 2.15,
        };
        assert_eq!(parse(line), Some(expected));
        assert_eq!(parse("DEBUG tables: Sizes { stamp_bits: 15 }"), None);
        assert_eq!(parse("reading: many keys in 3 µs"), None);
        assert_eq!(parse("reading: 3 keys in 4 ms"), None);
    }

    #[test]
    fn sleepers_wake_and_end() {
        let sleepers = Sleepers::spawn(20).unwrap();
        sleepers.wake();
        assert_eq!(sleepers.threads.len(), 20);
        drop(sleepers);
    }

    #[test]
    fn readings_become_one_figure() {
        let reading = |millis| Reading { keys: KEYS, millis };
        let spread = millis(&[reading(3.0), reading(1.0), reading(2.0)]);
        assert_eq!((spread.min, spread.median, spread.max), (1.0, 2.0, 3.0));
    }
}
