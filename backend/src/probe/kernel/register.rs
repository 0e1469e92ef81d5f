//! Who a key stands for: whether it still lives, and what it is called where the kernel programs don't
//! say.

use super::suspects::Suspects;
use crate::cgroup::{self, Mount};
use crate::probe::Keys;
use crate::procfs;
use runqlat_common::wire::Key;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::sync::Arc;

/// Knows the keys of one kind.
pub(super) enum Register {
    /// Processes and threads, by id.
    Tasks(Suspects),
    /// Pid namespaces, by inode number.
    Namespaces,
    /// Cgroups, by id.
    Cgroups {
        mount: Option<Mount>,
        paths: Arc<HashMap<u64, OsString>>,
    },
    /// Ids mean something else here than to the kernel programs: this program runs in a pid namespace
    /// of its own. Nothing is then taken for gone.
    Foreign,
}

impl Register {
    pub(super) fn new(key: Key) -> Self {
        match key {
            Key::Cgroup => Self::Cgroups {
                mount: cgroup::v2(&cgroup::mounted()).cloned(),
                paths: Arc::default(),
            },
            _ if !procfs::in_initial_pid_namespace() => Self::Foreign,
            Key::Pidns => Self::Namespaces,
            Key::Global | Key::Process | Key::Thread => Self::Tasks(Suspects::default()),
        }
    }

    /// Those of the keys in `read` that are gone, in ascending order. `pid_namespaces` are those that live.
    pub(super) fn gone(
        &mut self,
        read: &Keys,
        pid_namespaces: impl FnOnce() -> io::Result<HashSet<u64>>,
    ) -> Vec<u64> {
        let keys = read.ids();
        match self {
            Self::Tasks(suspects) => {
                let mut asked = suspects.of(read);
                asked.retain(|&key| !procfs::task_lives(key));
                asked
            }
            // Where they can't be listed, nothing is known to be gone.
            Self::Namespaces => pid_namespaces().map_or(Vec::new(), |living| {
                keys.filter(|key| !living.contains(key)).collect()
            }),
            Self::Cgroups { mount, paths } => {
                let lives = |key: &u64| {
                    let (Some(mount), Some(path)) = (mount.as_ref(), paths.get(key)) else {
                        return false;
                    };
                    cgroup::lives(mount, *key, path)
                };
                keys.filter(|key| !lives(key)).collect()
            }
            Self::Foreign => Vec::new(),
        }
    }

    /// Names of `keys` that the kernel programs don't know; looks at the host only where one is new.
    pub(super) fn names(
        &mut self,
        mut keys: impl Iterator<Item = u64>,
    ) -> Arc<HashMap<u64, OsString>> {
        let Self::Cgroups { mount, paths } = self else {
            return Arc::default();
        };
        if keys.any(|key| !paths.contains_key(&key)) {
            let found = mount.as_ref().and_then(|mount| cgroup::paths(mount).ok());
            *paths = Arc::new(found.unwrap_or_default());
        }
        paths.clone()
    }
}
