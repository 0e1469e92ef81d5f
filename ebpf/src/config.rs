//! What user space settled before it loaded the programs.

use core::mem::offset_of;
use runqlat_common::buckets::Unit;
use runqlat_common::contract::{Config, Layout, placeholder};

/// The constant that user space writes over the placeholder of the field of [`Config`] with this offset
/// and this size, in an instruction of its own. All are given as 64 bits, for a register is of as many:
/// narrowing one would be two more instructions.
macro_rules! constant {
    ($offset:expr, $kind:ty) => {{
        #[cfg(target_arch = "bpf")]
        let value: u64 = {
            let value: u64;
            // SAFETY: sets one register.
            unsafe {
                core::arch::asm!(
                    "{value} = {placeholder} ll",
                    value = out(reg) value,
                    placeholder = const placeholder($offset, size_of::<$kind>()),
                    options(nomem, nostack, preserves_flags),
                );
            }
            value
        };
        // Never run; the host only checks this crate.
        #[cfg(not(target_arch = "bpf"))]
        let value: u64 = placeholder($offset, size_of::<$kind>());
        value
    }};
}

macro_rules! settings {
    ($($name:ident: $kind:ty),* $(,)?) => {$(
        #[inline(always)]
        pub(crate) fn $name() -> u64 {
            constant!(offset_of!(Config, $name), $kind)
        }
    )*};
}

macro_rules! layout {
    ($($field:ident),* $(,)?) => {$(
        #[inline(always)]
        pub(crate) fn $field() -> u64 {
            constant!(offset_of!(Config, layout) + offset_of!(Layout, $field), u32)
        }
    )*};
}

settings!(
    only_cgroup: u64,
    only_cgroup_level: u32,
    only_tgid: u32,
    only_start: u64,
    key: u64,
    milliseconds: u32,
    stamp_bits: u32,
    stamp_mask: u32,
    hot_bits: u32,
    hot_mask: u32,
    id_shift: u32,
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
    task_start_boottime,
    task_signal,
    signal_live,
    pid_level,
    pid_numbers,
    upid_size,
    upid_ns,
    pidns_inum,
    pidns_child_reaper,
    pidns_pid_allocated,
    css_set_dfl_cgrp,
    cgroup_level,
    cgroup_kn,
    cgroup_self_flags,
    cgroup_root,
    cgroup_root_hierarchy_id,
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
