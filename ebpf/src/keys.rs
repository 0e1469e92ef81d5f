//! The histograms kept per process.

use crate::config;
use crate::stats::count_shared;
use crate::task::Task;
use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::helpers::bpf_probe_read_kernel_str_bytes;
use aya_ebpf::macros::map;
use aya_ebpf::maps::HashMap;
use runqlat_common::contract::{COMM_LEN, KeyStats};
use runqlat_common::stamp::Cause;

/// By tgid. User space sets the size and deletes keys of processes that are gone; its memory is
/// taken when it is made, since nothing may be allocated under a run queue's lock.
#[map]
static KEYS: HashMap<u32, KeyStats> = HashMap::with_max_entries(1, 0);

/// What a new key starts from; too large for the stack of a BPF program.
static NEW_KEY: KeyStats = KeyStats::ZERO;

/// Counts a wait of `ns` for `task`'s process; false if the table has no room for a new process.
#[inline(always)]
pub(crate) fn count<T: Task>(task: T, cause: Cause, ns: u64) -> bool {
    let tgid = task.tgid();
    let Some(stats) = KEYS.get_ptr_mut(tgid).or_else(|| insert(task, tgid)) else {
        return false;
    };
    // SAFETY: a map value.
    unsafe { count_shared(&raw mut (*stats).hist, cause, ns) };
    true
}

#[inline(always)]
// By reference: by value, the new entry would be built on a stack of 512 bytes.
#[allow(clippy::needless_borrows_for_generic_args)]
fn insert<T: Task>(task: T, tgid: u32) -> Option<*mut KeyStats> {
    // Another CPU may have inserted it since; its entry then stays.
    let _ = KEYS.insert(tgid, &NEW_KEY, u64::from(BPF_NOEXIST));
    let stats = KEYS.get_ptr_mut(tgid)?;
    // SAFETY: a map value.
    unsafe { (*stats).comm = task.leader_comm() };
    Some(stats)
}

/// `task` gets a new name, by exec or prctl: its process does if it is the leader.
#[inline(always)]
pub(crate) fn rename<T: Task>(task: T, name: *const u8) {
    let tgid = task.tgid();
    if config::by_process() == 0 || task.tid() != tgid {
        return;
    }
    let Some(stats) = KEYS.get_ptr_mut(tgid) else {
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
