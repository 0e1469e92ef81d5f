//! A limit on the CPU time of a group of processes, by cgroup v2 or v1, whichever this host has.

use super::cgroup;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process;

/// 20 ms of every 100.
const QUOTA_US: u32 = 20_000;
const PERIOD_US: u32 = 100_000;

/// A group with that quota; removed when dropped, once its processes have ended.
pub struct Quota {
    folder: PathBuf,
}

impl Quota {
    pub fn new() -> Self {
        let v1 = v1_root();
        let root = v1.clone().unwrap_or_else(v2_root);
        let folder = root.join(format!("runqlat-web-test-{}-quota", process::id()));
        fs::create_dir(&folder).expect("a new cgroup");
        let write = |file: &str, text: String| {
            fs::write(folder.join(file), text).unwrap_or_else(|error| panic!("{file}: {error}"));
        };
        if v1.is_some() {
            write("cpu.cfs_period_us", PERIOD_US.to_string());
            write("cpu.cfs_quota_us", QUOTA_US.to_string());
        } else {
            write("cpu.max", format!("{QUOTA_US} {PERIOD_US}"));
        }
        Self { folder }
    }

    /// The file to which a process writes 0 to join the group.
    pub fn procs(&self) -> File {
        let procs = self.folder.join("cgroup.procs");
        let procs = OpenOptions::new().write(true).open(procs);
        procs.expect("the group")
    }

    /// In how many periods the quota was used up.
    pub fn throttled(&self) -> u64 {
        let stat = fs::read_to_string(self.folder.join("cpu.stat")).expect("the group");
        let times = stat
            .lines()
            .find_map(|line| line.strip_prefix("nr_throttled "));
        times.and_then(|times| times.parse().ok()).expect("a count")
    }
}

/// Where v1's `cpu` is mounted, if it is.
fn v1_root() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").expect("/proc");
    mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (point, kind, options) = (fields.next()?, fields.next()?, fields.next()?);
        let is_it = kind == "cgroup" && options.split(',').any(|option| option == "cpu");
        is_it.then(|| PathBuf::from(point))
    })
}

/// The root of the v2 hierarchy, with `cpu` enabled for its children.
fn v2_root() -> PathBuf {
    let root: &Path = &cgroup::root();
    fs::write(root.join("cgroup.subtree_control"), "+cpu").expect("a controller that v2 has");
    root.to_path_buf()
}

impl Drop for Quota {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}
