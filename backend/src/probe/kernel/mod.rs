//! The probe on the running kernel. The one module that talks to aya and to the BPF system call.

mod attach;
mod btf;
mod counters;
mod hot;
mod layout;
mod ledger;
mod mapping;
mod memory;
mod namespaces;
mod object;
mod programs;
mod register;
mod sizes;
mod suspects;
mod sys;
mod table;

pub use attach::AttachError;
#[cfg(feature = "fuzzing")]
pub use layout::read_btf;
pub use sizes::{MAX_KEYS, Sizes};

use crate::cgroup::Group;
use crate::failure::Failure;
use crate::probe::{Probe, ReadError, Reading, Source};
use crate::target::{self, Presence, Watched};
use crate::{cgroup, probe, procfs};
use attach::{Attached, KERNEL_BTF, Loader};
use counters::Counters;
use hot::Hot;
use ledger::Ledger;
use register::Register;
use runqlat_common::buckets::Unit;
use runqlat_common::wire::{Key, Losses, Programs, Scope};
use table::Table;

/// Asking which keys live means asking for each, and the scope's target is looked for by its path: at most this often, in
/// ns.
const SWEEP_EVERY_NS: u64 = 1_000_000_000;

/// What to measure, and in how much room.
#[derive(Clone, Debug)]
struct Options {
    key: Key,
    unit: Unit,
    tgid: Option<u32>,
    cgroup: Option<Group>,
    sizes: Sizes,
}

/// How to measure, whatever the scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Use the raw programs even where the typed ones load.
    pub force_raw: bool,
    /// Room for keys, instead of what fits the host.
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
        Ok(Sizes::for_host(procfs::pid_max()?, now, max_keys))
    }
}

impl Source for Kernel {
    fn attach(&mut self, scope: &Scope) -> Result<(Box<dyn Probe>, Scope), Failure> {
        let (scope, cgroup) = target::resolve(scope)?;
        let sizes = Self::sizes(scope.key, self.settings.max_keys).map_err(|error| {
            Failure::Other(anyhow::Error::new(error).context("can't see how large this host is"))
        })?;
        tracing::debug!("tables: {sizes:?}");
        memory::check_tables(scope.key, sizes)?;
        let options = Options {
            key: scope.key,
            unit: scope.unit,
            tgid: scope.tgid,
            cgroup,
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

/// The table of keys and what is known of them.
struct Keys {
    table: Table,
    hot: Ledger<Hot>,
    register: Register,
    max: u32,
}

impl KernelProbe {
    fn attach(loader: &mut Loader, options: &Options) -> Result<Self, AttachError> {
        let attached = loader.attach(options)?;
        let counters = Counters::map(&attached.map_fd("CPUS")?, attached.cpus)?;
        let keys = match options.key {
            Key::Global => None,
            key => Some(Keys::new(key, options.sizes.keys, &attached)?),
        };
        Ok(Self {
            attached,
            counters,
            keys,
            watched: Watched::new(options.tgid, options.cgroup.clone()),
            presence: Presence::There,
            last_sweep_ns: 0,
        })
    }
}

impl Keys {
    fn new(key: Key, max: u32, attached: &Attached) -> Result<Self, AttachError> {
        Ok(Self {
            table: Table::new(attached.map_fd("KEYS")?, max),
            hot: Ledger::new(
                Hot::map(&attached.map_fd("HOT")?, attached.cpus)?,
                attached.cpus,
            ),
            register: Register::new(key),
            max,
        })
    }

    fn read(&mut self, into: &mut probe::Keys) -> std::io::Result<()> {
        self.hot.collect();
        self.table.read(into)?;
        self.hot.add_to(into);
        Ok(())
    }

    /// Replaces what was read of gone keys by a last reading that also deletes them. Asking who lives
    /// comes after the reading: a key that was read and is nobody's now is gone, while one that began
    /// in between has not been read.
    fn sweep(
        &mut self,
        read: &mut probe::Keys,
        attached: &mut Attached,
    ) -> std::io::Result<Vec<u64>> {
        let gone = self.register.gone(read, || attached.pid_namespaces());
        self.hot.sweep();
        for &key in &gone {
            if let Some(mut last) = self.table.take(key)? {
                last.hist.add(&self.hot.close(key));
                *read.entry(key, || last) = last;
            }
        }
        Ok(gone)
    }
}

impl Probe for KernelProbe {
    fn programs(&self) -> Programs {
        self.attached.programs
    }

    fn keys_max(&self) -> u32 {
        self.keys.as_ref().map_or(0, |keys| keys.max)
    }

    fn read(&mut self, into: &mut Reading) -> Result<(), ReadError> {
        let fail = |what| move |source| ReadError { what, source };
        into.at_ns = procfs::monotonic_ns();
        into.gone.clear();
        let sweeps = into.at_ns.saturating_sub(self.last_sweep_ns) >= SWEEP_EVERY_NS;
        if sweeps {
            self.last_sweep_ns = into.at_ns;
            self.presence = self.watched.presence();
        }
        into.presence = self.presence;
        if let Some(keys) = &mut self.keys {
            let read = keys.read(&mut into.keys);
            read.map_err(fail("reading the table of keys"))?;
            into.names = keys.register.names(into.keys.ids());
            if sweeps {
                let swept = keys.sweep(&mut into.keys, &mut self.attached);
                into.gone = swept.map_err(fail("removing gone keys"))?;
            }
        }
        let cpus = self.counters.sum();
        into.unkeyed = cpus.hist;
        if let Some(keys) = &self.keys {
            into.unkeyed.add(keys.hot.nobodys());
        }
        into.losses = Losses {
            collisions: cpus.collisions,
            missed: cpus.missed,
            unmatched: cpus.unmatched,
            discarded: cpus.discarded,
            recursion: self
                .attached
                .recursion_misses()
                .map_err(fail("asking for missed runs"))?,
        };
        let us = procfs::monotonic_ns().saturating_sub(into.at_ns) / 1_000;
        tracing::debug!("reading: {} keys in {us} µs", into.keys.len());
        Ok(())
    }
}
