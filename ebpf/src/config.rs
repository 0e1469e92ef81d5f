//! What user space settled before it loaded the programs.

use core::ptr::read_volatile;
use runqlat_common::buckets::Unit;
use runqlat_common::contract::{Config, Layout};

/// Lives in a map that is frozen before the programs are verified: to the verifier each field is a
/// known constant.
#[unsafe(no_mangle)]
static CONFIG: Config = Config {
    only_cgroup: 0,
    only_cgroup_level: 0,
    only_tgid: 0,
    key: 0,
    milliseconds: 0,
    stamp_bits: 0,
    empty: 0,
    layout: Layout {
        task_pid: 0,
        task_tgid: 0,
        task_state: 0,
        task_on_cpu: 0,
        task_on_cpu_size: 0,
        task_group_leader: 0,
        task_comm: 0,
        task_thread_pid: 0,
        task_cgroups: 0,
        pid_level: 0,
        pid_numbers: 0,
        upid_size: 0,
        upid_ns: 0,
        pidns_inum: 0,
        pidns_child_reaper: 0,
        css_set_dfl_cgrp: 0,
        cgroup_level: 0,
        cgroup_kn: 0,
        cgroup_ancestors: 0,
        cgroup_ancestor_ids: 0,
        kernfs_id: 0,
        unused: 0,
    },
};

/// A setting. Volatile, for the compiler must not take its word for what is in it.
macro_rules! settings {
    ($($name:ident: $kind:ty),* $(,)?) => {$(
        #[inline(always)]
        pub(crate) fn $name() -> $kind {
            // SAFETY: a valid, aligned static.
            unsafe { read_volatile(&raw const CONFIG.$name) }
        }
    )*};
}

macro_rules! layout {
    ($($field:ident),* $(,)?) => {$(
        #[inline(always)]
        pub(crate) fn $field() -> u32 {
            // SAFETY: a valid, aligned static.
            unsafe { read_volatile(&raw const CONFIG.layout.$field) }
        }
    )*};
}

settings!(
    only_cgroup: u64,
    only_cgroup_level: u32,
    only_tgid: u32,
    key: u32,
    milliseconds: u32,
    stamp_bits: u32,
    empty: u32,
);

layout!(
    task_pid,
    task_tgid,
    task_state,
    task_on_cpu,
    task_on_cpu_size,
    task_group_leader,
    task_comm,
    task_thread_pid,
    task_cgroups,
    pid_level,
    pid_numbers,
    upid_size,
    upid_ns,
    pidns_inum,
    pidns_child_reaper,
    css_set_dfl_cgrp,
    cgroup_level,
    cgroup_kn,
    cgroup_ancestors,
    cgroup_ancestor_ids,
    kernfs_id,
);

/// What the buckets count.
#[inline(always)]
pub(crate) fn unit() -> Unit {
    if milliseconds() == 0 {
        Unit::Us
    } else {
        Unit::Ms
    }
}
