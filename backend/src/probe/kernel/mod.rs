//! The probe on the running kernel. The one module that talks to aya and to the BPF system call.

mod attach;
mod btf;
mod counters;
mod sizes;
mod sys;
mod table;

pub use attach::AttachError;
pub use sizes::{MAX_KEYS, Sizes};

use crate::probe::{Probe, ReadError, Reading};
use crate::procfs;
use attach::Attached;
use counters::Counters;
use runqlat_common::contract::KeyStats;
use runqlat_common::wire::{Key, Losses, Programs};
use std::collections::HashMap;
use table::Table;

/// Asking which processes live means listing /proc: at most this often, in ns.
const SWEEP_EVERY_NS: u64 = 1_000_000_000;

/// What to measure, and in how much room.
#[derive(Clone, Debug)]
pub struct Options {
    pub key: Key,
    /// Only this process, when set.
    pub tgid: Option<u32>,
    pub sizes: Sizes,
    /// Use the raw programs even where the typed ones load.
    pub force_raw: bool,
}

/// Attached programs and the maps they write. Detaches when dropped.
pub struct KernelProbe {
    attached: Attached,
    counters: Counters,
    table: Option<Table>,
    keys_max: u32,
    last_sweep_ns: u64,
}

impl KernelProbe {
    /// Loads the programs in `object` and attaches them.
    pub fn attach(object: &[u8], options: &Options) -> Result<Self, AttachError> {
        let attached = attach::attach(object, options)?;
        let counters = Counters::map(attached.map_fd("CPUS")?, attached.cpus)?;
        let (table, keys_max) = match options.key {
            Key::Global => (None, 0),
            Key::Process => {
                let keys = options.sizes.keys;
                (Some(Table::new(attached.map_fd("KEYS")?, keys)), keys)
            }
        };
        Ok(Self {
            attached,
            counters,
            table,
            keys_max,
            last_sweep_ns: 0,
        })
    }

    /// Replaces what was read of gone processes by a last reading that also deletes them. Listing
    /// the living comes after the reading: a key that was read and has no process now is gone,
    /// while a process that started in between has no key yet.
    fn sweep(table: &Table, keys: &mut HashMap<u32, KeyStats>) -> Result<Vec<u32>, std::io::Error> {
        let living = procfs::tgids()?;
        let gone: Vec<u32> = keys
            .keys()
            .copied()
            .filter(|k| !living.contains(k))
            .collect();
        for &tgid in &gone {
            if let Some(last) = table.take(tgid)? {
                keys.insert(tgid, last);
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
        self.keys_max
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let fail = |what| move |source| ReadError { what, source };
        let at_ns = procfs::monotonic_ns();
        let mut keys = HashMap::new();
        let mut gone = Vec::new();
        if let Some(table) = &mut self.table {
            table
                .read_into(&mut keys)
                .map_err(fail("reading the table of processes"))?;
            if at_ns.saturating_sub(self.last_sweep_ns) >= SWEEP_EVERY_NS {
                gone = Self::sweep(table, &mut keys).map_err(fail("removing gone processes"))?;
                self.last_sweep_ns = at_ns;
            }
        }
        let cpus = self.counters.sum();
        let recursion = self
            .attached
            .recursion_misses()
            .map_err(fail("asking for missed runs"))?;
        Ok(Reading {
            at_ns,
            unkeyed: cpus.hist,
            keys,
            gone,
            losses: Losses {
                collisions: cpus.collisions,
                missed: cpus.missed,
                unmatched: cpus.unmatched,
                discarded: cpus.discarded,
                recursion,
            },
        })
    }
}
