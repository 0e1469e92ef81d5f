//! Where waits come from: the trait that the collector reads, and its two implementations. Readings
//! are cumulative; what happened in between is somebody else's arithmetic.

pub mod kernel;
mod keys;
pub mod synthetic;

use crate::failure::Failure;
use crate::target::Presence;
pub use keys::Keys;
use runqlat_common::contract::Hist;
use runqlat_common::wire::{Losses, Programs, Scope};
use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

/// A machine that can be measured.
pub trait Source: Send {
    /// Attaches a new probe for `scope`, beside those that are attached already; with the scope as it
    /// is measured, its cgroup's path complete.
    fn attach(&mut self, scope: &Scope) -> Result<(Box<dyn Probe>, Scope), Failure>;
}

/// How often a probe is tended: often enough to enlarge a table of 8,192 keys in time for 1,000 new ones a second, and
/// a larger table for more.
pub const TEND_EVERY: Duration = Duration::from_millis(100);

/// Longest time between two readings, and so the longest that an ended key stays in the table.
const READ_EVERY: Duration = Duration::from_secs(1);

/// Time from a reading to the next: intervals longer than [`READ_EVERY`] have several, evenly spaced.
pub fn reading_period(interval: Duration) -> Duration {
    let readings = interval.as_nanos().div_ceil(READ_EVERY.as_nanos());
    interval / u32::try_from(readings).unwrap_or(u32::MAX).max(1)
}

/// The same in ns, for an interval in ms.
fn reading_period_ns(interval_ms: u32) -> u64 {
    let period = reading_period(Duration::from_millis(interval_ms.into()));
    u64::try_from(period.as_nanos()).unwrap_or(u64::MAX)
}

/// A source of cumulative readings.
pub trait Probe: Send {
    /// How it measures.
    fn programs(&self) -> Programs;

    /// Keys that fit into its table now; 0 without keys.
    fn keys_max(&self) -> u32;

    /// Keys that its table may grow to.
    fn keys_bound(&self) -> u32;

    /// Does the work that can't wait until the next reading; to be called every [`TEND_EVERY`].
    fn tend(&mut self) {}

    /// Writes all counters as they stand now to `into`, whatever that held. Keys that are marked as
    /// gone are in this reading for the last time.
    fn read(&mut self, into: &mut Reading) -> Result<(), ReadError>;
}

/// All counters at one moment, since the probe was attached.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Monotonic clock, in ns.
    pub at_ns: u64,
    /// Waits under no key: all when none are kept, else those that found the table full.
    pub unkeyed: Hist,
    /// By what the scope says.
    pub keys: Keys,
    /// Names of keys that the kernel does not name itself, at least of all in `keys` that have one.
    pub names: Arc<HashMap<u64, OsString>>,
    /// Keys in `keys` that are gone, nobody's any more, in ascending order.
    pub gone: Vec<u64>,
    pub losses: Losses,
    /// Whether what the scope names was still there, as it was last looked after.
    pub presence: Presence,
}

impl Reading {
    /// Nothing, at `at_ns`.
    pub fn empty(at_ns: u64) -> Self {
        Self {
            at_ns,
            unkeyed: Hist::ZERO,
            keys: Keys::default(),
            names: Arc::default(),
            gone: Vec::new(),
            losses: Losses::default(),
            presence: Presence::There,
        }
    }
}

/// Why the counters can't be read any more.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct ReadError {
    pub what: &'static str,
    pub source: std::io::Error,
}
