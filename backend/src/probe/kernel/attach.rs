//! Loading and attaching: the typed programs, or the raw ones where the kernel refuses those.

use super::layout::layout;
use super::object::Template;
use super::programs::{ALL, io_error, start, start_raw, start_typed};
use super::sizes::{Cpus, LEAST_STAMP_BITS};
use super::table::Table;
use super::{Options, btf, memory, sys};
use aya::maps::Map;
use aya::programs::ProgramFd;
use aya::{Btf, Ebpf, EbpfError, EbpfLoader};
use runqlat_common::buckets::Unit;
use runqlat_common::contract::{Config, Layout};
use runqlat_common::wire::{Key, Programs};
use runqlat_common::{hot, key_word};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

pub(super) const KERNEL_BTF: &str = "/sys/kernel/btf/vmlinux";

/// Why nothing is measured.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    #[error("this kernel has no type information (BTF): {KERNEL_BTF} can't be read: {0}")]
    NoBtf(#[source] io::Error),
    #[error("the kernel's type information (BTF) can't be used: {0}")]
    BadBtf(#[from] btf::BtfError),
    #[error("the kernel's {structure} has no field {field} of the form known here ({found:?})")]
    Field {
        structure: String,
        field: &'static str,
        found: Option<Option<u32>>,
    },
    #[error("no permission to load BPF programs")]
    Permission,
    #[error("{needed} bytes of memory are needed")]
    Memory {
        /// Memory for the tables and the program, in bytes.
        needed: u64,
        /// One of the tables is that of keys.
        keyed: bool,
    },
    #[error("the kernel's tables can't be made: {0}")]
    Maps(#[source] Box<EbpfError>),
    #[error("the kernel refused the programs, typed ({typed}) and raw ({raw})")]
    Refused { typed: String, raw: String },
    #[error("the kernel's table of keys can't be made: {0}")]
    Table(#[source] io::Error),
    #[error("the kernel's counters can't be mapped: {0}")]
    Map(#[source] io::Error),
    #[error("the kernel programs in this binary are damaged: {0}")]
    Object(String),
}

/// What attaching needs of the running kernel, found out once: it takes tens of milliseconds.
pub(super) struct Loader {
    template: Template,
    types: Types,
    aya: EbpfLoader<'static>,
    /// The typed programs are not tried: told so, or refused before.
    raw: bool,
}

/// Loaded and attached programs with their maps.
pub(super) struct Attached {
    ebpf: Ebpf,
    fds: Vec<ProgramFd>,
    pub(super) programs: Programs,
    /// The table of keys, if waits are grouped by key.
    pub(super) table: Option<Table>,
    /// The CPUs that its tables were made for.
    pub(super) cpus: Cpus,
}

impl Loader {
    pub(super) fn new(object: &[u8], raw: bool) -> Result<Self, AttachError> {
        let template = Template::new(object)?;
        let types = Types::of_kernel()?;
        // `EbpfLoader::new` reads the kernel's BTF in any case and ignores what it can't read. It is for relocations,
        // of which these programs need none.
        let mut aya = EbpfLoader::new();
        aya.btf(None);
        Ok(Self {
            template,
            types,
            aya,
            raw,
        })
    }

    pub(super) fn attach(&mut self, options: &Options) -> Result<Attached, AttachError> {
        let mut maps = self.load_maps(options)?;
        let mut refusal = String::from("not tried");
        if !self.raw {
            match start(&mut maps.ebpf, options.key, |ebpf, name, step| {
                start_typed(ebpf, name, step, &self.types.tracepoints)
            }) {
                Ok(fds) => return Ok(maps.attached(fds, Programs::Typed)),
                Err(typed) => {
                    refusal = typed.unless_fatal(options)?;
                    tracing::warn!(
                        "the kernel refuses the typed programs ({refusal}); raw ones cost more"
                    );
                    // What was attached of them must not count twice.
                    maps = self.load_maps(options)?;
                }
            }
        }
        let fds = match start(&mut maps.ebpf, options.key, start_raw) {
            Ok(fds) => fds,
            Err(raw) => {
                let (typed, raw) = (refusal, raw.unless_fatal(options)?);
                return Err(AttachError::Refused { typed, raw });
            }
        };
        self.raw = true;
        Ok(maps.attached(fds, Programs::Raw))
    }

    /// Loads all programs; the table of keys is in its place before any of them can need it.
    fn load_maps(&mut self, options: &Options) -> Result<Maps, AttachError> {
        let cpus = Cpus::of_host();
        let ebpf = self.load_object(options, cpus)?;
        let table = match options.key {
            Key::Global => None,
            _ => {
                let table = Table::new(map_fd(&ebpf, "KEYS")?, options.sizes.keys);
                Some(table.map_err(|error| refused_table(error, options))?)
            }
        };
        Ok(Maps { ebpf, table, cpus })
    }

    fn load_object(&mut self, options: &Options, cpus: Cpus) -> Result<Ebpf, AttachError> {
        let rows = match options.key {
            Key::Global => 1,
            _ => hot::rows(cpus.present) as u32,
        };
        let mut config = config(self.types.layout, cpus, options);
        self.aya
            .map_max_entries("CPUS", cpus.possible as u32)
            .map_max_entries("HOT", rows);
        loop {
            let error = match self.aya.load(self.template.with(&config)) {
                Ok(ebpf) => return Ok(ebpf),
                Err(error) => error,
            };
            match io_error(&error).map(io::Error::kind) {
                // Some seccomp filters refuse with the latter.
                Some(io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported) => {
                    return Err(AttachError::Permission);
                }
                // aya writes all stamps at once, for which kernels before 5.15 want as much memory in one piece:
                // on a host that has been up for long they may have none.
                Some(io::ErrorKind::OutOfMemory) if config.stamp_bits > LEAST_STAMP_BITS => {
                    config.stamp_bits -= 1;
                    config.stamp_mask >>= 1;
                    tracing::warn!("memory is short; 2^{} stamps must do", config.stamp_bits);
                }
                Some(io::ErrorKind::OutOfMemory) => {
                    return Err(memory::too_large(options.key, options.sizes));
                }
                _ => return Err(AttachError::Maps(Box::new(error))),
            }
        }
    }
}

fn refused_table(error: io::Error, options: &Options) -> AttachError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => AttachError::Permission,
        io::ErrorKind::OutOfMemory => memory::too_large(options.key, options.sizes),
        _ => AttachError::Table(error),
    }
}

/// Programs that are loaded and not attached yet.
struct Maps {
    ebpf: Ebpf,
    table: Option<Table>,
    cpus: Cpus,
}

impl Maps {
    fn attached(self, fds: Vec<ProgramFd>, programs: Programs) -> Attached {
        Attached {
            ebpf: self.ebpf,
            fds,
            programs,
            table: self.table,
            cpus: self.cpus,
        }
    }
}

/// A new descriptor for the map `name`.
fn map_fd(ebpf: &Ebpf, name: &'static str) -> Result<OwnedFd, AttachError> {
    let missing = || AttachError::Object(format!("there is no map {name}"));
    let data = match ebpf.map(name).ok_or_else(missing)? {
        Map::Array(data) | Map::ArrayOfMaps(data) => data,
        _ => {
            return Err(AttachError::Object(format!(
                "map {name} is of another type"
            )));
        }
    };
    let fd = data.fd().as_fd().try_clone_to_owned();
    fd.map_err(AttachError::Map)
}

impl Attached {
    /// A descriptor of its own for the map `name`.
    pub(super) fn map_fd(&self, name: &'static str) -> Result<OwnedFd, AttachError> {
        map_fd(&self.ebpf, name)
    }

    /// Runs that the kernel left out since the program was already running on that CPU.
    pub(super) fn recursion_misses(&self) -> io::Result<u64> {
        self.fds
            .iter()
            .try_fold(0, |sum, fd| Ok(sum + sys::recursion_misses(fd.as_fd())?))
    }
}

/// What is needed of the kernel's types, which themselves take megabytes.
struct Types {
    layout: Layout,
    /// The types that aya looks up.
    tracepoints: Btf,
}

impl Types {
    fn of_kernel() -> Result<Self, AttachError> {
        let bytes = std::fs::read(KERNEL_BTF).map_err(AttachError::NoBtf)?;
        let kernel = btf::Kernel::parse(&bytes)?;
        let names = ALL.map(|(_, tracepoint)| format!("btf_trace_{tracepoint}"));
        let only = kernel.only(&names.each_ref().map(String::as_str));
        let tracepoints = Btf::parse(&only, aya::Endianness::default());
        Ok(Self {
            layout: layout(&kernel)?,
            tracepoints: tracepoints.map_err(|error| AttachError::Object(error.to_string()))?,
        })
    }
}

fn config(layout: Layout, cpus: Cpus, options: &Options) -> Config {
    let hot_bits = hot::bits(cpus.present);
    let kind = options.key.kernel_kind();
    let group = options.target.cgroup.as_ref();
    let (tgid, start) = options.target.process.unwrap_or_default();
    Config {
        only_cgroup: group.map_or(0, |group| group.id),
        only_cgroup_level: group.map_or(0, |group| group.level),
        only_tgid: tgid,
        only_start: start,
        key: kind,
        milliseconds: (options.unit == Unit::Ms).into(),
        stamp_bits: options.sizes.stamp_bits,
        stamp_mask: (1 << options.sizes.stamp_bits) - 1,
        hot_bits,
        hot_mask: (1 << hot_bits) - 1,
        id_shift: key_word::id_shift(kind),
        layout,
    }
}
