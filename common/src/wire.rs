//! The messages between server and viewers, version 2. The same types travel as JSON (for anyone's
//! tools) and as postcard (for the page); the WebSocket sub-protocol chooses. `docs/protocol.md`
//! describes them for people, and golden bytes in the tests hold them still.

mod closing;
mod codec;
mod health;
mod questions;
mod scopes;
mod series;
mod shared;
mod together;

pub use closing::{CLOSE_FULL, CLOSE_NO_TOKEN, CLOSE_OLD_PAGE, CLOSE_TOO_MANY_MESSAGES};
pub use codec::{DecodeError, Format};
pub use health::{Health, Losses};
pub use questions::{
    Cause, CgroupTarget, MAX_COMMAND, MAX_LEVELS, MAX_QUERY, MAX_REGION_SERIES, MAX_SPAN_SERIES,
    MAX_TARGETS, ProcessTarget, Region, RegionReply, RegionSeries, Span, SpanReply, SpanSeries,
    Targets,
};
pub use scopes::{ScopeChange, comparable, comparable_from, forget_before, same};
pub use series::{OTHER, Series, SeriesHistory, SeriesKey, SeriesName};
pub use shared::SharedSnapshot;
pub use together::{
    Cell, Company, Introduction, MAX_NAME, MAX_NOTE, MAX_NOTES, MAX_PEOPLE, MAX_SECRET, MAX_VIEW,
    NewNote, Note, Person, Showing, Shown, Together, keep_note,
};

use crate::buckets::Unit;
use crate::contract;
use crate::counts::Counts;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Grows when a message changes in a way that an older peer can't read.
pub const PROTOCOL_VERSION: u16 = 2;

/// Longest message that a viewer may send, in bytes.
pub const MAX_CLIENT_MESSAGE: usize = 4_096;

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerMessage {
    /// First message, and again after [`ServerMessage::Lagged`] or on request.
    Snapshot(Snapshot),
    /// One an interval, with sequence numbers that grow by one.
    Interval(Interval),
    /// The probe's state changed.
    Probe(ProbeState),
    /// Answer to [`ClientMessage::Series`].
    Series(SeriesHistory),
    /// The viewer was too slow and missed intervals; a snapshot follows.
    Lagged { missed: u64 },
    /// A message of the viewer's was not understood, or a question refused; the connection goes on.
    Error { reason: String, hint: String },
    /// Something else is measured from now on.
    Scope(ScopeChange),
    /// Answer to a [`ClientMessage::SetScope`] that was not carried out; what was measured still is.
    ScopeRefused { reason: String, hint: String },
    /// Answer to [`ClientMessage::Targets`].
    Targets(Targets),
    /// Answer to [`ClientMessage::Region`].
    Region(RegionReply),
    /// Who is here, who presents, and how many follow; at most four a second.
    Company(Company),
    /// Somebody made a note.
    Note(Note),
    /// The note with this id was deleted.
    NoteDeleted { id: u32 },
    /// The presenter looks at something else; at most ten a second.
    Shown(Shown),
    /// What is kept of before the first column that the viewer knows; until there is no more.
    Earlier(Earlier),
    /// The notes that this viewer may delete because they are its own, by ascending time: after it has said
    /// who it is, and after each that it makes.
    OwnNotes { ids: Vec<u32> },
    /// Answer to [`ClientMessage::Span`].
    Span(SpanReply),
}

/// What a viewer may send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientMessage {
    /// Send a new snapshot.
    Snapshot,
    /// Send what is kept of one series; without `start`, of the newest with this key.
    Series {
        key: u64,
        #[serde(default)]
        start: Option<u64>,
    },
    /// Measure something else, for all viewers. Answered by [`ServerMessage::Scope`], which everybody
    /// gets, or by [`ServerMessage::ScopeRefused`].
    SetScope(SetScope),
    /// Send what can be chosen as a scope and matches.
    Targets { query: String },
    /// Send whose waits lie in a rectangle of the heatmap.
    Region(Region),
    /// Who this viewer is. Everybody is told the name.
    Introduce(Introduction),
    /// Make a note on the time axis, which everybody gets as [`ServerMessage::Note`].
    AddNote(NewNote),
    /// Delete a note: one's own, or where viewers may change what is measured any.
    DeleteNote { id: u32 },
    /// Present: be the one whom others can follow. Refused while somebody else presents, unless it is
    /// taken over.
    Present { take_over: bool },
    /// What the presenter looks at; ignored from anybody else.
    Show(Showing),
    /// Present no longer.
    StopPresenting,
    /// Follow the presenter, or no longer; it is only counted.
    Follow { on: bool },
    /// Send who waited in a span of time.
    Span(Span),
    /// Let in who has this session: a page's first message, for a browser shows none with its request. Empty: it has
    /// none. Later, and from viewers who are known without, it changes nothing.
    SignIn { session: String },
}

/// A request to measure something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetScope {
    pub scope: Scope,
    /// Only if the scope with this number is still the one that is measured: somebody else may have
    /// changed it meanwhile.
    pub expect: Option<u32>,
}

