//! Loading and attaching: the typed programs, or the raw ones where the kernel refuses those.

use super::{Options, btf, sys};
use aya::programs::{BtfTracePoint, ProgramError, ProgramFd, RawTracePoint};
use aya::{Btf, Ebpf, EbpfError, EbpfLoader};
use runqlat_common::contract::{ABSENT, Config};
use runqlat_common::wire::{Key, Programs};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

const KERNEL_BTF: &str = "/sys/kernel/btf/vmlinux";

/// Program and tracepoint. The switch comes first: a wakeup whose switch is not seen leaves a stale
/// stamp behind, a switch whose wakeup was not seen is only unmatched.
const TRACEPOINTS: [(&str, &str); 4] = [
    ("switch", "sched_switch"),
    ("wakeup_new", "sched_wakeup_new"),
    ("wakeup", "sched_wakeup"),
    ("rename", "task_rename"),
];

/// `Config` as a type that aya may copy into the programs' globals.
#[repr(transparent)]
#[derive(Clone, Copy)]
struct Globals(Config);

// SAFETY: u32 fields only, without padding.
unsafe impl aya::Pod for Globals {}

/// Why nothing is measured.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    #[error("this kernel has no type information (BTF): {KERNEL_BTF} can't be read: {0}")]
    NoBtf(#[source] io::Error),
    #[error("the kernel's type information (BTF) can't be used: {0}")]
    BadBtf(#[from] btf::BtfError),
    #[error("the kernel's task_struct has no field {0}")]
    NoField(&'static str),
    #[error("no permission to load BPF programs")]
    Permission,
    #[error("the kernel's tables can't be made: {0}")]
    Maps(#[source] Box<EbpfError>),
    #[error("the kernel refused the programs, typed ({typed}) and raw ({raw})")]
    Refused { typed: String, raw: String },
    #[error("the kernel's counters can't be mapped: {0}")]
    Map(#[source] io::Error),
    #[error("the kernel programs in this binary are damaged: {0}")]
    Object(String),
}

/// Loaded and attached programs with their maps.
pub(super) struct Attached {
    ebpf: Ebpf,
    fds: Vec<ProgramFd>,
    pub(super) programs: Programs,
    /// CPUs that the kernel may ever bring up.
    pub(super) cpus: usize,
}

pub(super) fn attach(object: &[u8], options: &Options) -> Result<Attached, AttachError> {
    let raw_btf = std::fs::read(KERNEL_BTF).map_err(AttachError::NoBtf)?;
    let config = config(&raw_btf, options)?;
    let cpus = aya::util::nr_cpus().map_err(|(_, error)| AttachError::Map(error))?;
    let btf = Btf::parse(&raw_btf, aya::Endianness::default())
        .map_err(|error| AttachError::Object(error.to_string()))?;
    let mut ebpf = load_maps(object, &btf, Globals(config), cpus, options)?;

    let typed = if options.force_raw {
        Err("not tried".to_owned())
    } else {
        start(&mut ebpf, |ebpf, name, tracepoint| {
            start_typed(ebpf, name, tracepoint, &btf)
        })
    };
    let (programs, fds) = match typed {
        Ok(fds) => (Programs::Typed, fds),
        Err(typed) => {
            tracing::info!("typed programs were refused: {typed}");
            let fds = start(&mut ebpf, start_raw).map_err(|raw| AttachError::Refused {
                typed: first_line(&typed),
                raw: first_line(&raw),
            })?;
            (Programs::Raw, fds)
        }
    };
    Ok(Attached {
        ebpf,
        fds,
        programs,
        cpus,
    })
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

    /// Runs that the kernel left out since the program was already running on that CPU.
    pub(super) fn recursion_misses(&self) -> io::Result<u64> {
        self.fds
            .iter()
            .try_fold(0, |sum, fd| Ok(sum + sys::recursion_misses(fd.as_fd())?))
    }
}

fn config(raw_btf: &[u8], options: &Options) -> Result<Config, AttachError> {
    // `state` was renamed in 5.14.
    let wanted = [
        "pid",
        "tgid",
        "__state",
        "state",
        "on_cpu",
        "group_leader",
        "comm",
    ];
    let offsets = btf::field_offsets(raw_btf, "task_struct", &wanted)?;
    let find = |name: &'static str| offsets.get(name).copied().ok_or(AttachError::NoField(name));
    Ok(Config {
        task_pid: find("pid")?,
        task_tgid: find("tgid")?,
        task_state: find("__state").or_else(|_| find("state"))?,
        task_on_cpu: find("on_cpu").unwrap_or(ABSENT),
        task_group_leader: find("group_leader")?,
        task_comm: find("comm")?,
        stamp_bits: options.sizes.stamp_bits,
        by_process: (options.key == Key::Process).into(),
        only_tgid: options.tgid.unwrap_or(0),
    })
}

fn load_maps(
    object: &[u8],
    btf: &Btf,
    globals: Globals,
    cpus: usize,
    options: &Options,
) -> Result<Ebpf, AttachError> {
    let keys = match options.key {
        Key::Global => 1,
        Key::Process => options.sizes.keys,
    };
    EbpfLoader::new()
        .btf(Some(btf))
        .override_global("CONFIG", &globals, true)
        .map_max_entries("CPUS", cpus as u32)
        .map_max_entries("STAMPS", 1 << options.sizes.stamp_bits)
        .map_max_entries("KEYS", keys)
        .load(object)
        .map_err(|error| match io_error_kind(&error) {
            Some(io::ErrorKind::PermissionDenied) => AttachError::Permission,
            _ => AttachError::Maps(Box::new(error)),
        })
}

/// The kind of the system's error behind `error`, however deep it lies.
fn io_error_kind(error: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        next = error.source();
    }
    None
}

/// Loads all programs, then attaches all: a refusal comes before anything is attached.
fn start(
    ebpf: &mut Ebpf,
    mut one: impl FnMut(&mut Ebpf, &str, Step) -> Result<Option<ProgramFd>, ProgramError>,
) -> Result<Vec<ProgramFd>, String> {
    let mut fds = Vec::new();
    for (name, tracepoint) in TRACEPOINTS {
        let loaded = one(ebpf, name, Step::Load(tracepoint));
        fds.extend(loaded.map_err(|error| format!("{name}: {error}"))?);
    }
    for (name, tracepoint) in TRACEPOINTS {
        let attached = one(ebpf, name, Step::Attach(tracepoint));
        attached.map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(fds)
}

#[derive(Clone, Copy)]
enum Step {
    Load(&'static str),
    Attach(&'static str),
}

fn start_typed(
    ebpf: &mut Ebpf,
    name: &str,
    step: Step,
    btf: &Btf,
) -> Result<Option<ProgramFd>, ProgramError> {
    let program = ebpf.program_mut(name).ok_or(ProgramError::NotLoaded)?;
    let program: &mut BtfTracePoint = program.try_into()?;
    match step {
        Step::Load(tracepoint) => {
            program.load(tracepoint, btf)?;
            Ok(Some(program.fd()?.try_clone()?))
        }
        Step::Attach(_) => program.attach().map(|_| None),
    }
}

fn start_raw(ebpf: &mut Ebpf, name: &str, step: Step) -> Result<Option<ProgramFd>, ProgramError> {
    let program = ebpf.program_mut(&format!("raw_{name}"));
    let program: &mut RawTracePoint = program.ok_or(ProgramError::NotLoaded)?.try_into()?;
    match step {
        Step::Load(_) => {
            program.load()?;
            Ok(Some(program.fd()?.try_clone()?))
        }
        Step::Attach(tracepoint) => program.attach(tracepoint).map(|_| None),
    }
}

/// The verifier's log has thousands of lines; `-v` shows them all.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
