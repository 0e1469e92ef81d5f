//! Where the collector's intervals meet the viewers: history and broadcast behind one lock, so that
//! a viewer that joins gets a snapshot and then every later interval, with nothing in between lost
//! or doubled. Must not know sockets.

mod allowance;
mod notes;
mod told;
mod viewer;

pub use told::News;
pub use viewer::Viewer;

use crate::history::{History, Past};
use allowance::Allowance;
use bytes::Bytes;
use runqlat_common::wire::{
    Format, Interval, PROTOCOL_VERSION, ProbeState, Scope, ScopeChange, ServerInfo, ServerMessage,
    Snapshot,
};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;
use tokio::sync::broadcast;
use told::Told;

/// Messages that a viewer may fall behind before it gets a new snapshot instead: half a minute at
/// two a second, a few seconds at the shortest interval.
const BACKLOG: usize = 64;

/// Notes that all together may make at once, and a second: they take places of the backlog.
const NEW_NOTES: u32 = 20;
const NEW_NOTES_PER_S: f64 = 1.0;

/// A message for all viewers. It is encoded at most once per format, however many they are.
pub struct Frame {
    message: ServerMessage,
    encoded: [OnceLock<Bytes>; Format::ALL.len()],
}

impl Frame {
    fn new(message: ServerMessage) -> Arc<Self> {
        Arc::new(Self {
            message,
            encoded: Default::default(),
        })
    }

    /// The message as it travels in `format`.
    pub fn bytes(&self, format: Format) -> Bytes {
        let encode = || format.encode_server(&self.message).into();
        self.encoded[format as usize].get_or_init(encode).clone()
    }
}

/// The live view that all viewers share.
pub struct Hub {
    server: ServerInfo,
    live: Mutex<Live>,
    frames: broadcast::Sender<Arc<Frame>>,
    viewers: AtomicU32,
    told: Told,
}

struct Live {
    probe: ProbeState,
    history: History,
    /// When the newest interval ended, in ms since 1970 and by this clock.
    newest: Option<(u64, Instant)>,
    new_notes: Allowance,
}

/// A viewer's part: what was, and what comes.
pub struct Joined {
    pub snapshot: ServerMessage,
    pub news: News,
}

impl Hub {
    pub fn new(server: ServerInfo) -> Arc<Self> {
        Arc::new(Self {
            server,
            live: Mutex::new(Live {
                probe: ProbeState::Attaching,
                history: History::default(),
                newest: None,
                new_notes: Allowance::new(NEW_NOTES, NEW_NOTES_PER_S),
            }),
            frames: broadcast::Sender::new(BACKLOG),
            viewers: AtomicU32::new(0),
            told: Told::new(),
        })
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        // Nothing that holds the lock leaves the state half-changed, even if it panics.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn server(&self) -> &ServerInfo {
        &self.server
    }

    /// What is measured now.
    pub fn scope(&self) -> Scope {
        let live = self.live();
        let now = live.history.scope();
        now.map_or_else(Scope::default, |now| now.scope.clone())
    }

    pub fn probe(&self) -> ProbeState {
        self.live().probe.clone()
    }

    /// Adds an interval to the history and sends it to all.
    pub fn publish(&self, interval: Interval) {
        let frame = Frame::new(ServerMessage::Interval(interval.clone()));
        let encoded = frame.bytes(Format::Postcard);
        let mut live = self.live();
        live.newest = Some((interval.column.end_ms, Instant::now()));
        live.history.push(interval, encoded);
        // Fails when nobody watches.
        let _ = self.frames.send(frame);
    }

    /// Sets the probe's state and tells all.
    pub fn set_probe(&self, probe: ProbeState) {
        let mut live = self.live();
        live.probe = probe.clone();
        let _ = self.frames.send(Frame::new(ServerMessage::Probe(probe)));
    }

    /// Sets what is measured from now on, and by what, and tells all.
    pub fn set_scope(&self, scope: ScopeChange, probe: ProbeState) {
        let mut live = self.live();
        live.history.set_scope(scope.clone());
        live.probe = probe.clone();
        let _ = self.frames.send(Frame::new(ServerMessage::Scope(scope)));
        let _ = self.frames.send(Frame::new(ServerMessage::Probe(probe)));
    }

