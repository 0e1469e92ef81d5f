//! What a viewer may ask and its answers: who could be measured, whose waits lie in a rectangle of the
//! heatmap, and who waited in a span of time.

use crate::counts::Counts;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Longest query for targets, in characters.
pub const MAX_QUERY: usize = 200;

/// Longest command line in an answer, in characters.
pub const MAX_COMMAND: usize = 200;

/// Processes, and as many cgroups, that an answer lists at most.
pub const MAX_TARGETS: usize = 50;

/// Series that an answer about a region lists at most.
pub const MAX_REGION_SERIES: usize = 100;

/// What can be chosen as a scope and matches a query, best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// As it was asked.
    pub query: String,
    pub processes: Vec<ProcessTarget>,
    pub cgroups: Vec<CgroupTarget>,
    /// More match than are listed.
    pub more: bool,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessTarget {
    pub tgid: u32,
    pub comm: String,
    /// Its bytes in hex, if they differ from the displayed form; the same holds for the other names here.
    pub comm_hex: Option<String>,
    /// The beginning of its command line, with blanks between arguments and `***` for secrets; its comm where the
    /// server shows no command lines; empty for a kernel thread.
    pub command: String,
    /// Its cgroup's path in the v2 hierarchy; empty if unknown.
    pub cgroup: String,
    pub cgroup_hex: Option<String>,
}

/// A cgroup of the v2 hierarchy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CgroupTarget {
    /// From the hierarchy's root.
    pub path: String,
    /// As [`Scope::cgroup_hex`](super::Scope::cgroup_hex); if present, it is what a request has to name.
    pub path_hex: Option<String>,
    /// How many are in it and in those below it, which a scope measures too.
    pub processes: u32,
}

/// A rectangle of the heatmap, and what to hold it against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// The intervals, both included.
    pub from_seq: u64,
    pub to_seq: u64,
    /// The buckets, both included.
    pub from_slot: u8,
    pub to_slot: u8,
    /// The intervals whose other waits are counted as outside, both included.
    pub context_from_seq: u64,
    pub context_to_seq: u64,
    /// Only waits of this cause, inside and outside, when set.
    pub cause: Option<Cause>,
}

/// Why a task waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It was woken.
    Woken,
    /// It lost its CPU while still runnable.
    Preempted,
}

/// Whose waits lie in a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionReply {
    /// As it was asked.
    pub region: Region,
    /// The part of its intervals that is still kept and whose series can be compared with the
    /// newest's, both included; none if the first is greater than the last. The context is clipped alike.
    pub known_from_seq: u64,
    pub known_to_seq: u64,
    /// Waits in the rectangle.
    pub inside: u64,
    /// Waits of the context that are not in the rectangle.
    pub outside: u64,
    /// The series with most waits inside, most first, then by key.
    pub series: Vec<RegionSeries>,
    /// How many more series have waits inside.
    pub more: u32,
    /// Waits inside that are of no listed series; all of them where no series are kept apart.
    pub more_inside: u64,
}

/// One series' part in a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionSeries {
    /// As in [`SeriesKey`](super::SeriesKey).
    pub key: u64,
    pub start: u64,
    /// Empty if it is not known any more.
    pub name: String,
    pub name_hex: Option<String>,
    pub inside: u64,
    pub outside: u64,
}

/// Series, or names, that an answer about a span lists at most.
pub const MAX_SPAN_SERIES: usize = 1_000;

/// Intervals of a span of which the longest wait is told for each series.
pub const MAX_LEVELS: usize = 120;

/// A span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The intervals, both included.
    pub from_seq: u64,
    pub to_seq: u64,
    /// Series of one name are one.
    #[serde(default)]
    pub by_name: bool,
}

/// Who waited in a span.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanReply {
    /// As it was asked.
    pub span: Span,
    /// The part of it that is kept, as in [`RegionReply`].
    pub known_from_seq: u64,
    pub known_to_seq: u64,
    /// When that part begins and ends, in ms since 1970.
    pub start_ms: u64,
    pub end_ms: u64,
    /// How long of it was measured.
    pub measured_us: u64,
    /// Those that waited longest, all their waits together; longest first, then by key.
    pub series: Vec<SpanSeries>,
    /// How many more series, or names, had waits, and how many waits they had.
    pub more: u32,
    pub more_waits: u64,
}

/// The waits of one series, or of all series with one name, in a span.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanSeries {
    /// As in [`SeriesKey`](super::SeriesKey); for a name, the lowest of its series.
    pub key: u64,
    pub start: u64,
    /// Empty if it is not known any more.
    pub name: String,
    pub name_hex: Option<String>,
    /// Series that are counted in it.
    pub members: u32,
    pub counts: Counts,
    /// The longest wait of each of the last [`MAX_LEVELS`] known intervals, oldest first: 0 for none, else one more
    /// than its bucket. Shorter by the quiet ones at the beginning.
    pub levels: Vec<u8>,
}
