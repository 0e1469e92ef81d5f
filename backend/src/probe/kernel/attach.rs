//! Loading and attaching: the typed programs, or the raw ones where the kernel refuses those.

use super::btf::{Ids, Named};
use super::layout::layout;
use super::object::Template;
use super::programs::{TRACEPOINTS, io_error, start, start_raw, start_typed};
use super::sizes::LEAST_STAMP_BITS;
use super::{Options, btf, memory, namespaces, sys};
use aya::programs::ProgramFd;
use aya::{Btf, Ebpf, EbpfError, EbpfLoader};
use runqlat_common::buckets::Unit;
use runqlat_common::contract::{Config, Layout, key};
use runqlat_common::hot;
use runqlat_common::wire::{Key, Programs};
use std::collections::HashSet;
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
        /// By tables and program, in bytes.
        needed: u64,
        /// One of the tables is that of keys.
        keyed: bool,
    },
    #[error("the kernel's tables can't be made: {0}")]
    Maps(#[source] Box<EbpfError>),
    #[error("the kernel refused the programs, typed ({typed}) and raw ({raw})")]
    Refused { typed: String, raw: String },
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
    /// CPUs that the kernel may ever bring up.
    cpus: usize,
    /// The typed programs are not tried: told so, or refused before.
    raw: bool,
}

/// Loaded and attached programs with their maps.
pub(super) struct Attached {
    ebpf: Ebpf,
    fds: Vec<ProgramFd>,
    pub(super) programs: Programs,
    /// CPUs that the kernel may ever bring up.
    pub(super) cpus: usize,
}

impl Loader {
    pub(super) fn new(object: &[u8], raw: bool) -> Result<Self, AttachError> {
        let template = Template::new(object)?;
        let types = Types::of_kernel()?;
        // It reads the kernel's BTF, whatever is wanted, and forgets what it can't read. It would relocate by it; these
        // programs need none of that.
        let mut aya = EbpfLoader::new();
        aya.btf(None);
        Ok(Self {
            template,
            types,
            aya,
            cpus: aya::util::nr_cpus().map_err(|(_, error)| AttachError::Map(error))?,
            raw,
        })
    }

    pub(super) fn attach(&mut self, options: &Options) -> Result<Attached, AttachError> {
        let mut ebpf = self.load_maps(options)?;
        let mut refusal = String::from("not tried");
        if !self.raw {
            match start(&mut ebpf, |ebpf, name, step| {
                start_typed(ebpf, name, step, &self.types.tracepoints)
            }) {
                Ok(fds) => return Ok(self.attached(options, ebpf, fds, Programs::Typed)),
                Err(typed) => {
                    refusal = typed.unless_fatal(options)?;
                    tracing::warn!(
                        "the kernel refuses the typed programs ({refusal}); raw ones cost more"
                    );
                    // What was attached of them must not count twice.
                    ebpf = self.load_maps(options)?;
                }
            }
        }
        let fds = match start(&mut ebpf, start_raw) {
            Ok(fds) => fds,
            Err(raw) => {
                let (typed, raw) = (refusal, raw.unless_fatal(options)?);
                return Err(AttachError::Refused { typed, raw });
            }
        };
        self.raw = true;
        Ok(self.attached(options, ebpf, fds, Programs::Raw))
    }

    fn attached(
        &self,
        options: &Options,
        mut ebpf: Ebpf,
        fds: Vec<ProgramFd>,
        programs: Programs,
    ) -> Attached {
        if options.key == Key::Pidns {
            namespaces::load(&mut ebpf, &self.types.iterator);
        }
        Attached {
            ebpf,
            fds,
            programs,
            cpus: self.cpus,
        }
    }

    fn load_maps(&mut self, options: &Options) -> Result<Ebpf, AttachError> {
        let (keys, rows) = match options.key {
            Key::Global => (1, 1),
            _ => (options.sizes.keys, hot::rows(self.cpus) as u32),
        };
        let mut config = config(self.types.layout, self.cpus, options);
        self.aya
            .map_max_entries("CPUS", self.cpus as u32)
            .map_max_entries("KEYS", keys)
            .map_max_entries("HOT", rows);
        loop {
            let error = match self.aya.load(self.template.with(&config)) {
                Ok(ebpf) => return Ok(ebpf),
                Err(error) => error,
            };
            match io_error(&error).map(io::Error::kind) {
                // The latter is how some filters of system calls refuse.
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

impl Attached {
    /// A descriptor of its own for the map `name`.
    pub(super) fn map_fd(&self, name: &'static str) -> Result<OwnedFd, AttachError> {
        let missing = || AttachError::Object(format!("there is no map {name}"));
        let data = match self.ebpf.map(name).ok_or_else(missing)? {
            aya::maps::Map::Array(data) | aya::maps::Map::HashMap(data) => data,
            _ => {
                return Err(AttachError::Object(format!(
                    "map {name} is of another type"
                )));
            }
        };
        let fd = data.fd().as_fd().try_clone_to_owned();
        fd.map_err(AttachError::Map)
    }

    /// Inode numbers of the pid namespaces in which a process lives.
    pub(super) fn pid_namespaces(&mut self) -> io::Result<HashSet<u64>> {
        namespaces::living(&mut self.ebpf)
    }

    /// Runs that the kernel left out since the program was already running on that CPU.
    pub(super) fn recursion_misses(&self) -> io::Result<u64> {
        self.fds
            .iter()
            .try_fold(0, |sum, fd| Ok(sum + sys::recursion_misses(fd.as_fd())?))
    }
}

/// What is wanted of the kernel's types, which themselves are megabytes.
struct Types {
    layout: Layout,
    /// For aya.
    tracepoints: Btf,
    /// The type that `namespaces` wants. Its id is high, and aya's memory for it megabytes.
    iterator: Ids,
}

impl Types {
    fn of_kernel() -> Result<Self, AttachError> {
        let bytes = std::fs::read(KERNEL_BTF).map_err(AttachError::NoBtf)?;
        let kernel = btf::Kernel::parse(&bytes)?;
        let names = TRACEPOINTS.map(|(_, tracepoint)| format!("btf_trace_{tracepoint}"));
        let wanted: Vec<_> = names.iter().map(|name| (Named::Typedef, &**name)).collect();
        let tracepoints = Btf::parse(&kernel.ids(&wanted).btf(), aya::Endianness::default());
        Ok(Self {
            layout: layout(&kernel)?,
            tracepoints: tracepoints.map_err(|error| AttachError::Object(error.to_string()))?,
            iterator: kernel.ids(&[(Named::Func, namespaces::TYPE)]),
        })
    }
}

fn config(layout: Layout, cpus: usize, options: &Options) -> Config {
    let hot_bits = hot::bits(cpus);
    let group = options.cgroup.as_ref();
    Config {
        only_cgroup: group.map_or(0, |group| group.id),
        only_cgroup_level: group.map_or(0, |group| group.level),
        only_tgid: options.tgid.unwrap_or(0),
        key: match options.key {
            Key::Global => key::GLOBAL,
            Key::Process => key::PROCESS,
            Key::Thread => key::THREAD,
            Key::Pidns => key::PIDNS,
            Key::Cgroup => key::CGROUP,
        },
        milliseconds: (options.unit == Unit::Ms).into(),
        stamp_bits: options.sizes.stamp_bits,
        stamp_mask: (1 << options.sizes.stamp_bits) - 1,
        hot_bits,
        hot_mask: (1 << hot_bits) - 1,
        layout,
    }
}
