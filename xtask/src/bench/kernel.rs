//! `cargo xtask bench kernel`: what tracing costs the traced, against libbpf-tools' runqlat in the same round.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::load::Load;
use super::stats::{self, Summary};
use super::tracer::{Ready, Tracer};
use crate::privilege::Root;
use crate::project::Project;
use crate::{build, process, setup};

/// What ours may add, of what the peer adds, measuring the whole system.
const BUDGET: f64 = 0.45;
/// CPU time of one run: long enough that start-up is nothing, short enough that a round is one moment.
const SECONDS: f64 = 2.0;

const BARE: usize = 0;
const PEER: usize = 1;
const OURS: usize = 2;

struct Variant {
    name: &'static str,
    command: Vec<String>,
    ready: Ready,
}

/// Builds, measures and prints the table; an error if ours is over the budget.
pub(crate) fn bench(project: &Project, rounds: u32) -> Result<()> {
    if Root::detect() != Root::Already {
        bail!("tracers need root\nhint: run `cargo xtask bench kernel` as root");
    }
    let toolchain = setup::everything(project)?;
    let binary = build::all(project, &toolchain)?;
    mount_tracefs()?;
    let variants = variants(&binary);
    let load = Load::calibrated(SECONDS)?;
    println!(
        "\nbench: {}, {rounds} rounds of {} variants",
        load.describe(),
        variants.len()
    );
    let mut times = Vec::new();
    for round in 0..rounds as usize {
        let times_of_round = measure(&variants, &load, round)?;
        println!("bench: round {}: {}", round + 1, line(&times_of_round));
        times.push(times_of_round);
    }
    let summaries = stats::summarise(&times, BARE, PEER);
    print(&variants, &summaries);
    verdict(&summaries[OURS])
}

impl Variant {
    fn peer(name: &'static str, arguments: &[&str]) -> Self {
        // Its first line would stay in a buffer for ever when stdout is a pipe.
        let command = [&["stdbuf", "-oL", "runqlat"], arguments].concat();
        Self {
            name,
            command: command.into_iter().map(str::to_owned).collect(),
            ready: Ready::Line("Tracing run queue latency"),
        }
    }

    fn ours(name: &'static str, binary: &Path, key: &str) -> Self {
        let binary = binary.to_string_lossy();
        let command = [&binary, "--listen", "127.0.0.1:0", "--by", key];
        Self {
            name,
            command: command.map(str::to_owned).to_vec(),
            ready: Ready::Healthz,
        }
    }
}

/// In the order of BARE, PEER and OURS; bpftrace's runqlat only where somebody installed it.
fn variants(binary: &Path) -> Vec<Variant> {
    let bare = Variant {
        name: "bare",
        command: Vec::new(),
        ready: Ready::Line(""),
    };
    let bpftrace = process::find("runqlat.bt").map(|script| Variant {
        name: "bpftrace runqlat.bt",
        command: vec![script.to_string_lossy().into_owned()],
        ready: Ready::Line("Tracing CPU scheduler"),
    });
    [
        bare,
        Variant::peer("libbpf-tools runqlat", &[]),
        Variant::ours("runqlat-web --by global", binary, "global"),
        Variant::peer("libbpf-tools runqlat -P", &["-P"]),
        Variant::ours("runqlat-web --by process", binary, "process"),
    ]
    .into_iter()
    .chain(bpftrace)
    .collect()
}

/// One round: each variant's time per operation, by variant.
fn measure(variants: &[Variant], load: &Load, round: usize) -> Result<Vec<f64>> {
    let mut times = vec![f64::NAN; variants.len()];
    for index in stats::rotation(round, variants.len(), BARE) {
        let variant = &variants[index];
        let _tracer = match variant.command.split_first() {
            None => None,
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                Some(Tracer::start(command.args(arguments), variant.ready)?)
            }
        };
        times[index] = load
            .run()
            .with_context(|| format!("under {}", variant.name))?;
    }
    Ok(times)
}

/// The peer falls back to perf events on tracepoints, whose numbers are in tracefs.
fn mount_tracefs() -> Result<()> {
    let folder = Path::new("/sys/kernel/tracing");
    if folder.join("events").is_dir() || !folder.is_dir() {
        return Ok(());
    }
    println!(
        "bench: mounting tracefs on {}, which the peer may want",
        folder.display()
    );
    process::run(
        Command::new("mount")
            .args(["-t", "tracefs", "none"])
            .arg(folder),
    )
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

fn verdict(ours: &Summary) -> Result<()> {
    let ratio = ours.of_peer.map_or(f64::NAN, |spread| spread.median);
    if ratio <= BUDGET {
        println!(
            "PASSED: the whole system costs {ratio:.2} of what the peer adds; at most {BUDGET} may be."
        );
        return Ok(());
    }
    bail!(
        "the whole system costs {ratio:.2} of what the peer adds, and {BUDGET} is the budget\n\
         hint: on a busy machine, try more rounds; else see what the last change did to the kernel programs"
    )
}

fn line(times: &[f64]) -> String {
    let times: Vec<String> = times.iter().map(|time| format!("{time:.3}")).collect();
    times.join("  ") + " µs/op"
}
