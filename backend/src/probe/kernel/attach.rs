//! Loading and attaching: the typed programs, or the raw ones where the kernel refuses those.

use super::layout::layout;
use super::object::Template;
use super::sizes::{Cpus, LEAST_STAMP_BITS};
use super::table::Table;
use super::{Options, Work, btf, sys};
use aya::maps::Map;
use aya::programs::{BtfTracePoint, ProgramError, ProgramFd, RawTracePoint};
use aya::{Btf, Ebpf, EbpfError, EbpfLoader};
use runqlat_common::buckets::Unit;
use runqlat_common::contract::{Config, Layout};
use runqlat_common::wire::{Key, Programs};
use runqlat_common::{hot, key_word};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

const KERNEL_BTF: &str = "/sys/kernel/btf/vmlinux";

/// Program and tracepoint. The ends come first: nothing that is counted then ends unseen. The switch comes before the
/// wakeups: a wakeup whose switch is not seen leaves a stale stamp behind, a switch whose wakeup was not seen is only
/// unmatched.
fn tracepoints(key: Key) -> Vec<(&'static str, &'static str)> {
    let rename = ("rename", "task_rename");
    let keys = match key {
        Key::Global => vec![],
        Key::Process | Key::Thread => vec![("task_freed", "sched_process_free"), rename],
        Key::Pidns => vec![("task_exits", "sched_process_exit"), rename],
        Key::Cgroup => vec![("cgroup_removed", "cgroup_rmdir")],
    };
    let waits = [
        ("switch", "sched_switch"),
        ("wakeup_new", "sched_wakeup_new"),
        ("wakeup", "sched_wakeup"),
    ];
    [keys, waits.to_vec()].concat()
}

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
    layout: Layout,
    btf: Btf,
    aya: EbpfLoader<'static>,
    /// The typed programs are not tried: told so, or refused before.
    raw: bool,
}

/// Loaded and attached programs with their maps.
pub(super) struct Attached {
    ebpf: Ebpf,
    fds: Vec<ProgramFd>,
    pub(super) programs: Programs,
    /// The table of keys, where there are any.
    pub(super) table: Option<Table>,
    /// Those that its tables were made for.
    pub(super) cpus: Cpus,
}

impl Loader {
    pub(super) fn new(object: &[u8], raw: bool) -> Result<Self, AttachError> {
        let template = Template::new(object)?;
        let raw_btf = std::fs::read(KERNEL_BTF).map_err(AttachError::NoBtf)?;
        let btf = Btf::parse(&raw_btf, aya::Endianness::default())
            .map_err(|error| AttachError::Object(error.to_string()))?;
        let mut aya = EbpfLoader::new();
        // It would relocate by its own copy of the kernel's BTF; these programs need none of that.
        aya.btf(None);
        Ok(Self {
            template,
            layout: layout(&raw_btf)?,
            btf,
            aya,
            raw,
        })
    }

    pub(super) fn attach(&mut self, options: &Options) -> Result<Attached, AttachError> {
        let mut maps = self.load_maps(options)?;
        let mut refusal = String::from("not tried");
        if !self.raw {
            match start(&mut maps.ebpf, options, |ebpf, name, step| {
                start_typed(ebpf, name, step, &self.btf)
            }) {
                Ok(fds) => return Ok(maps.attached(fds, Programs::Typed)),
                Err(typed) if options.work != Work::Measure => {
                    return Err(AttachError::Refused {
                        typed: first_line(&typed),
                        raw: refusal,
                    });
                }
                Err(typed) => {
                    refusal = first_line(&typed);
                    tracing::warn!(
                        "the kernel refuses the typed programs ({refusal}); raw ones cost more"
                    );
                    tracing::debug!("{typed}");
                    // What was attached of them must not count twice.
                    maps = self.load_maps(options)?;
                }
            }
        }
        let fds = start(&mut maps.ebpf, options, start_raw);
        let fds = fds.map_err(|raw| AttachError::Refused {
            typed: refusal,
            raw: first_line(&raw),
        })?;
        self.raw = true;
        Ok(maps.attached(fds, Programs::Raw))
    }

    /// Loads all, with a table of keys in its place before any program can want one.
    fn load_maps(&mut self, options: &Options) -> Result<Maps, AttachError> {
        let cpus = Cpus::of_host();
        let ebpf = self.load_object(options, cpus)?;
        let table = match options.key {
            Key::Global => None,
            _ => {
                let place = map_fd(&ebpf, "KEYS")?;
                Some(Table::new(place, options.sizes.keys).map_err(AttachError::Table)?)
            }
        };
        Ok(Maps { ebpf, table, cpus })
    }

    fn load_object(&mut self, options: &Options, cpus: Cpus) -> Result<Ebpf, AttachError> {
        let rows = match options.key {
            Key::Global => 1,
            _ => hot::rows(cpus.present) as u32,
        };
        let mut config = config(self.layout, cpus, options);
        self.aya
            .map_max_entries("CPUS", cpus.possible as u32)
            .map_max_entries("HOT", rows);
        loop {
            let error = match self.aya.load(self.template.with(&config)) {
                Ok(ebpf) => return Ok(ebpf),
                Err(error) => error,
            };
            match io_error_kind(&error) {
                Some(io::ErrorKind::PermissionDenied) => return Err(AttachError::Permission),
                // aya writes all stamps at once, for which kernels before 5.15 want as much memory in one piece:
                // on a host that has been up for long they may have none.
                Some(io::ErrorKind::OutOfMemory) if config.stamp_bits > LEAST_STAMP_BITS => {
                    config.stamp_bits -= 1;
                    config.stamp_mask >>= 1;
                    tracing::warn!("memory is short; 2^{} stamps must do", config.stamp_bits);
                }
                _ => return Err(AttachError::Maps(Box::new(error))),
            }
        }
    }
}

/// What is loaded and not attached yet.
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

/// A descriptor of its own for the map `name`.
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

fn config(layout: Layout, cpus: Cpus, options: &Options) -> Config {
    let hot_bits = hot::bits(cpus.present);
    let kind = options.key.kernel_kind();
    let group = options.cgroup.as_ref();
    Config {
        only_cgroup: group.map_or(0, |group| group.id),
        only_cgroup_level: group.map_or(0, |group| group.level),
        only_tgid: options.tgid.unwrap_or(0),
        only_start: options.start.unwrap_or(0),
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

/// Loads all programs that do this work, then attaches all: a refusal comes before anything is attached.
fn start(
    ebpf: &mut Ebpf,
    options: &Options,
    mut one: impl FnMut(&mut Ebpf, &str, Step) -> Result<Option<ProgramFd>, ProgramError>,
) -> Result<Vec<ProgramFd>, String> {
    let tracepoints = tracepoints(options.key);
    let prefix = match options.work {
        Work::Measure => "",
        Work::Nothing => "empty_",
        Work::ReadClock => "clock_",
    };
    let mut fds = Vec::new();
    for step in [Step::Load, Step::Attach] {
        for &(name, tracepoint) in &tracepoints {
            let done = one(ebpf, &format!("{prefix}{name}"), step(tracepoint));
            fds.extend(done.map_err(|error| format!("{name}: {error}"))?);
        }
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
pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
