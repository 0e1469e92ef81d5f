//! `cargo xtask bench whole`: what the whole program takes for itself at one reading a second, on a host with 1,000
//! busy processes. What its kernel programs cost the measured is `bench kernel`'s.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::nap::Nappers;
use super::stats;
use super::tracer::{self, Tracer};
use super::viewer::Viewer;
use super::{hold, hold_all, proc};
use crate::http;

const PROCESSES: usize = 1_000;
/// Percent of one core.
const CPU_BUDGET: f64 = 1.0;
/// Resident megabytes.
const MEMORY_BUDGET: f64 = 40.0;
/// Until every process has a name and a viewer has its snapshot.
const WARM_UP: Duration = Duration::from_secs(5);
const MEASURED: Duration = Duration::from_secs(30);
const SERVER: [&str; 4] = ["--by", "process", "--interval", "1s"];

/// What one server took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Cost {
    /// Percent of one core.
    cpu: f64,
    /// Resident, in MB.
    memory: f64,
    /// On the wire, in kB a second, to one viewer.
    wire: f64,
    /// Processes that the server saw: the load was there.
    keys: u64,
}

/// Measures and prints the table; an error if one of the figures is over its limit.
pub(super) fn bench(binary: &Path, rounds: u32) -> Result<()> {
    println!(
        "\nbench: {PROCESSES} processes that wake 10 times a second, {rounds} servers, {} s each with one viewer; load {}",
        MEASURED.as_secs(),
        proc::load()
    );
    let _nappers = Nappers::spawn(PROCESSES)?;
    println!(
        "{:<8} {:>14} {:>8} {:>20} {:>8}",
        "server", "% of one core", "MB", "kB/s to the viewer", "keys"
    );
    let mut costs = Vec::new();
    for round in 1..=rounds {
        let cost = measure(binary)?;
        println!(
            "{round:<8} {:>14.2} {:>8.1} {:>20.1} {:>8}",
            cost.cpu, cost.memory, cost.wire, cost.keys
        );
        costs.push(cost);
    }
    println!(
        "CPU time of all its threads and resident memory; the viewer is a WebSocket, as the page's."
    );
    verdict(&costs)
}

fn verdict(costs: &[Cost]) -> Result<()> {
    let of =
        |figure: fn(&Cost) -> f64| stats::spread(&costs.iter().map(figure).collect::<Vec<_>>());
    hold_all([
        hold(
            "CPU at one reading a second, median",
            of(|cost| cost.cpu).median,
            CPU_BUDGET,
            " % of one core",
            "health.self_cpu_us of /api/v1/state tells it by interval; perf top -p PID tells where it goes",
        ),
        hold(
            "resident memory, the largest",
            of(|cost| cost.memory).max,
            MEMORY_BUDGET,
            " MB",
            "the history is what grows: see backend/src/history.rs",
        ),
    ])
}

fn measure(binary: &Path) -> Result<Cost> {
    let server = Tracer::server(binary, &SERVER)?;
    let viewer = Viewer::join(server.address()?)?;
    thread::sleep(WARM_UP);
    let (since, cpu, bytes) = (Instant::now(), proc::cpu_time(server.id())?, viewer.bytes());
    thread::sleep(MEASURED);
    let (took, cpu) = (since.elapsed(), proc::cpu_time(server.id())? - cpu);
    Ok(Cost {
        cpu: 100.0 * cpu.as_secs_f64() / took.as_secs_f64(),
        memory: proc::resident(server.id())? as f64 / 1e6,
        wire: (viewer.bytes() - bytes) as f64 / 1e3 / took.as_secs_f64(),
        keys: keys(server.address()?)?,
    })
}

/// How many processes the server keeps apart now; an error if they are fewer than were started.
fn keys(address: SocketAddr) -> Result<u64> {
    let state = http::get(address, "/api/v1/state", "", tracer::ANSWER)?;
    let state: Value = serde_json::from_slice(&state).context("cannot read /api/v1/state")?;
    let keys = state["health"]["keys"].as_u64();
    let keys = keys.context("/api/v1/state tells no health.keys")?;
    if keys < PROCESSES as u64 {
        bail!(
            "only {keys} of {PROCESSES} processes were seen\nhint: is the machine too busy for them to run?"
        );
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_cpu_and_the_largest_of_memory_count() {
        let cost = |cpu, memory| Cost {
            cpu,
            memory,
            wire: 0.0,
            keys: 0,
        };
        assert!(verdict(&[cost(0.5, 30.0), cost(0.6, 31.0), cost(3.0, 30.0)]).is_ok());
        assert!(verdict(&[cost(0.5, 30.0), cost(1.2, 31.0), cost(3.0, 30.0)]).is_err());
        assert!(verdict(&[cost(0.5, 30.0), cost(0.5, 41.0), cost(0.5, 30.0)]).is_err());
        assert!(verdict(&[]).is_err());
    }
}
