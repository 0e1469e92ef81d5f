//! From what somebody asks to measure to what can be measured on this host now.

use crate::cgroup::{self, CgroupError, Group, Mount};
use crate::procfs::{self, Task};
use runqlat_common::contract::START_UNIT_NS;
use runqlat_common::name::{self, ShownName};
use runqlat_common::wire::Scope;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;

/// Shortest and longest interval, in ms.
pub const INTERVAL_MS: std::ops::RangeInclusive<u32> = 100..=60_000;

/// A series' start and that in /proc are rounded differently; a tgid is not reused within this time.
const START_TOLERANCE_MS: u64 = 20;

/// Why a scope can't be measured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    #[error("there is no process {0}")]
    NoProcess(u32),
    #[error("the process {0} that was asked for has ended, and another one has its number")]
    AnotherProcess(u32),
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
            Self::AnotherProcess(tgid) => {
                format!("ask for process {tgid} without its start to measure the one that runs now")
            }
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

/// What a scope names, resolved on this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// A process, and when it started, in units of [`START_UNIT_NS`].
    pub process: Option<(u32, u64)>,
    pub cgroup: Option<Group>,
}

/// The scope with its process' start and its cgroup's path as the kernel has them, and the target that it names.
pub fn resolve(scope: &Scope) -> Result<(Scope, Target), TargetError> {
    let start = scope.tgid.map(|tgid| start_of_process(tgid, scope.start));
    let start = start.transpose()?;
    let group = match (&scope.cgroup_hex, &scope.cgroup) {
        (Some(hex), _) => Some(cgroup::find_hex(hex, &cgroup::mounted())?),
        (None, Some(path)) => Some(cgroup::find_shown(path, &cgroup::mounted())?),
        (None, None) => None,
    };
    let path = group.as_ref().map(|group| group.path.as_bytes());
    let scope = Scope {
        start: start.map(in_ms),
        ..in_cgroup(scope, path)
    };
    let target = Target {
        process: scope.tgid.zip(start),
        cgroup: group,
    };
    Ok((scope, target))
}

/// When the process started; an error if it is not the one that started at `asked`, in ms since the host's boot.
fn start_of_process(tgid: u32, asked: Option<u64>) -> Result<u64, TargetError> {
    check_process(tgid)?;
    let start = procfs::start_of(tgid).ok_or(TargetError::NoProcess(tgid))?;
    match asked {
        Some(asked) if in_ms(start).abs_diff(asked) > START_TOLERANCE_MS => {
            Err(TargetError::AnotherProcess(tgid))
        }
        _ => Ok(start),
    }
}

fn in_ms(start: u64) -> u64 {
    start * (START_UNIT_NS / 1_000_000)
}

/// The scope that somebody asks for, with its cgroup's path in its displayed form.
pub fn asked(scope: &Scope) -> Scope {
    let hex = scope.cgroup_hex.as_deref().and_then(name::from_hex);
    let path = hex.or_else(|| scope.cgroup.as_deref().map(name::bytes));
    in_cgroup(scope, path.as_deref())
}

fn in_cgroup(scope: &Scope, path: Option<&[u8]>) -> Scope {
    let (cgroup, cgroup_hex) = match path.map(name::shown) {
        Some(ShownName { name, hex }) => (Some(name), hex),
        None => (None, None),
    };
    Scope {
        cgroup,
        cgroup_hex,
        ..scope.clone()
    }
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
    process: Option<(u32, u64)>,
    group: Option<(Mount, Group)>,
}

impl Watched {
    pub fn new(target: Target) -> Self {
        let placed = |group| Some((cgroup::v2(&cgroup::mounted()).cloned()?, group));
        Self {
            process: target.process,
            group: target.cgroup.and_then(placed),
        }
    }

    /// Looks: a file of /proc and a folder at most.
    pub fn presence(&self) -> Presence {
        let group = self.group.as_ref().map_or(Presence::There, of_group);
        match self.process {
            Some((tgid, start)) if procfs::process_has_ended(tgid, start) => Presence::Gone,
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
    use super::{TargetError, asked, check_interval, resolve};
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
    fn a_cgroup_that_is_asked_for_is_shown_as_a_name() {
        let table = [
            (Some("/a"), None, Some("/a"), None),
            (Some("/a\u{1b}"), None, Some(r"/a\u{1b}"), Some("2f611b")),
            (Some(r"/a\x{ff}"), None, Some(r"/a\x{ff}"), Some("2f61ff")),
            // The bytes take precedence.
            (
                Some("/b"),
                Some("2f61ff"),
                Some(r"/a\x{ff}"),
                Some("2f61ff"),
            ),
            (None, Some("2f61"), Some("/a"), None),
            (Some("/b"), Some("\u{202e}"), Some("/b"), None),
            (None, None, None, None),
        ];
        for (cgroup, hex, shown, shown_hex) in table {
            let scope = asked(&Scope {
                cgroup: cgroup.map(Into::into),
                cgroup_hex: hex.map(Into::into),
                ..Scope::default()
            });
            assert_eq!(scope.cgroup.as_deref(), shown);
            assert_eq!(scope.cgroup_hex.as_deref(), shown_hex);
        }
    }

    #[test]
    fn another_process_of_the_number_is_refused() {
        let tgid = std::process::id();
        let of = |start| {
            let scope = Scope {
                tgid: Some(tgid),
                start,
                ..Scope::default()
            };
            resolve(&scope).map(|(scope, _)| scope.start)
        };
        let start = of(None).unwrap();
        assert!(start.is_some());
        assert_eq!(of(start.map(|ms| ms + 9)), Ok(start));
        let another = of(start.map(|ms| ms + 1_000));
        assert_eq!(another, Err(TargetError::AnotherProcess(tgid)));
    }

    #[test]
    fn intervals_have_bounds() {
        let fine = [99, 100, 60_000, 60_001].map(|ms| check_interval(ms).is_ok());
        assert_eq!(fine, [false, true, true, false]);
    }
}
