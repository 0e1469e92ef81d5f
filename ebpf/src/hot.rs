//! Counters of a key on one CPU, for keys that wait often: see `runqlat_common::hot`.

use crate::config;
use crate::stats::count_local;
use aya_ebpf::bindings::BPF_F_MMAPABLE;
use aya_ebpf::helpers::bpf_get_smp_processor_id;
use aya_ebpf::macros::map;
use aya_ebpf::maps::Array;
use core::hint::cold_path;
use runqlat_common::contract::HotRow;
use runqlat_common::hot::{FREE, ask};
use runqlat_common::stamp::Cause;

/// User space sets the size, and maps it.
#[map]
static HOT: Array<HotRow> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// The row for `key` on this CPU; a CPU that was not present when the programs were loaded has none.
#[inline(always)]
fn row(key: u64) -> Option<*mut HotRow> {
    // SAFETY: a helper without arguments.
    let cpu = u64::from(unsafe { bpf_get_smp_processor_id() });
    let id = key >> (config::id_shift() & 63);
    let index = (cpu << (config::hot_bits() & 31)) | (id & config::hot_mask());
    HOT.get_ptr_mut(index as u32)
}

/// Counts a wait of `ns` under `key`; false if it has no row on this CPU.
#[inline(always)]
pub(crate) fn count(key: u64, cause: Cause, ns: u64) -> bool {
    let Some(row) = row(key) else {
        return false;
    };
    // SAFETY: a map value; user space may write the owner.
    unsafe {
        if (&raw const (*row).owner).read_volatile() != key {
            return false;
        }
        count_local(&raw mut (*row).hist, cause, ns);
    }
    true
}

/// A wait of `key` was counted elsewhere: the key may take its row.
#[inline(always)]
pub(crate) fn offer(key: u64) {
    let Some(row) = row(key) else {
        return;
    };
    // SAFETY: a map value; user space writes no owner that is free.
    unsafe {
        let owner = &raw mut (*row).owner;
        if owner.read_volatile() == FREE && ask(&mut (*row).asked) {
            cold_path();
            owner.write_volatile(key);
        }
    }
}
