//! The histograms kept per key.

use crate::object::{Object, Raw};
use crate::stats::{bump, count_shared, this_cpu};
use crate::task::{Cgroup, Task};
use crate::{config, hot};
use aya_ebpf::bindings::{BPF_F_MMAPABLE, BPF_NOEXIST};
use aya_ebpf::btf_maps::{ArrayOfMaps, HashMap};
use aya_ebpf::helpers::bpf_probe_read_kernel_str_bytes;
use aya_ebpf::macros::{btf_map, map};
use aya_ebpf::maps::{Array, PerCpuArray};
use core::hint::cold_path;
use runqlat_common::contract::{COMM_LEN, KeyStats, key};
use runqlat_common::key_word;
use runqlat_common::stamp::Cause;

/// A table of keys. Its memory is preallocated, since nothing may be allocated under a run queue's lock.
///
/// To the kernel a value is words and not a structure. From 5.15 to 6.1 a map in a map must agree with the first one in
/// where its value has a timer, and of a structure without one the kernel says something else than of a map that user
/// space makes without type information.
type Table = HashMap<u64, [u64; size_of::<KeyStats>() / size_of::<u64>()], 1>;

/// The table in use. User space creates it, replaces it by a larger one before it is full, and deletes keys whose owner
/// has ended.
#[btf_map]
static KEYS: ArrayOfMaps<Table, 1> = ArrayOfMaps::new();

/// Not 0 after the table refused a key. User space maps it and resets it when there is room again: before Linux 6.0,
/// each insertion that fails searches the free lists of all CPUs.
#[map]
static FULL: Array<u64> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// Where a new entry is built, so that it is complete when it appears; the stack of a BPF program is too small. Its
/// counters stay 0.
#[map]
static NEW: PerCpuArray<KeyStats> = PerCpuArray::with_max_entries(1, 0);

/// E2BIG: the table has no room.
const NO_ROOM: i32 = -7;

/// What `task`'s waits are counted under; 0 for nothing.
#[inline(always)]
fn key_of<T: Task>(task: T) -> u64 {
    match config::key() {
        key::PROCESS => key_word::of_task(task.tgid(), task.leader().start_ns()),
        key::THREAD => key_word::of_task(task.tid(), task.start_ns()),
        key::PIDNS => {
            let namespace = task.pid_namespace();
            match namespace.inode() {
                0 => 0,
                inode => key_word::of_namespace(inode, first_process(task).start_ns()),
            }
        }
        key::CGROUP => task.cgroup().id(),
        _ => 0,
    }
}

/// The first process of `task`'s pid namespace. By its leader, because another thread adopts the orphans when that one
/// exits.
#[inline(always)]
fn first_process<T: Task>(task: T) -> Raw {
    task.pid_namespace().child_reaper().leader()
}

/// Counts a wait of `ns` under `task`'s key; false if it has none or the table has no room for it.
#[inline(always)]
pub(crate) fn count<T: Task>(task: T, cause: Cause, ns: u64) -> bool {
    let key = key_of(task);
    if key == 0 {
        return false;
    }
    if hot::count(key, cause, ns) {
        return true;
    }
    let Some(stats) = find(key).or_else(|| {
        cold_path();
        insert(task, key)
    }) else {
        return false;
    };
    // SAFETY: a map value.
    unsafe { count_shared(&raw mut (*stats).hist, cause, ns) };
    hot::offer(key);
    true
}

#[inline(always)]
fn find(key: u64) -> Option<*mut KeyStats> {
    KEYS.get_value_ptr_mut(0, &key).map(<*mut _>::cast)
}

#[inline(always)]
fn insert<T: Task>(task: T, key: u64) -> Option<*mut KeyStats> {
    let full = FULL.get_ptr_mut(0)?;
    // SAFETY: a map value; user space writes to it, too.
    if unsafe { full.read_volatile() } != 0 {
        return None;
    }
    let new = NEW.get_ptr_mut(0)?;
    // SAFETY: a map value of this CPU's.
    let entry = unsafe {
        describe(task, new);
        &*new.cast()
    };
    match KEYS.get(0)?.insert(key, entry, u64::from(BPF_NOEXIST)) {
        Ok(()) => {
            if let Some(cpu) = this_cpu() {
                // SAFETY: a map value that no other CPU writes.
                unsafe { bump(&raw mut (*cpu).inserted) };
            }
        }
        // SAFETY: a map value.
        Err(NO_ROOM) => unsafe { full.write_volatile(1) },
        // Another CPU inserted it meanwhile, or holds a lock of the table.
        Err(_) => {}
    }
    find(key)
}

/// Writes the name of `task`'s key to `new`, and whether its owner has ended although a last task of it still waits.
///
/// # Safety
/// `new` points to a map value.
#[inline(always)]
unsafe fn describe<T: Task>(task: T, new: *mut KeyStats) {
    let (named, ended) = match config::key() {
        key::PROCESS => (task.leader().address(), false),
        key::THREAD => (task.address(), false),
        key::PIDNS => (
            first_process(task).address(),
            task.pid_namespace().is_ending(),
        ),
        // A cgroup's name is its path, which user space finds out.
        _ => (core::ptr::null(), task.cgroup().is_removed()),
    };
    // SAFETY: by the caller.
    unsafe {
        (*new).ended = ended.into();
        if !named.is_null() {
            Raw(named).copy_comm(&raw mut (*new).comm);
        }
    }
}

/// The entry that is named after `task`, if there is one.
#[inline(always)]
fn named_after<T: Task>(task: T) -> Option<*mut KeyStats> {
    let is_named = match config::key() {
        key::PROCESS => task.tid() == task.tgid(),
        key::THREAD => true,
        key::PIDNS => is_first_process(task) && task.tid() == task.tgid(),
        _ => false,
    };
    if is_named { find(key_of(task)) } else { None }
}

#[inline(always)]
fn is_first_process<T: Task>(task: T) -> bool {
    first_process(task).address() == task.leader().address()
}

/// `task` gets a new name, by exec or prctl.
#[inline(always)]
pub(crate) fn rename<T: Task>(task: T, name: *const u8) {
    let Some(stats) = named_after(task) else {
        return;
    };
    let mut comm = [0; COMM_LEN];
    // SAFETY: the helper checks the address; `stats` is a map value.
    unsafe {
        if bpf_probe_read_kernel_str_bytes(name, &mut comm).is_ok() {
            (*stats).comm = comm;
        }
    }
}

/// `task` is freed: it has run for the last time. A process ends with its first thread, which the kernel keeps until
/// all other threads have ended.
#[inline(always)]
pub(crate) fn task_freed<T: Task>(task: T) {
    let (tid, start) = (task.tid(), task.start_ns());
    if config::key() != key::PROCESS || tid == task.tgid() {
        end(key_word::of_task(tid, start));
    }
}

/// `task` exits: a pid namespace ends with the last thread of its first process. The kernel then kills the other
/// processes.
#[inline(always)]
pub(crate) fn task_exits<T: Task>(task: T) {
    let signal = task.follow(config::task_signal());
    if signal.read::<u32>(config::signal_live()) == 0 && is_first_process(task) {
        end(key_of(task));
    }
}

/// `cgroup` was removed.
#[inline(always)]
pub(crate) fn cgroup_removed<T: Object>(cgroup: Cgroup<T>) {
    if cgroup.is_v2() {
        end(cgroup.id());
    }
}

#[inline(always)]
fn end(key: u64) {
    if let Some(stats) = find(key) {
        // SAFETY: a map value.
        unsafe { (*stats).ended = 1 };
    }
}