/// What a viewer starts with: what is measured, and the recent past. The newest intervals follow at
/// once, and what is kept of before in [`Earlier`] ones, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub protocol: u16,
    pub server: ServerInfo,
    /// What was measured over the columns and is now, oldest first; never empty.
    pub scopes: Vec<ScopeChange>,
    pub probe: ProbeState,
    /// Sequence number of the interval that it ends with, 0 before the first: some before the newest,
    /// which follow in full, so that a list of series has something to start from.
    pub seq: u64,
    /// The last intervals up to `seq` of the whole scope, oldest first, without gaps in `seq`.
    pub columns: Vec<Column>,
    /// The names of all series that live, and of those that waited lately.
    pub names: Vec<SeriesName>,
    /// What the people who watch tell each other.
    pub together: Together,
    /// Whether who gets this may change what is measured.
    pub may_control: bool,
}

/// A piece of the past of the whole scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Whether each column is the sum of several intervals, of which `seq` is the last one's; else each
    /// is one interval, without gaps in `seq`.
    pub sums: bool,
    /// Oldest first.
    pub columns: Vec<Column>,
}

/// What does not change while the server runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// The program's version.
    pub version: String,
    pub hostname: String,
    /// The kernel's release, as `uname -r`.
    pub kernel: String,
    /// CPUs online at the start.
    pub cpus: u32,
    /// The data is synthetic.
    pub demo: bool,
    /// Whether it asks everybody for a token, whoever they are.
    pub tokens: bool,
    /// When it was started, in ms since 1970: tells it from one before it at the same address.
    pub started_ms: u64,
    /// What this host hides from the server, and so from its viewers: one sentence each.
    pub caveats: Vec<String>,
    /// Nobody may change what is measured, give a name or write notes.
    pub read_only: bool,
}

/// What is measured. In JSON, fields may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    pub key: Key,
    /// Only waits of this process, when set.
    pub tgid: Option<u32>,
    /// When that process started, as in [`SeriesKey::start`]; the server fills it in. A request is refused if another
    /// process has that tgid; without a start it means whichever process has the tgid now.
    pub start: Option<u64>,
    /// Only waits of tasks in this cgroup (v2) or below it, when set: its path as in
    /// `/proc/PID/cgroup`, from the root of the hierarchy.
    pub cgroup: Option<String>,
    /// The bytes of that path in hex, if they differ from its displayed form.
    pub cgroup_hex: Option<String>,
    /// What the buckets count.
    pub unit: Unit,
    /// Nominal length of an interval; 0 in a request: as it is.
    pub interval_ms: u32,
}

/// What the waits are counted by, and so what a series' key is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// One histogram for all; no series.
    Global,
    /// Process: its tgid.
    #[default]
    Process,
    /// Thread: its tid.
    Thread,
    /// Pid namespace in which the waiting task is active: its inode number.
    Pidns,
    /// Cgroup (v2) of the waiting task: its id, which is its directory's inode number.
    Cgroup,
}

impl Key {
    /// The number that the kernel programs use for it.
    pub fn kernel_kind(self) -> u64 {
        match self {
            Self::Global => contract::key::GLOBAL,
            Self::Process => contract::key::PROCESS,
            Self::Thread => contract::key::THREAD,
            Self::Pidns => contract::key::PIDNS,
            Self::Cgroup => contract::key::CGROUP,
        }
    }

    /// Whether waits are told apart at all.
    pub fn has_series(self) -> bool {
        self != Self::Global
    }
}

/// The state of the probe, as the server knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeState {
    /// Programs are being loaded and attached.
    Attaching,
    /// Measuring, by this kind of programs.
    Attached { programs: Programs },
    /// Not measuring any more; what was measured stays.
    Failed { reason: String, hint: String },
    /// Measuring as before, while the programs for another scope are loaded and attached.
    Changing { programs: Programs, to: Scope },
}

/// How the kernel programs are attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Programs {
    /// BTF-typed tracepoints (`tp_btf`).
    Typed,
    /// Raw tracepoints (`raw_tp`), for kernels that refuse the first.
    Raw,
    /// None: synthetic data.
    Synthetic,
}

/// One interval of the whole scope: one column of the heatmap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub seq: u64,
    /// Wall clock at the interval's end, in ms since 1970. Taken from the monotonic clock after the
    /// start, so that it never steps.
    pub end_ms: u64,
    /// True length, in µs; longer than nominal when the host had no CPU for the collector.
    pub duration_us: u64,
    pub counts: Counts,
}

/// One interval, complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub column: Column,
    /// Series with waits in this interval, by ascending key; their sum is `column.counts`. Empty
    /// when the scope's key is [`Key::Global`].
    pub series: Vec<Series>,
    /// Names that are new or have changed.
    pub names: Vec<SeriesName>,
    /// Series that ended: the process, thread, namespace or cgroup is gone.
    pub gone: Vec<SeriesKey>,
    pub health: Health,
}

#[cfg(test)]
mod tests;
