//! Where waits come from: the trait that the collector reads, and its two implementations. Readings
//! are cumulative; what happened in between is somebody else's arithmetic.

pub mod kernel;
pub mod synthetic;

use runqlat_common::contract::{Hist, KeyStats};
use runqlat_common::wire::{Losses, Programs};
use std::collections::HashMap;

/// A source of cumulative readings.
pub trait Probe: Send {
    /// How it measures.
    fn programs(&self) -> Programs;

    /// Size of its table of keys; 0 when it keeps none.
    fn keys_max(&self) -> u32;

    /// All counters as they stand now. Keys that are marked as gone are in this reading for the
    /// last time.
    fn read(&mut self) -> Result<Reading, ReadError>;
}

/// All counters at one moment, since the probe was attached.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Monotonic clock, in ns.
    pub at_ns: u64,
    /// Waits under no key: all when none are kept, else those that found the table full.
    pub unkeyed: Hist,
    /// By tgid.
    pub keys: HashMap<u32, KeyStats>,
    /// Keys in `keys` whose process is gone.
    pub gone: Vec<u32>,
    pub losses: Losses,
}

/// Why the counters can't be read any more.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct ReadError {
    pub what: &'static str,
    pub source: std::io::Error,
}