    /// Starts a viewer, or starts one afresh that fell behind.
    pub fn join(&self) -> Joined {
        let live = self.live();
        let frames = self.frames.subscribe();
        let history = &live.history;
        let snapshot = Snapshot {
            protocol: PROTOCOL_VERSION,
            server: self.server.clone(),
            scopes: history.scopes().to_vec(),
            probe: live.probe.clone(),
            seq: history.seq(),
            columns: history.columns().cloned().collect(),
            recent: history.recent().cloned().collect(),
            names: history.names(),
            together: self.told.together(&live),
        };
        Joined {
            snapshot: ServerMessage::Snapshot(snapshot),
            news: self.told.news(frames),
        }
    }

    /// Reads from the history.
    pub fn with_history<T>(&self, read: impl FnOnce(&History) -> T) -> T {
        read(&self.live().history)
    }

    /// What series' pasts are made of.
    pub fn past(&self) -> Past {
        self.live().history.past()
    }

    pub fn viewers(&self) -> u32 {
        self.viewers.load(Ordering::Relaxed)
    }
}

/// A hub of a synthetic machine that measures nothing yet.
#[cfg(test)]
pub(crate) fn for_tests() -> Arc<Hub> {
    let server = ServerInfo {
        version: String::new(),
        hostname: String::new(),
        kernel: String::new(),
        cpus: 1,
        demo: true,
    };
    Hub::new(server)
}

#[cfg(test)]
mod tests {
    use super::{BACKLOG, Hub, for_tests as hub};
    use runqlat_common::counts::Counts;
    use runqlat_common::wire::{Column, Format, Health, Interval, ServerMessage};
    use tokio::sync::broadcast::error::TryRecvError;

    pub(super) fn publish(hub: &Hub, seq: u64) {
        hub.publish(Interval {
            column: Column {
                seq,
                end_ms: 0,
                duration_us: 0,
                counts: Counts::default(),
            },
            series: Vec::new(),
            names: Vec::new(),
            gone: Vec::new(),
            health: Health::default(),
        });
    }

    fn seq_of(message: &ServerMessage) -> u64 {
        match message {
            ServerMessage::Snapshot(snapshot) => snapshot.seq,
            ServerMessage::Interval(interval) => interval.column.seq,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_viewer_gets_every_interval_once() {
        let hub = hub();
        publish(&hub, 1);
        let mut joined = hub.join();
        publish(&hub, 2);
        assert_eq!(seq_of(&joined.snapshot), 1);
        assert_eq!(seq_of(&joined.news.frames.try_recv().unwrap().message), 2);
        assert!(matches!(
            joined.news.frames.try_recv(),
            Err(TryRecvError::Empty)
        ));
    }

    #[test]
    fn a_viewer_that_falls_behind_is_told_and_can_start_afresh() {
        let hub = hub();
        let mut joined = hub.join();
        for seq in 1..=BACKLOG as u64 + 3 {
            publish(&hub, seq);
        }
        assert!(matches!(
            joined.news.frames.try_recv(),
            Err(TryRecvError::Lagged(3))
        ));
        assert_eq!(seq_of(&hub.join().snapshot), BACKLOG as u64 + 3);
    }

    #[test]
    fn a_frame_is_encoded_once_per_format() {
        let hub = hub();
        let (mut a, mut b) = (hub.join().news.frames, hub.join().news.frames);
        publish(&hub, 1);
        let (a, b) = (a.try_recv().unwrap(), b.try_recv().unwrap());
        for format in Format::ALL {
            assert_eq!(a.bytes(format).as_ptr(), b.bytes(format).as_ptr());
        }
    }

    #[test]
    fn viewers_are_counted_while_they_stay() {
        let hub = hub();
        let one = hub.enter();
        let two = hub.enter();
        assert_eq!(hub.viewers(), 2);
        drop(one);
        assert_eq!(hub.viewers(), 1);
        drop(two);
        assert_eq!(hub.viewers(), 0);
    }
}
