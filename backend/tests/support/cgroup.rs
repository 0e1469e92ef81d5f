//! Cgroups (v2) for tests.

use std::path::{Path, PathBuf};
use std::{fs, process};

/// Where the v2 hierarchy is mounted.
pub fn root() -> PathBuf {
    let mounts = fs::read_to_string("/proc/self/mounts").expect("/proc");
    let v2 = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let point = fields.next()?;
        (fields.next()? == "cgroup2").then(|| PathBuf::from(point))
    });
    v2.expect("cgroup v2, mounted")
}

/// A group that is removed when dropped, once its processes have ended.
pub struct Group {
    folder: PathBuf,
    /// From the hierarchy's root.
    pub path: String,
}

impl Group {
    /// A new group right below the root.
    pub fn new(name: &str) -> Self {
        Self::at(format!("/runqlat-web-test-{}-{name}", process::id()))
    }

    /// A new group in this one.
    pub fn child(&self, name: &str) -> Self {
        Self::at(format!("{}/{name}", self.path))
    }

    fn at(path: String) -> Self {
        let folder = root().join(path.trim_start_matches('/'));
        fs::create_dir(&folder).expect("a new cgroup");
        Self { folder, path }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its id: the folder's inode number.
    pub fn key(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(&self.folder).expect("the group").ino()
    }

    /// Moves a process here.
    pub fn take(&self, process: u32) {
        move_to(&self.folder, process);
    }
}

/// Moves a process to the group at `folder`.
pub fn move_to(folder: &Path, process: u32) {
    fs::write(folder.join("cgroup.procs"), process.to_string()).expect("a living process");
}

impl Drop for Group {
    fn drop(&mut self) {
        let procs = fs::read_to_string(self.folder.join("cgroup.procs")).unwrap_or_default();
        for process in procs.lines().filter_map(|line| line.parse().ok()) {
            move_to(&root(), process);
        }
        let _ = fs::remove_dir(&self.folder);
    }
}
