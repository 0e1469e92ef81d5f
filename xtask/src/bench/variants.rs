//! What `bench kernel` compares: the peers, ours by key, and ours emptied, which tells what can't be undercut.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::helper;
use super::tracer::Ready;
use crate::project::Project;
use crate::{build, process, setup};

pub(super) const PEER: usize = 0;
pub(super) const OURS: usize = 1;
pub(super) const PEER_BY_PROCESS: usize = 2;
pub(super) const OURS_BY_PROCESS: usize = 3;
/// Ours, emptied but for the clock.
pub(super) const CLOCK: usize = 6;

pub(super) struct Variant {
    pub(super) name: &'static str,
    pub(super) command: Vec<String>,
    pub(super) ready: Ready,
    /// It takes part in each so many-th round: what no limit is about needs fewer.
    pub(super) every: usize,
}

impl Variant {
    fn peer(name: &'static str, arguments: &[&str]) -> Self {
        // Its first line would stay in a buffer for ever when stdout is a pipe.
        let command = [&["stdbuf", "-oL", "runqlat"], arguments].concat();
        Self {
            name,
            command: command.into_iter().map(str::to_owned).collect(),
            ready: Ready::Line("Tracing run queue latency"),
            every: 1,
        }
    }

    fn ours(name: &'static str, binary: &Path, arguments: &[&str]) -> Self {
        let binary = binary.to_string_lossy();
        let command = [&[&*binary, "--listen", "127.0.0.1:0"], arguments].concat();
        Self {
            name,
            command: command.into_iter().map(str::to_owned).collect(),
            ready: Ready::Healthz,
            every: 1,
        }
    }

    fn empty(name: &'static str, programs: &Empty, kind: &str) -> Self {
        let Empty { loader, object } = programs;
        let command = [loader, object].map(|path| path.to_string_lossy().into_owned());
        Self {
            name,
            command: command.into_iter().chain([kind.to_owned()]).collect(),
            ready: Ready::Line("attached"),
            every: 1,
        }
    }

    fn every(self, every: usize) -> Self {
        Self { every, ..self }
    }

    fn bpftrace(script: &str) -> Self {
        let command = ["stdbuf", "-oL", "bpftrace", "-e", script];
        Self {
            name: "bpftrace runqlat.bt",
            command: command.map(str::to_owned).to_vec(),
            ready: Ready::Line("Tracing CPU scheduler"),
            // It takes seconds to start, and a machine seldom keeps its speed for so long.
            every: 8,
        }
    }
}

/// Empty programs (`ebpf/src/bin/empty.rs`), and the loader that attaches them (`xtask/empty`).
pub(super) struct Empty {
    loader: PathBuf,
    object: PathBuf,
}

impl Empty {
    pub(super) fn build(project: &Project) -> Result<Self> {
        Ok(Self {
            loader: helper(project, "runqlat-empty")?,
            object: build::empty_bpf(project, &setup::for_build(project)?)?,
        })
    }
}

/// In the order of the constants; then what is only printed.
pub(super) fn all(binary: &Path, empty: &Empty) -> Result<Vec<Variant>> {
    let mut variants = vec![
        Variant::peer("libbpf-tools runqlat", &[]),
        Variant::ours("runqlat-web --by global", binary, &["--by", "global"]),
        Variant::peer("libbpf-tools runqlat -P", &["-P"]),
        Variant::ours("runqlat-web --by process", binary, &["--by", "process"]),
        Variant::ours("runqlat-web --by thread", binary, &["--by", "thread"]).every(8),
        Variant::empty("ours, emptied (the floor)", empty, "empty").every(2),
        // A tracer reads the clock where a wait begins and where it ends: no other can be below this.
        Variant::empty("emptied but for the clock", empty, "clock").every(2),
    ];
    let mounts = fs::read_to_string("/proc/mounts").context("cannot read /proc/mounts")?;
    if has_cgroup_v2(&mounts) {
        let arguments = ["--by", "global", "-c", "/"];
        variants.push(Variant::ours("runqlat-web -c /", binary, &arguments).every(8));
    }
    if let Some(path) = process::find("runqlat.bt") {
        let script =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        variants.push(Variant::bpftrace(&without_headers(&script)));
    }
    Ok(variants)
}

/// bpftrace's script wants one number from a header that few machines have.
fn without_headers(script: &str) -> String {
    script.replace("#include <linux/sched.h>", "#define TASK_RUNNING 0")
}

fn has_cgroup_v2(mounts: &str) -> bool {
    mounts
        .lines()
        .any(|line| line.split(' ').nth(2) == Some("cgroup2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_stand_where_the_constants_say() {
        let empty = Empty {
            loader: "/x/runqlat-empty".into(),
            object: "/x/empty".into(),
        };
        let variants = all(Path::new("/x/runqlat-web"), &empty).unwrap();
        let name = |index: usize| variants[index].name;
        assert_eq!(name(PEER), "libbpf-tools runqlat");
        assert_eq!(name(OURS), "runqlat-web --by global");
        assert_eq!(name(PEER_BY_PROCESS), "libbpf-tools runqlat -P");
        assert_eq!(name(OURS_BY_PROCESS), "runqlat-web --by process");
        assert_eq!(name(CLOCK), "emptied but for the clock");
    }

    #[test]
    fn version_two_is_told_from_version_one() {
        assert!(!has_cgroup_v2("cpu /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n"));
        assert!(has_cgroup_v2("none /sys/fs/cgroup cgroup2 rw 0 0\n"));
    }

    #[test]
    fn the_script_needs_no_headers() {
        let script = "#!/usr/bin/env bpftrace\n#include <linux/sched.h>\nBEGIN {}";
        assert!(!without_headers(script).contains("include"));
    }
}
