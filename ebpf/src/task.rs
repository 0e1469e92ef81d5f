//! What the programs ask of a task: the fields of the kernel's `task_struct` and of what hangs on it.

use crate::config;
use crate::object::{Object, Raw, Typed};
use aya_ebpf::helpers::generated::bpf_probe_read_kernel;
use runqlat_common::contract::{ABSENT, COMM_LEN};

/// A `task_struct` that a tracepoint handed over.
pub(crate) trait Task: Object {
    /// The tid: what the kernel calls a task's pid. 0 is the idle task of every CPU.
    #[inline(always)]
    fn tid(self) -> u32 {
        self.read(config::task_pid())
    }

    #[inline(always)]
    fn tgid(self) -> u32 {
        self.read(config::task_tgid())
    }

    /// Whether the task has not asked to sleep, or is not let: its state is TASK_RUNNING (0) while
    /// it leaves its CPU. The state is read here and not taken from the tracepoint's argument: a
    /// task with a pending signal is put back to TASK_RUNNING after that copy was made. No waker can
    /// set it to 0 meanwhile, since for that the task must have left its CPU first.
    #[inline(always)]
    fn is_running(self) -> bool {
        self.read::<u32>(config::task_state()) == 0
    }

    /// Whether a CPU runs the task now. Exact under the run queue's lock, which wakeups hold.
    #[inline(always)]
    fn is_on_cpu(self) -> bool {
        match config::task_on_cpu() {
            absent if absent == u64::from(ABSENT) => false,
            byte if config::task_on_cpu_size() == 1 => self.read::<u8>(byte) != 0,
            word => self.read::<u32>(word) != 0,
        }
    }

    /// Inode number of the pid namespace in which the task is active; 0 for one that dies and has
    /// left it.
    #[inline(always)]
    fn pidns(self) -> u64 {
        Raw(self.pid_namespace())
            .read::<u32>(config::pidns_inum())
            .into()
    }

    /// The `pid_namespace` in which the task is active: the last of its pid's, which has one number
    /// for each namespace from the initial one down.
    #[inline(always)]
    fn pid_namespace(self) -> *const u8 {
        let pid = self.follow(config::task_thread_pid());
        // In 32 bits: 5.10 takes no offset that may be larger.
        let last = config::upid_size() as u32 * pid.read::<u32>(config::pid_level());
        let offset = config::pid_numbers() as u32 + last + config::upid_ns() as u32;
        pid.probe_u64(offset.into()) as *const u8
    }

    /// The task's cgroup in the v2 hierarchy.
    #[inline(always)]
    fn cgroup(self) -> Self {
        self.follow(config::task_cgroups())
            .follow(config::css_set_dfl_cgrp())
    }

    /// Its id.
    #[inline(always)]
    fn cgroup_id(self) -> u64 {
        self.cgroup()
            .follow(config::cgroup_kn())
            .read(config::kernfs_id())
    }

    /// Whether the task is in the cgroup `id`, which lies `level` below the root, or under it.
    #[inline(always)]
    fn is_under(self, id: u64, level: u64) -> bool {
        let cgroup = self.cgroup();
        if u64::from(cgroup.read::<u32>(config::cgroup_level())) < level {
            return false;
        }
        // Since 6.1 a cgroup has pointers to its ancestors, before it had their ids. The array is
        // behind the structure's end, which the verifier does not let a typed load reach.
        if config::cgroup_ancestors() == u64::from(ABSENT) {
            return cgroup.probe_u64(config::cgroup_ancestor_ids() + 8 * level) == id;
        }
        let ancestor = Raw(cgroup.probe_u64(config::cgroup_ancestors() + 8 * level) as *const u8);
        ancestor
            .follow(config::cgroup_kn())
            .read::<u64>(config::kernfs_id())
            == id
    }

    /// Copies the task's own name. Not by way of the stack: kernels give a program that uses 64 bytes of it or more
    /// a stack of its own, whose address is then saved and restored around every call.
    ///
    /// # Safety
    /// `to` points into a map value.
    #[inline(always)]
    unsafe fn copy_comm(self, to: *mut [u8; COMM_LEN]) {
        let comm = self.address().wrapping_add(config::task_comm() as usize);
        // SAFETY: the helper checks the address it reads, and writes zeros where it can't.
        unsafe { bpf_probe_read_kernel(to.cast(), COMM_LEN as u32, comm.cast()) };
    }
}

impl Task for Typed {}
impl Task for Raw {}
