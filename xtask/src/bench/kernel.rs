//! `cargo xtask bench kernel`: what tracing costs the traced, against libbpf-tools' runqlat in the same round.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::load::Load;
use super::stats::{self, Spread, Summary};
use super::tracer::Tracer;
use super::variants::{self, BARE, OURS, OURS_BY_PROCESS, PEER, PEER_BY_PROCESS, Variant};
use super::{hold, hold_all};
use crate::process;

/// What ours may add, of what the peer adds, measuring the whole system.
const BUDGET: f64 = 0.40;
/// The same by process, where the peer counts by process as well.
const BUDGET_BY_PROCESS: f64 = 0.45;
/// CPU time of one run: long enough that start-up is nothing, short enough that a round is one moment.
const SECONDS: f64 = 2.0;

/// Measures and prints the table; an error if ours is over a budget.
pub(super) fn bench(binary: &Path, rounds: u32) -> Result<()> {
    mount_tracefs()?;
    let variants = variants::all(binary)?;
    let load = Load::calibrated(SECONDS)?;
    println!(
        "\nbench: {}, {rounds} rounds of {} variants: {}",
        load.describe(),
        variants.len(),
        variants
            .iter()
            .map(|v| v.name)
            .collect::<Vec<_>>()
            .join(", ")
    );
    let mut times = Vec::new();
    for round in 0..rounds as usize {
        let times_of_round = measure(&variants, &load, round)?;
        println!("bench: round {}: {}", round + 1, line(&times_of_round));
        times.push(times_of_round);
    }
    let summaries = stats::summarise(&times, BARE, PEER);
    print(&variants, &summaries);
    let by_process = stats::added(&times, BARE, OURS_BY_PROCESS, PEER_BY_PROCESS);
    verdict(summaries[OURS].of_peer, by_process)
}

/// One round: each variant's time per operation, by variant.
fn measure(variants: &[Variant], load: &Load, round: usize) -> Result<Vec<f64>> {
    let mut times = vec![Vec::new(); variants.len()];
    for index in stats::rotation(round, variants.len(), BARE) {
        let variant = &variants[index];
        let _tracer = match variant.command.split_first() {
            None => None,
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                Some(Tracer::start(command.args(arguments), variant.ready)?)
            }
        };
        let time = load
            .run()
            .with_context(|| format!("under {}", variant.name))?;
        times[index].push(time);
    }
    Ok(times.iter().map(|times| stats::mean(times)).collect())
}

/// The peers may fall back to perf events on tracepoints, whose numbers are in tracefs; bpftrace looks for it in
/// debugfs alone.
fn mount_tracefs() -> Result<()> {
    let tracefs = Path::new("/sys/kernel/tracing");
    mount("tracefs", tracefs, &tracefs.join("events"))?;
    let debugfs = Path::new("/sys/kernel/debug");
    mount("debugfs", debugfs, &debugfs.join("tracing"))
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

fn print(variants: &[Variant], summaries: &[Summary]) {
    println!(
        "\n{:<26} {:>8}  {:^20}  {:^20}",
        "variant", "µs/op", "slow-down", "added / peer's"
    );
    for (variant, summary) in variants.iter().zip(summaries) {
        let of_peer = summary
            .of_peer
            .map(|spread| spread.to_string())
            .unwrap_or_default();
        println!(
            "{:<26} {:>8.3}  {:<20}  {of_peer}",
            variant.name,
            summary.micros,
            summary.slowdown.to_string()
        );
    }
    println!(
        "Medians of per-round ratios (smallest..largest); the peer is {}.",
        variants[PEER].name
    );
}

/// Each is held against the peer that does the same.
fn verdict(whole: Option<Spread>, by_process: Spread) -> Result<()> {
    println!("By process against the peer's -P, which does the same: {by_process}.");
    let hint = "on a busy machine, try more rounds; else see what the last change did to the kernel programs";
    let whole = whole.map_or(f64::NAN, |spread| spread.median);
    hold_all([
        hold(
            "added measuring the whole system, of what the peer adds",
            whole,
            BUDGET,
            "",
            hint,
        ),
        hold(
            "added by process, of what the peer's -P adds",
            by_process.median,
            BUDGET_BY_PROCESS,
            "",
            hint,
        ),
    ])
}

fn line(times: &[f64]) -> String {
    let times: Vec<String> = times.iter().map(|time| format!("{time:.3}")).collect();
    times.join("  ") + " µs/op"
}
