//! Which pid namespaces live: a program that runs over all tasks whenever user space asks. In /proc only
//! who may trace a process sees its namespace, and that right is worth much more than this answer.

use crate::object::Raw;
use crate::task::Task;
use aya_ebpf::bindings::seq_file;
use aya_ebpf::helpers::generated::bpf_seq_write;
use core::ptr::read_volatile;

/// The kernel's `bpf_iter__task`.
#[repr(C)]
pub(crate) struct EachTask {
    meta: *const Meta,
    task: *const u8,
}

/// The beginning of its `bpf_iter_meta`.
#[repr(C)]
struct Meta {
    seq: *mut seq_file,
}

/// Writes the inode number of the namespace of each process' leader, 8 bytes, as often as it has processes.
#[inline(always)]
pub(crate) fn tell_pidns(each: *const EachTask) {
    // SAFETY: the kernel calls with its structures, and the verifier checks the reads.
    let (meta, task) = unsafe {
        (
            read_volatile(&raw const (*each).meta),
            read_volatile(&raw const (*each).task),
        )
    };
    // After the last task it calls once more, without one.
    if task.is_null() {
        return;
    }
    let task = Raw(task);
    if task.tid() != task.tgid() {
        return;
    }
    let inode = task.pidns();
    // SAFETY: as above. Where there is no room left, the kernel hands out what there is, and calls again with
    // the same task.
    unsafe {
        let seq = read_volatile(&raw const (*meta).seq);
        bpf_seq_write(seq, (&raw const inode).cast(), size_of::<u64>() as u32);
    }
}
