//! The options about what is measured, and how.

use crate::probe::kernel::{MAX_KEYS, Settings, Work};
use clap::{Args, ValueEnum};
use runqlat_common::buckets::Unit;
use runqlat_common::wire::{Key, Scope};

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
    cgroup: Option<String>,

    /// Buckets of milliseconds instead of microseconds
    #[arg(short, long)]
    milliseconds: bool,

    /// Room for keys in the kernel's table; by default, twice what there is at the start
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_KEYS)))]
    max_keys: Option<u32>,

    /// Use the kernel programs for older kernels even where the others load
    #[arg(long)]
    raw_programs: bool,

    /// Attach programs that do nothing, to see what being called costs; or nothing but for reading the clock
    #[arg(long, hide = true, value_name = "BUT_FOR", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "nothing", conflicts_with = "raw_programs")]
    empty_programs: Option<ButFor>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ButFor {
    Nothing,
    Clock,
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
        Scope {
            key,
            tgid: self.pid,
            start: None,
            cgroup: self.cgroup.clone(),
            cgroup_hex: None,
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
            work: match self.empty_programs {
                None => Work::Measure,
                Some(ButFor::Nothing) => Work::Nothing,
                Some(ButFor::Clock) => Work::ReadClock,
            },
            max_keys: self.max_keys,
        }
    }
}
