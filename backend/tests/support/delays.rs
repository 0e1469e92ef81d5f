//! How long a server takes to answer requests and to update viewers.

use super::client::{Viewer, get};
use runqlat_common::wire::{Format, Interval, ServerMessage};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

/// Time between an answer and the next question.
const PAUSE: Duration = Duration::from_millis(20);

/// Delays in ascending order.
pub struct Delays(Vec<Duration>);

impl Delays {
    pub fn new(mut delays: Vec<Duration>) -> Self {
        delays.sort_unstable();
        Self(delays)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The delay that `percent` of them don't exceed; 100 gives the longest.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0[rank.max(1) - 1]
    }
}

/// Requests a server's state again and again until stopped.
pub struct Asker {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl Asker {
    pub fn start(server: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let mut delays = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let asked = Instant::now();
                assert_eq!(get(server, "/api/v1/state", &[]).status, 200);
                delays.push(asked.elapsed());
                thread::sleep(PAUSE);
            }
            delays
        });
        Self { stop, thread }
    }

    /// How long each answer took.
    pub fn stop(self) -> Delays {
        self.stop.store(true, Ordering::Relaxed);
        Delays::new(self.thread.join().expect("all were answered"))
    }
}

/// What a viewer received, and when. Decoded only afterwards, which takes longer than the server takes to send.
pub struct Received(Vec<(Instant, Message)>);

impl Received {
    /// Everything that arrives until `end`.
    pub async fn until(end: Instant, server: SocketAddr) -> Self {
        let mut viewer = Viewer::join(server, Format::Postcard).await;
        let mut frames = Vec::new();
        while Instant::now() < end {
            let frame = viewer.frame().await.expect("it is not hung up on");
            frames.push((Instant::now(), frame.expect("a whole frame")));
        }
        Self(frames)
    }

    /// The intervals with their times of arrival. Checks that none is missing and that the server never reported this
    /// viewer as lagging.
    pub fn intervals(self) -> Vec<(Instant, Interval)> {
        let mut intervals: Vec<(Instant, Interval)> = Vec::new();
        for (at, frame) in self.0 {
            let Message::Binary(bytes) = frame else {
                continue;
            };
            match Format::Postcard.decode_server(&bytes).expect("a message") {
                ServerMessage::Interval(interval) => intervals.push((at, interval)),
                ServerMessage::Lagged { missed } => panic!("{missed} messages were missed"),
                _ => {}
            }
        }
        for pair in intervals.windows(2) {
            assert_eq!(pair[1].1.column.seq, pair[0].1.column.seq + 1);
        }
        intervals
    }
}

/// How much later than `length` each interval arrived after the one before.
pub fn lateness(intervals: &[(Instant, Interval)], length: Duration) -> Delays {
    let late = |pair: &[(Instant, Interval)]| (pair[1].0 - pair[0].0).saturating_sub(length);
    Delays::new(intervals.windows(2).map(late).collect())
}
