//! The options about what is measured, and how.

use crate::probe::kernel::{MAX_KEYS, Settings};
use clap::{Args, ValueEnum};
use runqlat_common::buckets::Unit;
use runqlat_common::name;
use runqlat_common::wire::{Key, Scope};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// What to measure; the letters are runqlat's.
#[derive(Args)]
pub(super) struct MeasureArgs {
    /// Count by process; the same as --by process
    #[arg(short = 'P', long = "pids", conflicts_with_all = ["by", "threads", "pidnss"])]
    processes: bool,

    /// Count by thread; the same as --by thread
    #[arg(short = 'L', long = "tids", conflicts_with_all = ["by", "pidnss"])]
    threads: bool,

    /// Count by pid namespace; the same as --by pidns
    #[arg(long, conflicts_with = "by")]
    pidnss: bool,

    /// Measure this process only
    #[arg(short, long, value_name = "TGID", value_parser = clap::value_parser!(u32).range(1..))]
    pid: Option<u32>,

    /// Measure tasks in this cgroup (v2) and below only
    #[arg(short, long, value_name = "PATH")]
    cgroup: Option<OsString>,

    /// Buckets of milliseconds instead of microseconds
    #[arg(short, long)]
    milliseconds: bool,

    /// Maximum keys in the kernel's table, which grows as needed; by default, as many as an eighth of the memory is for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_KEYS)))]
    max_keys: Option<u32>,

    /// Use the kernel programs for older kernels even where the others load
    #[arg(long)]
    raw_programs: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum By {
    /// The whole system in one histogram: cheapest
    Global,
    /// A histogram for each process (tgid)
    Process,
    /// A histogram for each thread (tid)
    Thread,
    /// A histogram for each pid namespace
    Pidns,
    /// A histogram for each cgroup (v2)
    Cgroup,
}

impl MeasureArgs {
    pub(super) fn scope(&self, by: By, interval_ms: u32) -> Scope {
        let key = match by {
            _ if self.processes => Key::Process,
            _ if self.threads => Key::Thread,
            _ if self.pidnss => Key::Pidns,
            By::Global => Key::Global,
            By::Process => Key::Process,
            By::Thread => Key::Thread,
            By::Pidns => Key::Pidns,
            By::Cgroup => Key::Cgroup,
        };
        // A path may hold any bytes; one that is not UTF-8 is passed on in hex.
        let (cgroup, cgroup_hex) = match self.cgroup.as_deref().map(OsStr::as_bytes) {
            Some(path) => match str::from_utf8(path) {
                Ok(path) => (Some(path.to_owned()), None),
                Err(_) => (None, Some(name::hex(path))),
            },
            None => (None, None),
        };
        Scope {
            key,
            tgid: self.pid,
            start: None,
            cgroup,
            cgroup_hex,
            unit: if self.milliseconds {
                Unit::Ms
            } else {
                Unit::Us
            },
            interval_ms,
        }
    }

    pub(super) fn settings(&self) -> Settings {
        Settings {
            force_raw: self.raw_programs,
            max_keys: self.max_keys,
        }
    }
}
