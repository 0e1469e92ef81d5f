//! The histograms kept per key.

use crate::object::{Object, Raw};
use crate::stats::count_shared;
use crate::task::Task;
use crate::{config, hot};
use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::helpers::bpf_probe_read_kernel_str_bytes;
use aya_ebpf::macros::map;
use aya_ebpf::maps::HashMap;
use core::hint::cold_path;
use runqlat_common::contract::{COMM_LEN, KeyStats, key};
use runqlat_common::stamp::Cause;

/// User space sets the size and deletes keys whose process (thread, namespace, cgroup) is gone; its
/// memory is taken when it is made, since nothing may be allocated under a run queue's lock.
#[map]
static KEYS: HashMap<u64, KeyStats> = HashMap::with_max_entries(1, 0);

/// What a new key starts from; too large for the stack of a BPF program.
static NEW_KEY: KeyStats = KeyStats::ZERO;

/// What `task`'s waits are counted under; 0 for nothing.
#[inline(always)]
fn key_of<T: Task>(task: T) -> u64 {
    match config::key() {
        key::PROCESS => task.tgid().into(),
        key::THREAD => task.tid().into(),
        key::PIDNS => task.pidns(),
        key::CGROUP => task.cgroup_id(),
        _ => 0,
    }
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
    let found = KEYS.get_ptr_mut(key).or_else(|| {
        cold_path();
        insert(task, key)
    });
    let Some(stats) = found else {
        return false;
    };
    // SAFETY: a map value.
    unsafe { count_shared(&raw mut (*stats).hist, cause, ns) };
    hot::offer(key);
    true
}

#[inline(always)]
// By reference: by value, the new entry would be built on a stack of 512 bytes.
#[allow(clippy::needless_borrows_for_generic_args)]
fn insert<T: Task>(task: T, key: u64) -> Option<*mut KeyStats> {
    // Another CPU may have inserted it since; its entry then stays.
    let _ = KEYS.insert(key, &NEW_KEY, u64::from(BPF_NOEXIST));
    let stats = KEYS.get_ptr_mut(key)?;
    let named = match config::key() {
        key::PROCESS => task.follow(config::task_group_leader()).address(),
        key::THREAD => task.address(),
        key::PIDNS => Raw(task.pid_namespace())
            .follow(config::pidns_child_reaper())
            .address(),
        // A cgroup's name is its path, which user space finds out.
        _ => return Some(stats),
    };
    // SAFETY: a map value.
    unsafe { Raw(named).copy_comm(&raw mut (*stats).comm) };
    Some(stats)
}

/// The key that is named after `task`, if there is one.
#[inline(always)]
fn named_after<T: Task>(task: T) -> Option<*mut KeyStats> {
    let tid = task.tid();
    let is_named = match config::key() {
        key::PROCESS => tid == task.tgid(),
        key::THREAD => true,
        _ => false,
    };
    if is_named {
        KEYS.get_ptr_mut(u64::from(tid))
    } else {
        None
    }
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

/// `task` is new: a key that is there already is that of one with the same id before it, and gets
/// this one's name.
#[inline(always)]
pub(crate) fn reused<T: Task>(task: T) {
    if let Some(stats) = named_after(task) {
        // SAFETY: a map value.
        unsafe { task.copy_comm(&raw mut (*stats).comm) };
    }
}
