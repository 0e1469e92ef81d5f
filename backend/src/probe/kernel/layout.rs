//! Where the running kernel keeps the fields that the programs read: the offsets for their configuration.

use super::AttachError;
use super::btf::{Fields, Kernel};
use runqlat_common::contract::{ABSENT, Layout};

/// Looks all offsets up in the kernel's BTF.
pub(super) fn layout(kernel: &Kernel<'_>) -> Result<Layout, AttachError> {
    let task = kernel.fields(
        "task_struct",
        &[
            "pid",
            "tgid",
            "__state",
            "state",
            "on_cpu",
            "group_leader",
            "comm",
            "thread_pid",
            "cgroups",
            "start_boottime",
            "signal",
        ],
    )?;
    let signal = kernel.fields("signal_struct", &["live"])?;
    let pid = kernel.fields("pid", &["level", "numbers"])?;
    let upid = kernel.fields("upid", &["ns"])?;
    let pidns = kernel.fields("pid_namespace", &["ns", "child_reaper", "pid_allocated"])?;
    let ns = kernel.fields("ns_common", &["inum"])?;
    let css_set = kernel.fields("css_set", &["dfl_cgrp"])?;
    let cgroup = kernel.fields(
        "cgroup",
        &["level", "kn", "ancestors", "ancestor_ids", "self", "root"],
    )?;
    let css = kernel.fields("cgroup_subsys_state", &["flags"])?;
    let cgroup_root = kernel.fields("cgroup_root", &["hierarchy_id"])?;
    let kernfs = kernel.fields("kernfs_node", &["id"])?;
    let on_cpu = task.get("on_cpu");
    Ok(Layout {
        task_pid: task.need("pid", WORD)?,
        task_tgid: task.need("tgid", WORD)?,
        // `state` was renamed in 5.14; of its 8 bytes the first 4 are read.
        task_state: task
            .need("__state", WORD)
            .or_else(|_| task.need("state", LONG))?,
        task_on_cpu: on_cpu.map_or(ABSENT, |field| field.offset),
        // An int up to 6.18, a byte in 7.2.
        task_on_cpu_size: match on_cpu.map(|field| field.size) {
            None => 0,
            Some(Some(size @ (1 | WORD))) => size,
            Some(_) => return Err(task.odd("on_cpu")),
        },
        task_group_leader: task.need("group_leader", POINTER)?,
        task_comm: task.need_any("comm")?,
        task_thread_pid: task.need("thread_pid", POINTER)?,
        task_cgroups: task.need("cgroups", POINTER)?,
        task_start_boottime: task.need("start_boottime", LONG)?,
        task_signal: task.need("signal", POINTER)?,
        // An atomic_t, whose only member is an int.
        signal_live: signal.need("live", WORD)?,
        pid_level: pid.need("level", WORD)?,
        pid_numbers: pid.need_any("numbers")?,
        upid_size: upid.size,
        upid_ns: upid.need("ns", POINTER)?,
        pidns_inum: pidns.need_any("ns")? + ns.need("inum", WORD)?,
        pidns_child_reaper: pidns.need("child_reaper", POINTER)?,
        pidns_pid_allocated: pidns.need("pid_allocated", WORD).unwrap_or(ABSENT),
        css_set_dfl_cgrp: css_set.need("dfl_cgrp", POINTER)?,
        cgroup_level: cgroup.need("level", WORD)?,
        cgroup_kn: cgroup.need("kn", POINTER)?,
        cgroup_self_flags: match (cgroup.need_any("self"), css.need("flags", WORD)) {
            (Ok(own), Ok(flags)) => own + flags,
            _ => ABSENT,
        },
        cgroup_root: cgroup.need("root", POINTER)?,
        cgroup_root_hierarchy_id: cgroup_root.need("hierarchy_id", WORD)?,
        cgroup_ancestors: cgroup.or_absent("ancestors"),
        cgroup_ancestor_ids: match cgroup.or_absent("ancestors") {
            ABSENT => cgroup.need_any("ancestor_ids")?,
            _ => ABSENT,
        },
        kernfs_id: kernfs.need("id", LONG)?,
    })
}

/// Everything that is looked up in the kernel's BTF.
#[cfg(feature = "fuzzing")]
pub fn read_btf(bytes: &[u8]) {
    if let Ok(kernel) = Kernel::parse(bytes) {
        let _ = layout(&kernel);
        kernel.only(&["task_struct"]);
    }
}

/// Sizes of fields, in bytes. A field that is read with another size than it has gives its neighbours'
/// bits, so a kernel that changes one is refused instead.
const WORD: u32 = 4;
const LONG: u32 = 8;
const POINTER: u32 = 8;

impl Fields {
    fn need(&self, field: &'static str, size: u32) -> Result<u32, AttachError> {
        match self.get(field) {
            Some(found) if found.size == Some(size) => Ok(found.offset),
            _ => Err(self.odd(field)),
        }
    }

    /// For a field that is an array or a structure.
    fn need_any(&self, field: &'static str) -> Result<u32, AttachError> {
        self.get(field)
            .map(|found| found.offset)
            .ok_or_else(|| self.odd(field))
    }

    fn or_absent(&self, field: &str) -> u32 {
        self.get(field).map_or(ABSENT, |found| found.offset)
    }

    fn odd(&self, field: &'static str) -> AttachError {
        AttachError::Field {
            structure: self.structure.clone(),
            field,
            found: self.get(field).map(|found| found.size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kernel, layout};
    use runqlat_common::contract::ABSENT;

    /// The machine that runs the tests is a kernel like any other, if it has BTF.
    #[test]
    fn the_running_kernel_has_every_field() {
        let Ok(btf) = std::fs::read("/sys/kernel/btf/vmlinux") else {
            return;
        };
        let layout = layout(&Kernel::parse(&btf).unwrap()).unwrap();
        assert!(layout.task_tgid > 0 && layout.upid_size >= 16);
        let one = layout.cgroup_ancestors == ABSENT;
        assert_ne!(one, layout.cgroup_ancestor_ids == ABSENT);
    }
}
