//! The BPF programs: how each is loaded and attached, and what a refusal means.

use super::{AttachError, Options, memory};
use aya::programs::{BtfTracePoint, ProgramError, ProgramFd, RawTracePoint};
use aya::{Btf, Ebpf};
use runqlat_common::wire::Key;
use std::io;

/// A program and its tracepoint.
type Place = (&'static str, &'static str);

const TASK_FREED: Place = ("task_freed", "sched_process_free");
const TASK_EXITS: Place = ("task_exits", "sched_process_exit");
const CGROUP_REMOVED: Place = ("cgroup_removed", "cgroup_rmdir");
const RENAME: Place = ("rename", "task_rename");
const SWITCH: Place = ("switch", "sched_switch");
const WAKEUP_NEW: Place = ("wakeup_new", "sched_wakeup_new");
const WAKEUP: Place = ("wakeup", "sched_wakeup");

/// All programs.
pub(super) const ALL: [Place; 7] = [
    TASK_FREED,
    TASK_EXITS,
    CGROUP_REMOVED,
    RENAME,
    SWITCH,
    WAKEUP_NEW,
    WAKEUP,
];

/// The programs that a key kind needs. Those that see keys end come first, so that no end is missed. The switch comes
/// before the wakeups: a wakeup whose switch is not seen leaves a stale stamp behind, a switch whose wakeup was not
/// seen is only unmatched.
fn places(key: Key) -> Vec<Place> {
    let of_key: &[Place] = match key {
        Key::Global => &[],
        Key::Process | Key::Thread => &[TASK_FREED, RENAME],
        Key::Pidns => &[TASK_EXITS, RENAME],
        Key::Cgroup => &[CGROUP_REMOVED],
    };
    [of_key, &[SWITCH, WAKEUP_NEW, WAKEUP]].concat()
}

/// The system error at the root of `error`.
pub(super) fn io_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error);
        }
        next = error.source();
    }
    None
}

/// Loads all programs that a key kind needs, then attaches them: a refusal comes before anything is attached.
pub(super) fn start(
    ebpf: &mut Ebpf,
    key: Key,
    mut one: impl FnMut(&mut Ebpf, &str, Step) -> Result<Option<ProgramFd>, ProgramError>,
) -> Result<Vec<ProgramFd>, Refusal> {
    let places = places(key);
    let mut fds = Vec::new();
    for step in [Step::Load, Step::Attach] {
        for &(name, tracepoint) in &places {
            let done = one(ebpf, name, step(tracepoint));
            fds.extend(done.map_err(|error| Refusal { name, error })?);
        }
    }
    Ok(fds)
}

/// A program that could not be loaded or attached.
pub(super) struct Refusal {
    name: &'static str,
    error: ProgramError,
}

impl Refusal {
    /// Its first line; an error if other programs would fail in the same way.
    pub(super) fn unless_fatal(self, options: &Options) -> Result<String, AttachError> {
        let text = format!("{}: {}", self.name, self.error);
        tracing::debug!("{text}");
        match io_error(&self.error).and_then(io::Error::raw_os_error) {
            // Not EACCES, which comes from the verifier.
            Some(libc::EPERM | libc::ENOSYS) => Err(AttachError::Permission),
            Some(libc::ENOMEM) => Err(memory::too_large(options.key, options.sizes)),
            _ => Ok(first_line(&text)),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Step {
    Load(&'static str),
    Attach(&'static str),
}

pub(super) fn start_typed(
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

pub(super) fn start_raw(
    ebpf: &mut Ebpf,
    name: &str,
    step: Step,
) -> Result<Option<ProgramFd>, ProgramError> {
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
