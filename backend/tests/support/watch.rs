//! A server, and all that it has measured since the first of its intervals.

use super::client::{PATIENCE, Viewer};
use super::server::Server;
use super::workload::{Workload, all_said};
use runqlat_common::counts::Counts;
use runqlat_common::wire::{Format, Interval, Losses};
use std::collections::HashMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Length of an interval.
const INTERVAL_MS: u64 = 200;

/// An interval that ends this long after something happened holds it surely, or the one before does.
const MARGIN_MS: u64 = 500;

/// A measurement that runs.
pub struct Watch {
    _server: Server,
    viewer: Viewer,
    pub intervals: Vec<Interval>,
}

impl Watch {
    /// Measures from now on: the first interval is over, so the programs are attached.
    pub async fn start(args: &[&str]) -> Self {
        let server = Server::start(&[&["--interval", &format!("{INTERVAL_MS}ms")], args].concat());
        let mut viewer = Viewer::join(server.address, Format::Postcard).await;
        let first = viewer.interval().await;
        Self {
            _server: server,
            viewer,
            intervals: vec![first],
        }
    }

    pub async fn next(&mut self) {
        let next = self.viewer.interval().await;
        let last = self.intervals.last().expect("one at least");
        assert_eq!(
            next.column.seq,
            last.column.seq + 1,
            "an interval is missing"
        );
        self.intervals.push(next);
    }

    /// Goes on until `is_over`, and until all of that is read.
    pub async fn until(&mut self, mut is_over: impl FnMut() -> bool) {
        let give_up = Instant::now() + 4 * PATIENCE;
        while !is_over() {
            assert!(Instant::now() < give_up, "a load does not end");
            self.next().await;
        }
        self.margin().await;
    }

    /// Until all that has happened by now is read. By the intervals' own time: some may be waiting
    /// to be received.
    pub async fn margin(&mut self) {
        let until = now_ms() + MARGIN_MS;
        while self.intervals.last().expect("one at least").column.end_ms < until {
            self.next().await;
        }
    }

    /// Until all of these have said `done`.
    pub async fn until_done(&mut self, loads: &mut [Workload]) {
        self.until(|| all_said(loads, "done")).await;
    }

    /// What waited under each key.
    pub fn by_key(&self) -> HashMap<u64, Counts> {
        by_key(&self.intervals)
    }

    /// The intervals that ended between these two moments.
    pub fn between(&self, from_ms: u64, to_ms: u64) -> impl Iterator<Item = &Interval> {
        let within =
            move |interval: &&Interval| (from_ms..=to_ms).contains(&interval.column.end_ms);
        self.intervals.iter().filter(within)
    }

    /// What the whole scope waited in them.
    pub fn total(&self, from_ms: u64, to_ms: u64) -> Counts {
        let mut sum = Counts::default();
        for interval in self.between(from_ms, to_ms) {
            sum.add(&interval.column.counts);
        }
        sum
    }

    /// Waits within an interval's length of a moment, by whole intervals: two measurements of which
    /// one counts the interval that holds it differ by no more.
    pub fn around(&self, moment_ms: u64) -> u64 {
        let near = |interval: &&Interval| {
            let end = interval.column.end_ms;
            let start = end - interval.column.duration_us / 1_000;
            end + INTERVAL_MS > moment_ms && start < moment_ms + INTERVAL_MS
        };
        let near = self.intervals.iter().filter(near);
        near.map(|interval| interval.column.counts.total()).sum()
    }

    /// What was lost since the programs were attached.
    pub fn losses(&self) -> Losses {
        self.intervals.last().expect("one at least").health.losses
    }
}

/// What waited under each key in these intervals.
pub fn by_key(intervals: &[Interval]) -> HashMap<u64, Counts> {
    let mut sums: HashMap<u64, Counts> = HashMap::new();
    for series in intervals.iter().flat_map(|interval| &interval.series) {
        sums.entry(series.key).or_default().add(&series.counts);
    }
    sums
}

/// The wall clock, as `Column::end_ms`.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a clock that is set").as_millis() as u64
}
