//! `cargo xtask bench fanout`: a thousand viewers of one server that has one core, and beside it, in turn, the least
//! that a server of as many bytes can be (`xtask/floor`).

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::crowd::{Crowd, Seen, Stamp};
use super::stats::{self, Spread};
use super::tracer::{Ready, Tracer};
use super::{hold, hold_all, proc};
use crate::process;
use crate::project::Project;

const VIEWERS: usize = 1_000;
const MEASURED: Duration = Duration::from_secs(20);
/// Milliseconds from an update's end to the last viewer that has it.
const LATE: f64 = 250.0;
/// Kilobytes of the server's memory for a viewer.
const MEMORY: f64 = 64.0;
/// The server's core. The viewers take what is left, and where there is one core only they share it.
const CORE: &str = "0";
const SERVER: [&str; 5] = ["--demo=500", "--interval", "1s", "--max-viewers", "1100"];
const FORMAT: &str = "Sec-WebSocket-Protocol: runqlat-web.v2.postcard\r\n";

/// What a server did in a round.
struct Round {
    seen: Seen,
    /// For each viewer, in kB.
    memory: f64,
    /// Percent of its core.
    cpu: f64,
}

/// Measures and prints the table; an error if one of the figures is over its limit.
pub(super) fn bench(project: &Project, binary: &Path, rounds: u32) -> Result<()> {
    let floor = build_floor(project)?;
    allow_descriptors()?;
    println!(
        "\nbench: {VIEWERS} viewers, 500 series, one update a second, the server on CPU {CORE}, {rounds} rounds of {} s; load {}",
        MEASURED.as_secs(),
        proc::load()
    );
    println!(
        "{:<14} {:>8} {:>28} {:>12} {:>14}",
        "server", "kB", "last viewer has it, ms", "kB/viewer", "% of its core"
    );
    let mut ours = Vec::new();
    let mut floors = Vec::new();
    for _ in 0..rounds {
        let server = pinned(binary, &["--listen", "127.0.0.1:0"], &SERVER)?;
        ours.push(measure("runqlat-web", &server, FORMAT, interval)?);
        drop(server);
        let bytes = ours.last().map_or(0, |round| round.seen.bytes).to_string();
        let server = pinned(&floor, &[&bytes], &[])?;
        floors.push(measure("bare axum", &server, "", stamped)?);
    }
    verdict(&ours, &floors)
}

fn verdict(ours: &[Round], floors: &[Round]) -> Result<()> {
    let all = |rounds: &[Round]| -> Spread {
        let late: Vec<f64> = rounds.iter().flat_map(|r| r.seen.last_ms.clone()).collect();
        stats::spread(&late)
    };
    let (our, floor) = (all(ours), all(floors));
    println!(
        "The last viewer's, median: {:.2} of the bare server's.",
        our.median / floor.median
    );
    let memory: Vec<f64> = ours.iter().map(|round| round.memory).collect();
    let missed: usize = ours.iter().map(|round| round.seen.incomplete).sum();
    let hint = "a snapshot or an update that is encoded for each viewer? see backend/src/hub.rs";
    hold_all([
        hold(
            "an update, until the last viewer has it",
            our.max,
            LATE,
            " ms",
            hint,
        ),
        hold(
            "the server's memory for a viewer",
            stats::spread(&memory).max,
            MEMORY,
            " kB",
            hint,
        ),
        hold(
            "updates that some viewer missed",
            missed as f64,
            0.0,
            "",
            hint,
        ),
    ])
}

fn measure(name: &str, server: &Tracer, headers: &str, stamp: Stamp) -> Result<Round> {
    let id = server.id();
    let before = proc::resident(id)?;
    let crowd = Crowd::join(server.address()?, VIEWERS, headers, stamp)?;
    let cpu = proc::cpu_time(id)?;
    let seen = crowd.watch(MEASURED);
    let cpu = proc::cpu_time(id)? - cpu;
    let after = proc::resident(id)?;
    ensure!(
        !seen.last_ms.is_empty(),
        "no update reached all viewers\nhint: is the machine too busy for {VIEWERS} threads?"
    );
    let round = Round {
        memory: after.saturating_sub(before) as f64 / 1e3 / VIEWERS as f64,
        cpu: 100.0 * cpu.as_secs_f64() / MEASURED.as_secs_f64(),
        seen,
    };
    println!(
        "{name:<14} {:>8.1} {:>28} {:>12.1} {:>14.1}",
        round.seen.bytes as f64 / 1e3,
        stats::spread(&round.seen.last_ms),
        round.memory,
        round.cpu
    );
    Ok(round)
}

/// Starts a server that has one core.
fn pinned(program: &Path, first: &[&str], arguments: &[&str]) -> Result<Tracer> {
    let mut command = Command::new("taskset");
    command
        .args(["-c", CORE])
        .arg(program)
        .args(first)
        .args(arguments);
    Tracer::start(&mut command, Ready::Healthz)
}

/// An interval of ours begins with its kind, its number and its end in ms since 1970, each of the latter in 7 bits a
/// byte, the lowest first.
fn interval(message: &[u8]) -> Option<(u64, u64)> {
    let (kind, mut rest) = message.split_first()?;
    (*kind == 1).then_some(())?;
    Some((varint(&mut rest)?, varint(&mut rest)?))
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A message of the bare server's.
fn stamped(message: &[u8]) -> Option<(u64, u64)> {
    let number = |at: usize| Some(u64::from_le_bytes(*message.get(at..)?.first_chunk()?));
    Some((number(0)?, number(8)?))
}

/// Both ends of a thousand connections are descriptors; servers that are started inherit the limit.
fn allow_descriptors() -> Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = (4 * VIEWERS as u64).min(hard);
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(wanted), hard)
        .context("cannot open as many connections\nhint: see `ulimit -n`")
}

/// With the cargo that runs us, as optimised as the server.
fn build_floor(project: &Project) -> Result<PathBuf> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(&project.root)
        .args([
            "build",
            "--release",
            "--package",
            "runqlat-floor",
            "--target-dir",
        ])
        .arg(&project.target);
    process::run(&mut cargo)?;
    Ok(project.target.join("release/runqlat-floor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_tells_its_number_and_end() {
        // As in the wire's golden bytes.
        let message = [0x01, 0x07, 0x80, 0xd0, 0x95, 0xff, 0xbc, 0x31, 0xcc, 0x84];
        assert_eq!(interval(&message), Some((7, 1_700_000_000_000)));
        assert_eq!(interval(&[0x00, 0x07, 0x01]), None);
        assert_eq!(interval(&[0x01, 0x87]), None);
        assert_eq!(interval(&[]), None);
    }

    #[test]
    fn the_bare_server_tells_both_in_eight_bytes() {
        let mut message = vec![0; 20];
        (message[0], message[8]) = (3, 9);
        assert_eq!(stamped(&message), Some((3, 9)));
        assert_eq!(stamped(&message[..15]), None);
    }
}
