//! Measurements of the real binary on this machine: what it costs the measured, the kernel and itself. Costs to the
//! measured are ratios against a peer, since absolute figures say more about the machine than about the program.

mod crowd;
mod driver;
mod fanout;
mod floor;
mod kernel;
mod load;
mod long;
mod memory;
mod nap;
mod page;
mod pan;
mod proc;
mod read;
mod stats;
mod trace;
mod tracer;
mod variants;
mod viewer;
mod whole;

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::privilege::Root;
use crate::project::{BINARY, Project};
use crate::{build, process, setup};

pub(crate) use self::nap::{forever as nap, is_napper};
use self::variants::Empty;

/// What `bench kernel` can't do without.
const PEERS: [&str; 2] = ["runqlat", "perf"];

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bench {
    Kernel { rounds: Option<u32> },
    Memory,
    Read { rounds: Option<u32> },
    Whole { rounds: Option<u32> },
    Fanout { rounds: Option<u32> },
    Page,
    All,
}

/// How often each is measured unless told otherwise: ratios of small differences need more. That many take four minutes.
const KERNEL_ROUNDS: u32 = 90;
const ROUNDS: u32 = 3;

/// Measures, prints tables, and holds each figure to its limit: an error if one is over.
pub(crate) fn run(project: &Project, bench: Bench) -> Result<()> {
    if !matches!(bench, Bench::Page | Bench::Fanout { .. }) && Root::detect() != Root::Already {
        bail!("measuring loads programs into the kernel\nhint: run `cargo xtask bench` as root");
    }
    let binary = binary(project, bench)?;
    let kernel = |rounds: Option<u32>| {
        let empty = Empty::build(project)?;
        kernel::bench(&binary, &empty, rounds.unwrap_or(KERNEL_ROUNDS))
    };
    let read = |rounds: Option<u32>| read::bench(&binary, rounds.unwrap_or(ROUNDS));
    let whole = |rounds: Option<u32>| whole::bench(&binary, rounds.unwrap_or(ROUNDS));
    let fanout = |rounds: Option<u32>| fanout::bench(project, &binary, rounds.unwrap_or(ROUNDS));
    match bench {
        Bench::Kernel { rounds } => kernel(rounds),
        Bench::Memory => memory::bench(&binary),
        Bench::Read { rounds } => read(rounds),
        Bench::Whole { rounds } => whole(rounds),
        Bench::Fanout { rounds } => fanout(rounds),
        Bench::Page => page::bench(&binary),
        Bench::All => all(&[
            ("memory", &|| memory::bench(&binary)),
            ("read", &|| read(None)),
            ("whole", &|| whole(None)),
            ("fanout", &|| fanout(None)),
            ("page", &|| page::bench(&binary)),
            ("kernel", &|| kernel(None)),
        ]),
    }
}

/// The binary that was named, or a fresh one. Only the latter sets up what is missing: who names a binary wants it
/// measured, and only `bench kernel` then wants a compiler, for programs of its own.
fn binary(project: &Project, bench: Bench) -> Result<PathBuf> {
    let Some(path) = env::var_os(BINARY).map(PathBuf::from) else {
        return build::all(project, &setup::everything(project)?);
    };
    println!("bench: {}, which {BINARY} names", path.display());
    if !path.is_file() {
        bail!("that is no file\nhint: without {BINARY}, one is built");
    }
    let has_peers = PEERS.iter().all(|name| process::find(name).is_some());
    if !has_peers && matches!(bench, Bench::Kernel { .. } | Bench::All) {
        bail!(
            "one of these programs is missing: {}\nhint: `cargo xtask setup` installs them",
            PEERS.join(", ")
        );
    }
    Ok(path)
}

/// Builds a workspace program that is only used in benchmarks, with the cargo that runs xtask and as optimised as the
/// server; returns its path.
fn helper(project: &Project, package: &str) -> Result<PathBuf> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(&project.root)
        .args(["build", "--release", "--package", package, "--target-dir"])
        .arg(&project.target);
    process::run(&mut cargo)?;
    Ok(project.target.join("release").join(package))
}

/// Runs each to its end, whatever the others say: one run tells all that is wrong.
fn all(benches: &[(&str, &dyn Fn() -> Result<()>)]) -> Result<()> {
    let mut failed = Vec::new();
    for (name, bench) in benches {
        println!("\n== bench {name}");
        if let Err(error) = bench() {
            println!("FAILED: {error:#}");
            failed.push(*name);
        }
    }
    if failed.is_empty() {
        println!("\nPASSED: all of them");
        return Ok(());
    }
    bail!(
        "failed: {}\nhint: the figures are above; each can be run alone, as `cargo xtask bench {}`",
        failed.join(", "),
        failed[0]
    )
}

/// One limit: prints it where it is kept, and is an error where it is not. `nan` is not kept.
fn hold(what: &str, value: f64, limit: f64, unit: &str, hint: &str) -> Result<()> {
    if value <= limit {
        println!("PASSED: {what}: {value:.2}{unit}; at most {limit}{unit} may be.");
        return Ok(());
    }
    bail!("{what}: {value:.2}{unit}, and {limit}{unit} is the limit\nhint: {hint}")
}

/// All limits of a bench: each is told, and the failed ones are one error.
fn hold_all(verdicts: impl IntoIterator<Item = Result<()>>) -> Result<()> {
    let failed: Vec<String> = verdicts
        .into_iter()
        .filter_map(|verdict| verdict.err().map(|error| error.to_string()))
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("{}", failed.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_kept_up_to_itself_and_never_by_no_number() {
        assert!(hold("cost", 0.4, 0.4, "", "-").is_ok());
        assert!(hold("cost", f64::NAN, 0.4, "", "-").is_err());
        let error = hold("reading", 5.2, 5.0, " ms", "try again").unwrap_err();
        assert_eq!(
            error.to_string(),
            "reading: 5.20 ms, and 5 ms is the limit\nhint: try again"
        );
    }

    #[test]
    fn every_failed_limit_is_told() {
        let verdicts = [
            hold("a", 2.0, 1.0, "", "x"),
            hold("b", 0.0, 1.0, "", "y"),
            hold("c", 3.0, 1.0, "", "z"),
        ];
        let text = hold_all(verdicts).unwrap_err().to_string();
        assert!(
            text.contains("a: 2.00") && text.contains("c: 3.00"),
            "{text}"
        );
        assert!(!text.contains("b: "), "{text}");
    }

    #[test]
    fn all_runs_to_its_end() {
        let ran = std::cell::Cell::new(0);
        let good = || {
            ran.set(ran.get() + 1);
            Ok(())
        };
        let bad = || bail!("too dear");
        let error = all(&[("one", &bad), ("two", &good)]).unwrap_err();
        assert_eq!(ran.get(), 1);
        assert!(error.to_string().starts_with("failed: one\n"), "{error}");
    }
}
