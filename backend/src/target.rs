//! From what somebody asks to measure to what can be measured on this host now.

use crate::cgroup::{self, CgroupError, Group, Mount};
use crate::procfs::{self, Task};
use runqlat_common::wire::Scope;
use std::io::ErrorKind;

/// Shortest and longest interval, in ms.
pub const INTERVAL_MS: std::ops::RangeInclusive<u32> = 100..=60_000;

/// Why a scope can't be measured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    #[error("there is no process {0}")]
    NoProcess(u32),
    #[error("{tid} is a thread of process {tgid}, and not a process")]
    Thread { tid: u32, tgid: u32 },
    #[error("this program runs in a pid namespace, where ids are others than the kernel's")]
    PidNamespace,
    #[error("an interval of {0} ms is out of bounds")]
    Interval(u32),
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
}

impl TargetError {
    pub fn hint(&self) -> String {
        match self {
            Self::NoProcess(_) => "it may have ended; `ps` lists the living".into(),
            Self::Thread { tgid, .. } => {
                format!("measure process {tgid}, by thread if its threads are to be kept apart")
            }
            Self::PidNamespace => {
                "run it on the host, or in the host's pid namespace (--pid=host)".into()
            }
            Self::Interval(_) => {
                format!("from {} to {} ms", INTERVAL_MS.start(), INTERVAL_MS.end())
            }
            Self::Cgroup(error) => error.hint(),
        }
    }
}

/// The scope with its cgroup's path as the kernel has it, and that group.
pub fn resolve(scope: &Scope) -> Result<(Scope, Option<Group>), TargetError> {
    if let Some(tgid) = scope.tgid {
        check_process(tgid)?;
    }
    let group = scope
        .cgroup
        .as_deref()
        .map(|path| cgroup::find(path, &cgroup::mounted()))
        .transpose()?;
    let scope = Scope {
        cgroup: group.as_ref().map(|group| group.path.clone()),
        ..scope.clone()
    };
    Ok((scope, group))
}

fn check_process(tgid: u32) -> Result<(), TargetError> {
    if !procfs::in_initial_pid_namespace() {
        return Err(TargetError::PidNamespace);
    }
    match procfs::task(tgid) {
        Task::Leader => Ok(()),
        Task::Thread { tgid: leader } => Err(TargetError::Thread {
            tid: tgid,
            tgid: leader,
        }),
        Task::None => Err(TargetError::NoProcess(tgid)),
    }
}

/// Whether what a scope names is still there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    #[default]
    There,
    Gone,
    /// The cgroup is gone, and another one lies under its path.
    Anew,
}

/// For a terminal or a log, once what a scope names is gone.
pub fn gone(scope: &Scope) -> String {
    let what = match (scope.tgid, &scope.cgroup) {
        (Some(tgid), None) => format!("process {tgid}"),
        (Some(tgid), Some(path)) => format!("process {tgid} in cgroup {path}"),
        (None, path) => format!("the cgroup {}", path.as_deref().unwrap_or_default()),
    };
    format!("{what} is gone: nothing can wait in it")
}

/// What a scope names, to be looked after.
pub struct Watched {
    tgid: Option<u32>,
    /// When that process started, in units of `START_UNIT_NS`.
    start: Option<u64>,
    group: Option<(Mount, Group)>,
}

impl Watched {
    pub fn new(tgid: Option<u32>, start: Option<u64>, group: Option<Group>) -> Self {
        let placed = |group| Some((cgroup::v2(&cgroup::mounted()).cloned()?, group));
        Self {
            tgid,
            start,
            group: group.and_then(placed),
        }
    }

    /// Looks: a file of /proc and a folder at most.
    pub fn presence(&self) -> Presence {
        let group = self.group.as_ref().map_or(Presence::There, of_group);
        match self.tgid {
            Some(tgid) if procfs::process_has_ended(tgid, self.start) => Presence::Gone,
            _ => group,
        }
    }
}

fn of_group((mount, group): &(Mount, Group)) -> Presence {
    match cgroup::id_at(mount, &group.path) {
        Ok(id) if id == group.id => Presence::There,
        Ok(_) => Presence::Anew,
        Err(error) if error.kind() == ErrorKind::NotFound => Presence::Gone,
        // Nothing is known of it then.
        Err(_) => Presence::There,
    }
}

/// An interval that somebody asked for.
pub fn check_interval(ms: u32) -> Result<u32, TargetError> {
    if INTERVAL_MS.contains(&ms) {
        Ok(ms)
    } else {
        Err(TargetError::Interval(ms))
    }
}

#[cfg(test)]
mod tests {
    use super::{TargetError, check_interval, resolve};
    use runqlat_common::wire::Scope;

    fn of(tgid: u32) -> Result<(), TargetError> {
        let scope = Scope {
            tgid: Some(tgid),
            ..Scope::default()
        };
        resolve(&scope).map(drop)
    }

    #[test]
    fn processes_threads_and_nothing_are_told_apart() {
        let tgid = std::process::id();
        assert_eq!(of(tgid), Ok(()));
        // SAFETY: a system call without arguments.
        let own = || unsafe { libc::gettid() } as u32;
        let tid = std::thread::spawn(move || (own(), of(own())))
            .join()
            .unwrap();
        assert_eq!(tid.1, Err(TargetError::Thread { tid: tid.0, tgid }));
        assert_eq!(of(u32::MAX), Err(TargetError::NoProcess(u32::MAX)));
    }

    #[test]
    fn intervals_have_bounds() {
        let fine = [99, 100, 60_000, 60_001].map(|ms| check_interval(ms).is_ok());
        assert_eq!(fine, [false, true, true, false]);
    }
}
