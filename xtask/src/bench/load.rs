//! The load: two processes that pass a byte to and fro through pipes, on one CPU. Each pass is a wakeup and a
//! switch, so it is the dearest load for a tracer of both.

use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::process;

/// `perf bench sched pipe`, pinned.
pub(super) struct Load {
    cpu: usize,
    operations: u64,
}

impl Load {
    /// Sizes a run to about this much CPU time on this machine.
    pub(super) fn calibrated(seconds: f64) -> Result<Self> {
        // The last CPU: the first often serves more interrupts.
        let cpu = thread::available_parallelism().map_or(1, usize::from) - 1;
        let trial = Self {
            cpu,
            operations: 50_000,
        };
        let micros = trial.run()?;
        Ok(Self {
            cpu,
            operations: (seconds * 1e6 / micros) as u64,
        })
    }

    /// Runs once and returns the load's own CPU time, user and system, in µs per operation. CPU time, since that
    /// does not grow when something else has the CPU for a while.
    pub(super) fn run(&self) -> Result<f64> {
        let mut command = Command::new("taskset");
        command
            .args([
                "-c",
                &self.cpu.to_string(),
                "perf",
                "bench",
                "sched",
                "pipe",
                "-l",
            ])
            .arg(self.operations.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // The difference is this child's alone: tracers are waited for before or after, never in between.
        let before = children_cpu_micros()?;
        let output = process::output(&mut command)?;
        let after = children_cpu_micros()?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            bail!(
                "`{}` failed: {}\n{stderr}",
                process::line(&command),
                output.status
            );
        }
        Ok((after - before) / self.operations as f64)
    }

    /// What is run, for the heading.
    pub(super) fn describe(&self) -> String {
        format!(
            "perf bench sched pipe, {} operations on CPU {}",
            self.operations, self.cpu
        )
    }
}

/// CPU time of the children waited for so far, and of their children.
fn children_cpu_micros() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("getrusage failed")?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(micros as f64)
}
