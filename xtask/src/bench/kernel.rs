//! `cargo xtask bench kernel`: what tracing costs the traced, against libbpf-tools' runqlat in the same rounds.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::load::Load;
use super::stats::{self, Figure, Run};
use super::tracer::Tracer;
use super::variants::{self, CLOCK, Empty, OURS, OURS_BY_PROCESS, PEER, PEER_BY_PROCESS, Variant};
use super::{hold, hold_all};
use crate::process;

/// What ours may add, of what the peer adds, measuring the whole system.
const BUDGET: f64 = 0.40;
/// The same by process, where the peer counts by process as well.
const BUDGET_BY_PROCESS: f64 = 0.45;
/// CPU time of one run: start-up is some percent of it, the same bare and traced, and the runs that are compared lie
/// within half a second.
const SECONDS: f64 = 0.12;
/// A tracer that has just begun is busy with itself for a moment.
const SETTLING: Duration = Duration::from_millis(50);
const TRACEFS: &str = "/sys/kernel/tracing";
/// How often a line tells how far it is.
const TOLD_ROUNDS: usize = 20;

/// Measures and prints the table; an error if ours is over a budget.
pub(super) fn bench(binary: &Path, empty: &Empty, rounds: u32) -> Result<()> {
    mount_tracefs()?;
    warn_of_events();
    let variants = variants::all(binary, empty)?;
    let load = Load::calibrated(SECONDS)?;
    println!(
        "\nbench: {}, {rounds} rounds of {} variants, each run between two bare ones",
        load.describe(),
        variants.len(),
    );
    let mut runs = vec![Vec::new(); variants.len()];
    let mut before = load.run()?;
    for round in 0..rounds as usize {
        if round % TOLD_ROUNDS == 0 {
            println!("bench: round {} of {rounds}", round + 1);
        }
        let due = (0..variants.len()).filter(|&index| round % variants[index].every == 0);
        for index in stats::shuffled(due.collect(), round) {
            let traced = measure(&variants[index], &load)?;
            let after = load.run()?;
            runs[index].push(Run {
                before,
                traced,
                after,
            });
            before = after;
        }
    }
    let slowdowns: Vec<Vec<f64>> = runs
        .iter()
        .map(|runs| {
            let steady = runs.iter().filter(|run| run.is_steady());
            steady.map(|run| run.slowdown()).collect()
        })
        .collect();
    print(&variants, &runs, &slowdowns);
    let added = |variant: usize, peer: usize| stats::added(&slowdowns[variant], &slowdowns[peer]);
    println!(
        "Ours itself, beyond being called and reading the clock, which no tracer of waits does without and the machine \
         alone decides: {}.",
        stats::beyond(&slowdowns[OURS], &slowdowns[CLOCK], &slowdowns[PEER])
    );
    verdict(added(OURS, PEER), added(OURS_BY_PROCESS, PEER_BY_PROCESS))
}

/// Time per operation under this tracer, in µs.
fn measure(variant: &Variant, load: &Load) -> Result<f64> {
    let (program, arguments) = variant.command.split_first().context("no command")?;
    let mut command = Command::new(program);
    let _tracer = Tracer::start(command.args(arguments), variant.ready)?;
    thread::sleep(SETTLING);
    load.run()
        .with_context(|| format!("under {}", variant.name))
}

/// The peers may fall back to perf events on tracepoints, whose numbers are in tracefs; bpftrace looks for it in
/// debugfs alone.
fn mount_tracefs() -> Result<()> {
    let tracefs = Path::new(TRACEFS);
    mount("tracefs", tracefs, &tracefs.join("events"))?;
    let debugfs = Path::new("/sys/kernel/debug");
    mount("debugfs", debugfs, &debugfs.join("tracing"))
}

/// An event of the kernel's own tracing that is on, even one that nothing fires, has probes of its own record who runs:
/// they share the scheduler's tracepoints, and each call of a program is then some 25 ns dearer.
fn warn_of_events() {
    let file = Path::new(TRACEFS).join("events/enable");
    let on = fs::read_to_string(&file).is_ok_and(|enabled| enabled.trim() != "0");
    if on {
        println!(
            "bench: warning: some of the kernel's trace events are on, and make all tracers dearer\n\
             hint: echo 0 > {}",
            file.display()
        );
    }
}

/// Mounts a file system where the kernel has it and nobody has mounted it: then `proof` is missing.
fn mount(kind: &str, folder: &Path, proof: &Path) -> Result<()> {
    if proof.is_dir() || !folder.is_dir() {
        return Ok(());
    }
    println!(
        "bench: mounting {kind} on {}, which peers may want",
        folder.display()
    );
    process::run(Command::new("mount").args(["-t", kind, "none"]).arg(folder))
}

fn print(variants: &[Variant], runs: &[Vec<Run>], slowdowns: &[Vec<f64>]) {
    let bare: Vec<f64> = runs.iter().flatten().map(|run| run.before).collect();
    println!(
        "\n{:<26} {:>9} {:>8}  {:<20}  added / peer's",
        "variant", "runs", "µs/op", "slow-down"
    );
    println!(
        "{:<26} {:>9} {:>8.3}",
        "bare",
        bare.len(),
        stats::median(&bare)
    );
    for ((variant, runs), slowdown) in variants.iter().zip(runs).zip(slowdowns) {
        let micros: Vec<f64> = runs.iter().map(|run| run.traced).collect();
        println!(
            "{:<26} {:>9} {:>8.3}  {:<20}  {}",
            variant.name,
            format!("{} of {}", slowdown.len(), runs.len()),
            stats::median(&micros),
            format!("{:.3}", stats::typical(slowdown)),
            stats::added(slowdown, &slowdowns[PEER])
        );
    }
    println!(
        "Medians over the runs during which the machine kept its speed (so many of all), and the interval in which each \
         lies with 95 % of certainty; the peer is {}.",
        variants[PEER].name
    );
}

/// Each is held against the peer that does the same.
fn verdict(whole: Figure, by_process: Figure) -> Result<()> {
    println!("By process against the peer's -P, which does the same: {by_process}.");
    let hint = "if the interval holds the limit, try more rounds; else see what the last change did to the kernel programs";
    hold_all([
        hold(
            "added measuring the whole system, of what the peer adds",
            whole.value,
            BUDGET,
            "",
            hint,
        ),
        hold(
            "added by process, of what the peer's -P adds",
            by_process.value,
            BUDGET_BY_PROCESS,
            "",
            hint,
        ),
    ])
}
