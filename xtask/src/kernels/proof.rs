//! One row of the matrix: a kernel is started, its guest proves what it can from inside, and this the rest from
//! outside.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::cache::Kernel;
use super::image;
use super::machine::{CPUS, Hardware, MEMORY, Machine};
use super::page;
use super::transcript::{PAGE, Request, Transcript};

/// A guest takes less than a minute; on a busy host that has taken three.
const PATIENCE: Duration = Duration::from_secs(300);

/// What one machine is to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) series: &'static str,
    /// The programs for older kernels, where the others would load, too.
    pub(super) raw: bool,
}

impl Case {
    /// For a folder and for people.
    pub(super) fn name(self) -> String {
        let programs = if self.raw { "-raw" } else { "" };
        format!("{}{programs}", self.series)
    }
}

/// What came of it.
pub(super) struct Outcome {
    pub(super) case: Case,
    pub(super) heard: Transcript,
    pub(super) failures: Vec<String>,
    pub(super) time: Duration,
}

/// Runs a case, with its files in `folder`. A failure of the machine is an outcome like any other.
pub(super) fn prove(case: Case, kernel: &Result<Kernel>, binary: &Path, folder: &Path) -> Outcome {
    let start = Instant::now();
    let mut heard = Transcript::default();
    let result = match kernel {
        Ok(kernel) => run(case, kernel, binary, folder, &mut heard),
        Err(error) => Err(anyhow!("{error:#}")),
    };
    let mut failures = heard.failures();
    if let Err(error) = result {
        failures.push(format!("{error:#}"));
    }
    Outcome {
        case,
        heard,
        failures,
        time: start.elapsed(),
    }
}

fn run(
    case: Case,
    kernel: &Kernel,
    binary: &Path,
    folder: &Path,
    heard: &mut Transcript,
) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let initramfs = folder.join("initramfs");
    fs::write(&initramfs, image::initramfs(kernel, binary, &[])?)
        .with_context(|| format!("cannot write {}", initramfs.display()))?;
    let environment = if case.raw {
        "OPTIONS=--raw-programs"
    } else {
        ""
    };
    let hardware = Hardware {
        kernel: &kernel.image,
        initramfs: &initramfs,
        cpus: CPUS,
        memory: MEMORY,
        environment,
    };
    let mut machine = Machine::start(&hardware, folder)?;
    let result = listen(case, &mut machine, heard);
    let said = folder.join("said");
    fs::write(&said, heard.text()).with_context(|| format!("cannot write {}", said.display()))?;
    // Enough for a panic with its reason.
    result.map_err(|error| {
        anyhow!(
            "{error:#}; its kernel's last lines:\n{}",
            machine.console(60)
        )
    })
}

/// Until the machine is off.
fn listen(case: Case, machine: &mut Machine, heard: &mut Transcript) -> Result<()> {
    let start = Instant::now();
    let deadline = start + PATIENCE;
    let tell = |line: &str| {
        let seconds = start.elapsed().as_secs_f64();
        println!("kernels: {:<9} {seconds:>5.1} s  {line}", case.name());
    };
    while let Some(line) = machine.line(deadline)? {
        let request = heard.hear(&line);
        if line.starts_with("step ") {
            tell(&line);
        }
        if request == Request::Page {
            let line = match page::load(machine.page) {
                Ok(seen) => {
                    heard.hear(&format!("fact page {seen}"));
                    format!("step {PAGE} ok")
                }
                Err(error) => format!("step {PAGE} FAILED {error:#}"),
            };
            heard.hear(&line);
            tell(&line);
            machine.say("seen")?;
        }
    }
    ensure!(heard.has_ended(), "the machine went off before its end");
    Ok(())
}
