//! What travels beside the counts: what is missing from them, and what counting cost.

use serde::{Deserialize, Serialize};

/// How far the numbers can be trusted, and what they cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Since the scope's programs were attached.
    pub losses: Losses,
    /// Waits since then that are counted as [`OTHER`](super::OTHER).
    pub other: u64,
    /// Keys in the kernel's table, its capacity now, and the capacity that it may grow to.
    pub keys: u32,
    pub keys_max: u32,
    pub keys_bound: u32,
    /// Failed readings of the counters since then; the next reading that succeeds has what they missed.
    pub failed_readings: u64,
    /// CPU time of this program in this interval, in µs.
    pub self_cpu_us: u64,
    /// Its resident memory, in kB.
    pub self_rss_kb: u64,
    /// Viewers connected.
    pub viewers: u32,
    /// Since when the scope's process or cgroup is known to be gone, so that nothing can wait in it: wall
    /// clock, in ms since 1970, as [`Column::end_ms`](super::Column::end_ms).
    pub target_gone_ms: Option<u64>,
}

/// Waits that are missing from the counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    /// Two waiting tasks shared a slot of the stamp table; the older stamp is lost.
    pub collisions: u64,
    /// A stamp proved that a switch had not been seen.
    pub missed: u64,
    /// A task ran whose wait had not been seen to begin. At the start these are the tasks that
    /// were waiting already.
    pub unmatched: u64,
    /// A wait came out negative.
    pub discarded: u64,
    /// A program did not run because it was already running on that CPU.
    pub recursion: u64,
}

impl Losses {
    /// All of them. A collision is left out: it comes back as `unmatched` when its task runs.
    pub fn total(&self) -> u64 {
        let Self {
            collisions: _,
            missed,
            unmatched,
            discarded,
            recursion,
        } = *self;
        [missed, unmatched, discarded, recursion]
            .iter()
            .fold(0, |sum, n| sum.saturating_add(*n))
    }
}
