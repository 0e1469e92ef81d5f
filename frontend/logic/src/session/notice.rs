//! What a person should know for a while, besides the data.

/// Something to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The page was too slow; that many intervals were fetched again.
    Lagged { missed: u64 },
    /// The server did not understand the page.
    Refused { reason: String, hint: String },
    /// A message could not be read, which a page of another version can't either.
    Garbled { reason: String },
    /// What is measured stays as it is.
    ScopeRefused { reason: String, hint: String },
    /// What was chosen on a paused page is something else by now.
    Outdated,
    /// There is nobody to follow.
    Nobody,
    /// This page changed what is measured.
    OwnChange,
    /// Somebody else changed what is measured.
    Changed { by: String },
    /// The server is another one since then, in ms since 1970, and knows nothing of before.
    Restarted { at_ms: u64 },
}

/// Intervals for which a notice stays.
const STAY: u64 = 10;

/// For how long, in ms, it stays that the past is gone: whoever comes back to the page wonders where it went.
const STAY_RESTARTED_MS: u64 = 600_000;

/// The newest notice, and the interval at which it came.
#[derive(Clone, Debug, Default)]
pub struct Board(Option<(Notice, u64)>);

impl Board {
    pub fn put(&mut self, notice: Notice, seq: u64) {
        self.0 = Some((notice, seq));
    }

    /// The server was started anew; its intervals of `interval_ms` are at `seq`.
    pub fn put_restarted(&mut self, at_ms: u64, interval_ms: u32, seq: u64) {
        let intervals = STAY_RESTARTED_MS / u64::from(interval_ms.max(1));
        self.put(Notice::Restarted { at_ms }, seq + intervals);
    }

    /// Intervals, which were at `before`, are counted from another number now. What stood long enough
    /// does not come back.
    pub fn restart(&mut self, before: u64, seq: u64) {
        self.0 = self.read(before).cloned().map(|notice| (notice, seq));
    }

    /// The notice, unless it has stood long enough at the interval `seq`.
    pub fn read(&self, seq: u64) -> Option<&Notice> {
        let (notice, since) = self.0.as_ref()?;
        (seq < since.saturating_add(STAY)).then_some(notice)
    }
}
