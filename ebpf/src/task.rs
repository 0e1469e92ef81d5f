//! Reading the kernel's `task_struct`, at offsets that user space took from the running kernel's
//! BTF. Must not know what the fields are used for.

use crate::config;
use aya_ebpf::helpers::bpf_probe_read_kernel;
use core::ptr::read_volatile;
use runqlat_common::contract::{ABSENT, COMM_LEN};

/// A task that a tracepoint handed over.
pub(crate) trait Task: Copy {
    /// The 4 bytes at `offset`.
    fn read_u32(self, offset: u32) -> u32;
    /// The pointer at `offset`.
    fn read_pointer(self, offset: u32) -> *const u8;

    /// The tid: what the kernel calls a task's pid. 0 is the idle task of every CPU.
    #[inline(always)]
    fn tid(self) -> u32 {
        self.read_u32(config::task_pid())
    }

    #[inline(always)]
    fn tgid(self) -> u32 {
        self.read_u32(config::task_tgid())
    }

    /// Whether the task has not asked to sleep, or is not let: its state is TASK_RUNNING (0) while
    /// it leaves its CPU. The state is read here and not taken from the tracepoint's argument: a
    /// task with a pending signal is put back to TASK_RUNNING after that copy was made. No waker can
    /// set it to 0 meanwhile, since for that the task must have left its CPU first.
    #[inline(always)]
    fn is_running(self) -> bool {
        self.read_u32(config::task_state()) == 0
    }

    /// Whether a CPU runs the task now. Exact under the run queue's lock, which wakeups hold.
    #[inline(always)]
    fn is_on_cpu(self) -> bool {
        config::task_on_cpu() != ABSENT && self.read_u32(config::task_on_cpu()) != 0
    }

    /// The name of the thread group's leader.
    #[inline(always)]
    fn leader_comm(self) -> [u8; COMM_LEN] {
        let leader = self.read_pointer(config::task_group_leader());
        let comm = leader.wrapping_add(config::task_comm() as usize);
        // SAFETY: the helper checks the address.
        unsafe { bpf_probe_read_kernel(comm.cast()) }.unwrap_or_default()
    }
}

/// A pointer whose type the verifier knows: plain loads.
#[derive(Clone, Copy)]
pub(crate) struct Typed(pub(crate) *const u8);

impl Task for Typed {
    #[inline(always)]
    fn read_u32(self, offset: u32) -> u32 {
        // SAFETY: the verifier checks that the offset lies in a task_struct.
        unsafe { read_volatile(self.0.wrapping_add(offset as usize).cast()) }
    }

    #[inline(always)]
    fn read_pointer(self, offset: u32) -> *const u8 {
        // SAFETY: as above.
        unsafe { read_volatile(self.0.wrapping_add(offset as usize).cast()) }
    }
}

/// An address: every read is a call of a helper, which checks it.
#[derive(Clone, Copy)]
pub(crate) struct Raw(pub(crate) *const u8);

impl Task for Raw {
    #[inline(always)]
    fn read_u32(self, offset: u32) -> u32 {
        let address = self.0.wrapping_add(offset as usize);
        // SAFETY: the helper checks the address.
        unsafe { bpf_probe_read_kernel(address.cast()) }.unwrap_or(0)
    }

    #[inline(always)]
    fn read_pointer(self, offset: u32) -> *const u8 {
        let address = self.0.wrapping_add(offset as usize);
        // SAFETY: the helper checks the address.
        unsafe { bpf_probe_read_kernel(address.cast()) }.unwrap_or(core::ptr::null())
    }
}
