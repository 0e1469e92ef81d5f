//! The kernel programs: they stamp tasks that become runnable and count how long each waited when
//! it starts to run. O(1) per event, nothing is streamed. What is decided stands in
//! `runqlat_common::stamp`, where the host's tests reach it; here it is carried out.
//!
//! Each program exists twice: typed (`tp_btf`), which reads tasks with plain loads, and raw
//! (`raw_tp`), for kernels that refuse the first. User space loads one set of them.
#![cfg_attr(target_arch = "bpf", no_std, no_main, feature(asm_experimental_arch))]

mod config;
mod hot;
mod keys;
mod object;
mod stats;
mod task;
mod wait;

use aya_ebpf::macros::{btf_tracepoint, raw_tracepoint};
use aya_ebpf::programs::{BtfTracePointContext, RawTracePointContext};
use object::{Raw, Typed};
use task::Cgroup;

#[btf_tracepoint(function = "sched_wakeup")]
fn wakeup(ctx: BtfTracePointContext) -> i32 {
    wait::wakeup(Typed(ctx.arg(0)), false);
    0
}

#[btf_tracepoint(function = "sched_wakeup_new")]
fn wakeup_new(ctx: BtfTracePointContext) -> i32 {
    wait::wakeup(Typed(ctx.arg(0)), true);
    0
}

#[btf_tracepoint(function = "sched_switch")]
fn switch(ctx: BtfTracePointContext) -> i32 {
    let preempt: u64 = ctx.arg(0);
    wait::switch(preempt & 0xff != 0, Typed(ctx.arg(1)), Typed(ctx.arg(2)));
    0
}

#[btf_tracepoint(function = "task_rename")]
fn rename(ctx: BtfTracePointContext) -> i32 {
    keys::rename(Typed(ctx.arg(0)), ctx.arg(1));
    0
}

#[btf_tracepoint(function = "sched_process_free")]
fn task_freed(ctx: BtfTracePointContext) -> i32 {
    keys::task_freed(Typed(ctx.arg(0)));
    0
}

#[btf_tracepoint(function = "sched_process_exit")]
fn task_exits(ctx: BtfTracePointContext) -> i32 {
    keys::task_exits(Typed(ctx.arg(0)));
    0
}

#[btf_tracepoint(function = "cgroup_rmdir")]
fn cgroup_removed(ctx: BtfTracePointContext) -> i32 {
    keys::cgroup_removed(Cgroup(Typed(ctx.arg(0))));
    0
}

#[raw_tracepoint(tracepoint = "sched_wakeup")]
fn raw_wakeup(ctx: RawTracePointContext) -> i32 {
    wait::wakeup(Raw(ctx.arg(0)), false);
    0
}

#[raw_tracepoint(tracepoint = "sched_wakeup_new")]
fn raw_wakeup_new(ctx: RawTracePointContext) -> i32 {
    wait::wakeup(Raw(ctx.arg(0)), true);
    0
}

#[raw_tracepoint(tracepoint = "sched_switch")]
fn raw_switch(ctx: RawTracePointContext) -> i32 {
    let preempt: u64 = ctx.arg(0);
    wait::switch(preempt & 0xff != 0, Raw(ctx.arg(1)), Raw(ctx.arg(2)));
    0
}

#[raw_tracepoint(tracepoint = "task_rename")]
fn raw_rename(ctx: RawTracePointContext) -> i32 {
    keys::rename(Raw(ctx.arg(0)), ctx.arg(1));
    0
}

#[raw_tracepoint(tracepoint = "sched_process_free")]
fn raw_task_freed(ctx: RawTracePointContext) -> i32 {
    keys::task_freed(Raw(ctx.arg(0)));
    0
}

#[raw_tracepoint(tracepoint = "sched_process_exit")]
fn raw_task_exits(ctx: RawTracePointContext) -> i32 {
    keys::task_exits(Raw(ctx.arg(0)));
    0
}

#[raw_tracepoint(tracepoint = "cgroup_rmdir")]
fn raw_cgroup_removed(ctx: RawTracePointContext) -> i32 {
    keys::cgroup_removed(Cgroup(Raw(ctx.arg(0))));
    0
}

/// Programs for telling where the cost lies: ones that do nothing, whose cost is that of being called, and ones
/// that read the clock besides, which no tracer of waits does without.
macro_rules! costs {
    ($($event:literal $empty:ident $clock:ident)*) => {$(
        #[btf_tracepoint(function = $event)]
        fn $empty(_: BtfTracePointContext) -> i32 {
            0
        }

        #[btf_tracepoint(function = $event)]
        fn $clock(_: BtfTracePointContext) -> i32 {
            wait::clock();
            0
        }
    )*};
}

costs!(
    "sched_wakeup" empty_wakeup clock_wakeup
    "sched_wakeup_new" empty_wakeup_new clock_wakeup_new
    "sched_switch" empty_switch clock_switch
);

/// The helpers that the programs call are for programs with a licence compatible with the GPL.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

#[cfg(target_arch = "bpf")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // Never reached: the verifier would refuse the loop.
    loop {}
}

/// On the host this crate is only checked.
#[cfg(not(target_arch = "bpf"))]
fn main() {}
