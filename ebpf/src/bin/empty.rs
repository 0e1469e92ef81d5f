//! Programs for finding out where the cost of the real ones comes from: some do nothing and cost only the call, others
//! also read the clock, which every tracer of waits has to do. Only `cargo xtask bench kernel` loads them.
#![cfg_attr(target_arch = "bpf", no_std, no_main)]

use aya_ebpf::helpers::bpf_ktime_get_ns;
use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;

macro_rules! costs {
    ($($event:literal $empty:ident $clock:ident)*) => {$(
        #[btf_tracepoint(function = $event)]
        fn $empty(_: BtfTracePointContext) -> i32 {
            0
        }

        #[btf_tracepoint(function = $event)]
        fn $clock(_: BtfTracePointContext) -> i32 {
            // SAFETY: a helper without arguments.
            unsafe { bpf_ktime_get_ns() };
            0
        }
    )*};
}

costs!(
    "sched_wakeup" empty_wakeup clock_wakeup
    "sched_wakeup_new" empty_wakeup_new clock_wakeup_new
    "sched_switch" empty_switch clock_switch
);

#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

#[cfg(target_arch = "bpf")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // Never reached: the verifier would refuse the loop.
    loop {}
}

/// For the host, this crate is only checked.
#[cfg(not(target_arch = "bpf"))]
fn main() {}
