//! What viewers start from. It is made at most once a second for all who join meanwhile, and encoded once per format;
//! what has happened since comes after it.

use super::{CHUNK, Hub, Live, News};
use crate::frame::Frame;
use bytes::Bytes;
use runqlat_common::wire::{
    Format, PROTOCOL_VERSION, ServerMessage, SharedSnapshot, Snapshot, Together,
};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How long it is used again.
const AGE: Duration = Duration::from_secs(1);

/// Messages since, at most: an interval has 100 ms at least.
const SINCE: usize = 32;

/// The past, as far as it is the same for all.
struct Seed {
    snapshot: ServerMessage,
    encoded: [OnceLock<SharedSnapshot>; Format::ALL.len()],
    recent: Vec<Arc<Frame>>,
    from_seq: u64,
}

/// A seed, and what all were told since it was made.
pub(super) struct Kept {
    seed: Arc<Seed>,
    made: Instant,
    since: Vec<Arc<Frame>>,
}

/// A viewer's part: what was, and what comes.
pub struct Joined {
    seed: Arc<Seed>,
    together: Together,
    may_control: bool,
    /// The newest intervals, which the snapshot ends before, and what else was told since: all viewers share them.
    pub recent: Vec<Arc<Frame>>,
    /// The first interval that the viewer knows with its snapshot.
    pub from_seq: u64,
    pub news: News,
}

impl Joined {
    /// The snapshot as it travels in `format`, for the viewer with this id.
    pub fn snapshot(&mut self, format: Format, you: u32) -> Bytes {
        self.together.you = you;
        let seed = &self.seed;
        let encode = || SharedSnapshot::new(format, &seed.snapshot);
        let shared = seed.encoded[format as usize].get_or_init(encode);
        shared.with(&self.together, self.may_control).into()
    }
}

impl Live {
    /// Keeps what all are told for those who start from the seed. Returns a seed that is of no use any more: freeing its
    /// names takes time, so the caller does it where nobody waits.
    pub(super) fn keep(&mut self, frame: &Arc<Frame>) -> Option<Kept> {
        let kept = self.kept.as_mut()?;
        kept.since.push(frame.clone());
        let is_spent = kept.since.len() >= SINCE || kept.made.elapsed() >= AGE;
        is_spent.then(|| self.kept.take()).flatten()
    }
}

impl Hub {
    /// Starts a viewer, who may control or not, or starts one afresh that fell behind.
    pub fn join(&self, may_control: bool) -> Joined {
        let mut live = self.live();
        let frames = self.frames.subscribe();
        let old = live.kept.take_if(|kept| kept.made.elapsed() >= AGE);
        let kept = match live.kept.take() {
            Some(kept) => kept,
            None => Kept {
                seed: Arc::new(self.seed(&live)),
                made: Instant::now(),
                since: Vec::new(),
            },
        };
        let seed = kept.seed.clone();
        let recent = seed.recent.iter().chain(&kept.since).cloned().collect();
        live.kept = Some(kept);
        let together = self.told.together(&live);
        drop(live);
        drop(old);
        Joined {
            from_seq: seed.from_seq,
            recent,
            together,
            may_control,
            news: self.told.news(frames),
            seed,
        }
    }

    fn seed(&self, live: &Live) -> Seed {
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
            together: Together::default(),
            may_control: false,
        };
        Seed {
            from_seq: snapshot.columns.first().map_or(recent_from, |c| c.seq),
            snapshot: ServerMessage::Snapshot(snapshot),
            encoded: Default::default(),
            recent: history.recent().cloned().collect(),
        }
    }
}
