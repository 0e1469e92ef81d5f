//! The probe on the running kernel. The one module that talks to aya and to the BPF system call.

mod attach;
mod btf;
mod counters;
mod ended;
mod group_names;
mod hot;
mod keys;
mod layout;
mod ledger;
mod mapping;
mod memory;
mod object;
mod occupancy;
mod programs;
mod room;
mod sizes;
mod sys;
mod table;

pub use attach::AttachError;
#[cfg(feature = "fuzzing")]
pub use layout::read_btf;
pub use sizes::{Cpus, MAX_KEYS, Sizes};

use crate::cgroup::memory::Limit;
use crate::failure::Failure;
use crate::probe::{Probe, ReadError, Reading, Source};
use crate::target::{self, Presence, Target, Watched};
use crate::{cgroup, procfs};
use attach::{Attached, KERNEL_BTF, Loader};
use counters::Counters;
use keys::Keys;
use runqlat_common::buckets::Unit;
use runqlat_common::wire::{Key, Losses, Programs, Scope};

/// Ended keys are deleted, and the scope's target is looked for by its path: at most this often, in ns. Readings are a
/// second apart or less; one that comes a little early is a sweep all the same.
const SWEEP_EVERY_NS: u64 = 900_000_000;

/// What to measure, and in how much room.
#[derive(Clone, Debug)]
struct Options {
    key: Key,
    unit: Unit,
    target: Target,
    sizes: Sizes,
}

/// How to measure, whatever the scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Use the raw programs even where the typed ones load.
    pub force_raw: bool,
    /// Overrides how far the table of keys may grow.
    pub max_keys: Option<u32>,
}

/// The running kernel, which can be measured.
pub struct Kernel {
    loader: Loader,
    settings: Settings,
}

impl Kernel {
    /// Finds out what attaching the programs in `object` needs.
    pub fn new(object: &[u8], settings: Settings) -> Result<Self, AttachError> {
        if let Ok(sizes) = Self::sizes(Key::Process, settings.max_keys) {
            memory::check_all(Key::Process, sizes)?;
        }
        let loader = Loader::new(object, settings.force_raw)?;
        memory::give_back();
        Ok(Self { loader, settings })
    }

    /// The tables' sizes for a key, on this host as it is now.
    pub fn sizes(key: Key, max_keys: Option<u32>) -> std::io::Result<Sizes> {
        let now = match key {
            Key::Thread => procfs::tasks()?,
            Key::Cgroup => {
                let mounts = cgroup::mounted();
                let mount = cgroup::v2(&mounts);
                mount.map_or(Ok(0), |mount| cgroup::paths(mount).map(|paths| paths.len()))?
            }
            Key::Global | Key::Process | Key::Pidns => procfs::processes()?,
        };
        let host = sizes::Host {
            pid_max: procfs::pid_max()?,
            keys: now,
            memory: Limit::own()
                .map_or(u64::MAX, |limit| limit.bytes)
                .min(procfs::memory()),
        };
        Ok(Sizes::for_host(host, max_keys))
    }
}

impl Source for Kernel {
    fn attach(&mut self, scope: &Scope) -> Result<(Box<dyn Probe>, Scope), Failure> {
        let (scope, target) = target::resolve(scope)?;
        let sizes = Self::sizes(scope.key, self.settings.max_keys).map_err(|error| {
            Failure::Other(anyhow::Error::new(error).context("can't see how large this host is"))
        })?;
        tracing::debug!("tables: {sizes:?}");
        memory::check_tables(scope.key, sizes)?;
        let options = Options {
            key: scope.key,
            unit: scope.unit,
            target,
            sizes,
        };
        let probe = KernelProbe::attach(&mut self.loader, &options)?;
        Ok((Box::new(probe), scope))
    }
}

/// Attached programs and the maps they write. Detaches when dropped.
struct KernelProbe {
    attached: Attached,
    counters: Counters,
    keys: Option<Keys>,
    watched: Watched,
    presence: Presence,
    last_sweep_ns: u64,
}

impl KernelProbe {
    fn attach(loader: &mut Loader, options: &Options) -> Result<Self, AttachError> {
        let mut attached = loader.attach(options)?;
        let cpus = attached.cpus.possible;
        let counters = Counters::map(&attached.map_fd("CPUS")?, cpus)?;
        let table = attached.table.take();
        let keys = table.map(|table| Keys::new(options.key, options.sizes, table, &attached));
        Ok(Self {
            attached,
            counters,
            keys: keys.transpose()?,
            watched: Watched::new(options.target.clone()),
            presence: Presence::There,
            last_sweep_ns: 0,
        })
    }

    fn read_keys(&mut self, into: &mut Reading, sweeps: bool) -> Result<(), ReadError> {
        let Some(keys) = &mut self.keys else {
            return Ok(());
        };
        let read = keys.read(&mut into.keys, &self.counters);
        into.names = read.map_err(|source| ReadError {
            what: "reading the table of keys",
            source,
        })?;
        if sweeps {
            into.gone = keys.sweep(&mut into.keys);
        }
        Ok(())
    }
}

impl Probe for KernelProbe {
    fn programs(&self) -> Programs {
        self.attached.programs
    }

    fn keys_max(&self) -> u32 {
        self.keys.as_ref().map_or(0, Keys::room)
    }

    fn keys_bound(&self) -> u32 {
        self.keys.as_ref().map_or(0, Keys::bound)
    }

    fn tend(&mut self) {
        if let Some(keys) = &mut self.keys {
            keys.tend(&self.counters);
        }
    }

    fn read(&mut self, into: &mut Reading) -> Result<(), ReadError> {
        into.at_ns = procfs::monotonic_ns();
        into.gone.clear();
        let sweeps = into.at_ns.saturating_sub(self.last_sweep_ns) >= SWEEP_EVERY_NS;
        // Everything that can fail comes before keys are deleted; otherwise their last waits would be lost.
        let recursion = self.attached.recursion_misses();
        let recursion = recursion.map_err(|source| ReadError {
            what: "asking for missed runs",
            source,
        })?;
        self.read_keys(into, sweeps)?;
        if sweeps {
            self.last_sweep_ns = into.at_ns;
            self.presence = self.watched.presence();
        }
        into.presence = self.presence;
        let cpus = self.counters.sum();
        into.unkeyed = cpus.hist;
        if let Some(keys) = &self.keys {
            into.unkeyed.add(keys.nobodys());
        }
        into.losses = Losses {
            collisions: cpus.collisions,
            missed: cpus.missed,
            unmatched: cpus.unmatched,
            discarded: cpus.discarded,
            recursion,
        };
        let us = procfs::monotonic_ns().saturating_sub(into.at_ns) / 1_000;
        tracing::debug!("reading: {} keys in {us} µs", into.keys.len());
        Ok(())
    }
}
