//! What waits are grouped by. The kernel reuses the numbers of processes, threads and pid namespaces, so a series is
//! identified by its number and by when the owner of that number started.

use crate::counts::Counts;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The key of the series for waits that found the table of keys full, and for those of tasks that no longer have a key
/// (an exiting task has left its pid namespace).
pub const OTHER: u64 = 0;

/// One process, thread, pid namespace or cgroup, from its start to its end.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SeriesKey {
    /// What [`Key`](super::Key) says, or [`OTHER`].
    pub key: u64,
    /// When the process, the thread or the namespace's first process started, in ms since the host's boot
    /// (CLOCK_BOOTTIME). 0 for cgroups, whose ids are never reused, and for [`OTHER`].
    pub start: u64,
}

impl SeriesKey {
    pub const OTHER: Self = Self {
        key: OTHER,
        start: 0,
    };
}

/// One series in one interval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// As in [`SeriesKey`].
    pub key: u64,
    pub start: u64,
    pub counts: Counts,
}

/// The name of a series: the comm of a process' leader, of a thread or of a namespace's first process; a cgroup's path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesName {
    /// As in [`SeriesKey`].
    pub key: u64,
    pub start: u64,
    pub name: String,
    /// Its bytes in hex, if they differ from the displayed form.
    pub name_hex: Option<String>,
}

/// What is kept of one series. In columns from `from_seq` to `to_seq` that are not listed it had no waits; older ones
/// are not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesHistory {
    /// As in [`SeriesKey`].
    pub key: u64,
    pub start: u64,
    pub from_seq: u64,
    pub to_seq: u64,
    /// Sequence number and waits, oldest first.
    pub columns: Vec<(u64, Counts)>,
}

/// The series that a part of a message belongs to.
macro_rules! of_a_series {
    ($($part:ty),+) => {
        $(impl $part {
            pub fn id(&self) -> SeriesKey {
                SeriesKey {
                    key: self.key,
                    start: self.start,
                }
            }
        })+
    };
}

of_a_series!(
    Series,
    SeriesName,
    SeriesHistory,
    super::RegionSeries,
    super::SpanSeries
);
