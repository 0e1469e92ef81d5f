//! Where the collector's intervals meet the viewers: history and broadcast behind one lock, so that
//! a viewer that joins gets a snapshot and then every later interval, with nothing in between lost
//! or doubled. Must not know sockets.

mod notes;
mod told;
mod viewer;

pub use told::News;
pub use viewer::Viewer;

use crate::allowance::Allowance;
use crate::confine::Confinement;
use crate::frame::Frame;
use crate::history::{History, Past};
use runqlat_common::wire::{
    Earlier, Format, Interval, PROTOCOL_VERSION, ProbeState, Scope, ScopeChange, ServerInfo,
    ServerMessage, Snapshot,
};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::broadcast;
use told::Told;

/// Messages that a viewer may fall behind before it gets a new snapshot instead: half a minute at
/// two a second, a few seconds at the shortest interval.
const BACKLOG: usize = 64;

/// Notes that all together may make at once, and a second: they take places of the backlog.
const NEW_NOTES: u32 = 20;
const NEW_NOTES_PER_S: f64 = 1.0;

/// The live view that all viewers share.
pub struct Hub {
    server: ServerInfo,
    confinement: Confinement,
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

/// Columns of a snapshot, and of each message with earlier ones: some 16 kB of a busy host, so that a
/// viewer's buffer stays small, and the picture is there with the first of them.
const CHUNK: usize = 256;

/// A viewer's part: what was, and what comes.
pub struct Joined {
    pub snapshot: ServerMessage,
    /// The newest intervals, which the snapshot ends before: all viewers share them.
    pub recent: Vec<Arc<Frame>>,
    /// The first interval that the viewer knows with its snapshot.
    pub from_seq: u64,
    pub news: News,
}

impl Hub {
    pub fn new(server: ServerInfo, confinement: Confinement) -> Arc<Self> {
        Arc::new(Self {
            server,
            confinement,
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

    /// What this program has given up.
    pub fn confinement(&self) -> &Confinement {
        &self.confinement
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
        let end_ms = interval.column.end_ms;
        let frame = Frame::new(ServerMessage::Interval(interval));
        // The history keeps it so; it is made before the lock is taken.
        frame.bytes(Format::Postcard);
        let mut live = self.live();
        live.newest = Some((end_ms, Instant::now()));
        live.history.push(frame.clone());
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

    /// Starts a viewer, who may control or not, or starts one afresh that fell behind.
    pub fn join(&self, may_control: bool) -> Joined {
        let live = self.live();
        let frames = self.frames.subscribe();
        let history = &live.history;
        let recent_from = history.recent_from();
        let snapshot = Snapshot {
            protocol: PROTOCOL_VERSION,
            server: self.server.clone(),
            scopes: history.scopes().to_vec(),
            probe: live.probe.clone(),
            seq: recent_from - 1,
            columns: history.columns().before(recent_from, CHUNK).columns,
            names: history.names(),
            may_control,
            together: self.told.together(&live),
        };
        Joined {
            from_seq: snapshot.columns.first().map_or(recent_from, |c| c.seq),
            snapshot: ServerMessage::Snapshot(snapshot),
            recent: history.recent().cloned().collect(),
            news: self.told.news(frames),
        }
    }

    /// The columns before the interval `seq`, as many as one message holds; `None` when there are none.
    pub fn earlier(&self, seq: u64) -> Option<Earlier> {
        let earlier = self.live().history.columns().before(seq, CHUNK);
        (!earlier.columns.is_empty()).then_some(earlier)
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
        tokens: false,
    };
    Hub::new(server, Confinement::default())
}

#[cfg(test)]
mod tests {
    use super::{BACKLOG, CHUNK, Hub, for_tests as hub};
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
        let mut joined = hub.join(true);
        publish(&hub, 2);
        let recent: Vec<u64> = joined.recent.iter().map(|f| seq_of(f.message())).collect();
        assert_eq!((seq_of(&joined.snapshot), recent), (0, vec![1]));
        let newest = joined.news.frames.try_recv().unwrap();
        assert_eq!(seq_of(newest.message()), 2);
        assert!(matches!(
            joined.news.frames.try_recv(),
            Err(TryRecvError::Empty)
        ));
    }

    #[test]
    fn a_viewer_that_falls_behind_is_told_and_can_start_afresh() {
        let hub = hub();
        let mut joined = hub.join(true);
        for seq in 1..=BACKLOG as u64 + 3 {
            publish(&hub, seq);
        }
        assert!(matches!(
            joined.news.frames.try_recv(),
            Err(TryRecvError::Lagged(3))
        ));
        let newest = hub.join(true).recent.pop().unwrap();
        assert_eq!(seq_of(newest.message()), BACKLOG as u64 + 3);
    }

    #[test]
    fn the_past_comes_in_pieces_without_a_gap() {
        let hub = hub();
        let last = 3 * CHUNK as u64;
        for seq in 1..=last {
            publish(&hub, seq);
        }
        let joined = hub.join(true);
        let ServerMessage::Snapshot(snapshot) = joined.snapshot else {
            panic!("a snapshot");
        };
        let mut seqs: Vec<u64> = snapshot.columns.iter().map(|c| c.seq).collect();
        let recent = joined.recent.iter().map(|f| seq_of(f.message()));
        seqs.extend(recent);
        let mut from_seq = joined.from_seq;
        while let Some(earlier) = hub.earlier(from_seq) {
            assert!(earlier.columns.len() <= CHUNK && !earlier.sums);
            let mut before: Vec<u64> = earlier.columns.iter().map(|c| c.seq).collect();
            from_seq = before[0];
            before.append(&mut seqs);
            seqs = before;
        }
        assert_eq!(seqs, (1..=last).collect::<Vec<_>>());
    }

    #[test]
    fn a_frame_is_encoded_once_per_format() {
        let hub = hub();
        let (mut a, mut b) = (hub.join(true).news.frames, hub.join(true).news.frames);
        publish(&hub, 1);
        let (a, b) = (a.try_recv().unwrap(), b.try_recv().unwrap());
        for format in Format::ALL {
            assert_eq!(a.bytes(format).as_ptr(), b.bytes(format).as_ptr());
        }
    }

    #[test]
    fn viewers_are_counted_while_they_stay() {
        let hub = hub();
        let one = hub.enter(2);
        let two = hub.enter(2);
        assert!(one.is_some() && two.is_some() && hub.enter(2).is_none());
        assert_eq!(hub.viewers(), 2);
        drop(one);
        assert_eq!(hub.viewers(), 1);
        drop(two);
        assert_eq!(hub.viewers(), 0);
    }
}
