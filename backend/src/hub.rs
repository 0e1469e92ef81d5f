//! Where the collector's intervals meet the viewers: history and broadcast behind one lock, so that
//! a viewer that joins gets a snapshot and then every later interval, with nothing in between lost
//! or doubled. Must not know sockets.

mod notes;
mod seed;
mod told;
mod viewer;

pub use seed::Joined;
pub use told::News;
pub use viewer::Viewer;

use crate::allowance::Allowance;
use crate::confine::Confinement;
use crate::frame::Frame;
use crate::history::{History, Past};
use crate::procfs;
use runqlat_common::wire::{
    Earlier, Format, Interval, ProbeState, Scope, ScopeChange, ServerInfo, ServerMessage,
};
use seed::Kept;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// When the newest interval ended, in ms since 1970 and by the clock that goes on in the host's sleep, in ns.
    newest: Option<(u64, u64)>,
    new_notes: Allowance,
    /// What those who join now start from.
    kept: Option<Kept>,
}

/// Columns of a snapshot, and of each message with earlier ones: some 16 kB of a busy host, so that a
/// viewer's buffer stays small, and the picture is there with the first of them.
const CHUNK: usize = 256;

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
                kept: None,
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
        live.newest = Some((end_ms, procfs::boottime_ns()));
        let _freed_without_the_lock = (live.history.push(frame.clone()), live.keep(&frame));
        // Fails when nobody watches.
        let _ = self.frames.send(frame);
        drop(live);
    }

    /// Sets the probe's state and tells all.
    pub fn set_probe(&self, probe: ProbeState) {
        let mut live = self.live();
        live.probe = probe.clone();
        let frame = Frame::new(ServerMessage::Probe(probe));
        let _spent = live.keep(&frame);
        let _ = self.frames.send(frame);
    }

    /// Sets what is measured from now on, and by what, and tells all.
    pub fn set_scope(&self, scope: ScopeChange, probe: ProbeState) {
        let mut live = self.live();
        live.kept = None;
        live.history.set_scope(scope.clone());
        live.probe = probe.clone();
        let _ = self.frames.send(Frame::new(ServerMessage::Scope(scope)));
        let _ = self.frames.send(Frame::new(ServerMessage::Probe(probe)));
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
        started_ms: 0,
        caveats: Vec::new(),
        read_only: false,
    };
    Hub::new(server, Confinement::default())
}

#[cfg(test)]
mod tests;
