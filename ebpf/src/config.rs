//! What user space settled before it loaded the programs.

use core::ptr::read_volatile;
use runqlat_common::contract::Config;

/// Lives in a map that is frozen before the programs are verified: to the verifier each field is a
/// known constant.
#[unsafe(no_mangle)]
static CONFIG: Config = Config {
    task_pid: 0,
    task_tgid: 0,
    task_state: 0,
    task_on_cpu: 0,
    task_group_leader: 0,
    task_comm: 0,
    stamp_bits: 0,
    by_process: 0,
    only_tgid: 0,
};

macro_rules! settings {
    ($($field:ident),*) => {$(
        #[inline(always)]
        pub(crate) fn $field() -> u32 {
            // SAFETY: a valid, aligned static. Volatile, for the compiler must not take its word
            // for what is in it.
            unsafe { read_volatile(&raw const CONFIG.$field) }
        }
    )*};
}

settings!(
    task_pid,
    task_tgid,
    task_state,
    task_on_cpu,
    task_group_leader,
    task_comm,
    stamp_bits,
    by_process,
    only_tgid
);
