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

    /// When it started, in ns of CLOCK_BOOTTIME.
    #[inline(always)]
    fn start_ns(self) -> u64 {
        self.read(config::task_start_boottime())
    }

    /// The first thread of its process.
    #[inline(always)]
    fn leader(self) -> Self {
        self.follow(config::task_group_leader())
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

    /// The `pid_namespace` in which the task is active: the last of its pid's, which has one number
    /// for each namespace from the initial one down. An exiting task that has left it has none: its fields read as 0.
    #[inline(always)]
    fn pid_namespace(self) -> Namespace {
        let pid = self.follow(config::task_thread_pid());
        // In 32 bits: 5.10 takes no offset that may be larger.
        let last = config::upid_size() as u32 * pid.read::<u32>(config::pid_level());
        let offset = config::pid_numbers() as u32 + last + config::upid_ns() as u32;
        Namespace(Raw(pid.probe_u64(offset.into()) as *const u8))
    }

    /// The task's cgroup in the v2 hierarchy.
    #[inline(always)]
    fn cgroup(self) -> Cgroup<Self> {
        let css_set = self.follow(config::task_cgroups());
        Cgroup(css_set.follow(config::css_set_dfl_cgrp()))
    }

    /// Whether the task is in the cgroup `id`, which lies `level` below the root, or under it.
    #[inline(always)]
    fn is_under(self, id: u64, level: u64) -> bool {
        let Cgroup(cgroup) = self.cgroup();
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

/// A `pid_namespace`.
#[derive(Clone, Copy)]
pub(crate) struct Namespace(Raw);

impl Namespace {
    /// Its inode number; 0 if there is no namespace.
    #[inline(always)]
    pub(crate) fn inode(self) -> u32 {
        self.0.read(config::pidns_inum())
    }

    /// Its first process, as the thread that adopts orphans.
    #[inline(always)]
    pub(crate) fn child_reaper(self) -> Raw {
        self.0.follow(config::pidns_child_reaper())
    }

    /// Whether its first process has ended, and with it all others, which may still wait one last time.
    #[inline(always)]
    pub(crate) fn is_ending(self) -> bool {
        /// `PIDNS_ADDING` in `pid_allocated`: set while it takes new processes.
        const ADDING: u32 = 1 << 31;
        let allocated = config::pidns_pid_allocated();
        allocated != u64::from(ABSENT) && self.0.read::<u32>(allocated) & ADDING == 0
    }
}

/// A `cgroup`.
#[derive(Clone, Copy)]
pub(crate) struct Cgroup<T>(pub(crate) T);

impl<T: Object> Cgroup<T> {
    #[inline(always)]
    pub(crate) fn id(self) -> u64 {
        self.0.follow(config::cgroup_kn()).read(config::kernfs_id())
    }

    /// Whether it was removed; exiting tasks may still be in it.
    #[inline(always)]
    pub(crate) fn is_removed(self) -> bool {
        /// `CSS_ONLINE` in the flags of a `cgroup_subsys_state`.
        const ONLINE: u32 = 1 << 1;
        let flags = config::cgroup_self_flags();
        flags != u64::from(ABSENT) && self.0.read::<u32>(flags) & ONLINE == 0
    }

    /// Whether it is in the v2 hierarchy, whose number is 0.
    #[inline(always)]
    pub(crate) fn is_v2(self) -> bool {
        let root = self.0.follow(config::cgroup_root());
        root.read::<u32>(config::cgroup_root_hierarchy_id()) == 0
    }
}

impl Task for Typed {}
impl Task for Raw {}
