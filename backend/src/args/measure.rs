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
    /// Group by process; the same as --by process
    #[arg(short = 'P', long = "pids", conflicts_with_all = ["by", "threads", "pidnss"])]
    processes: bool,

    /// Group by thread; the same as --by thread
    #[arg(short = 'L', long = "tids", conflicts_with_all = ["by", "pidnss"])]
    threads: bool,

    /// Group by pid namespace; the same as --by pidns
    #[arg(long, conflicts_with = "by")]
    pidnss: bool,

    /// Measure only this process
    #[arg(short, long, value_name = "TGID", value_parser = clap::value_parser!(u32).range(1..))]
    pid: Option<u32>,

    /// Measure only tasks in this cgroup (v2) and below it
    #[arg(short, long, value_name = "PATH")]
    cgroup: Option<OsString>,

    /// Use buckets of milliseconds instead of microseconds
    #[arg(short, long)]
    milliseconds: bool,

    /// Maximum keys in the BPF map, which grows as needed [default: as many as fit in an eighth of the memory]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_KEYS)))]
    max_keys: Option<u32>,

    /// Use raw tracepoints even if the kernel accepts BTF-typed ones
    #[arg(long)]
    raw_programs: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum By {
    /// One histogram of the whole system; the cheapest
    Global,
    /// One histogram per process (tgid)
    Process,
    /// One histogram per thread (tid)
    Thread,
    /// One histogram per pid namespace
    Pidns,
    /// One histogram per cgroup (v2)
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
