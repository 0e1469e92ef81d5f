//! Machines on which something prevents measuring, or whose hardware is unusual: the program has to name the obstacle,
//! or cope.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::archive::Archive;
use super::machine::{CPUS, Hardware, MEMORY};
use super::unit::listen;
use super::{cache, image};
use crate::process;
use crate::project::Project;

struct Trial {
    name: &'static str,
    series: &'static str,
    /// Kernel parameters in addition to the common ones.
    boot: &'static str,
    cpus: &'static str,
    memory: &'static str,
    steps: &'static [&'static str],
}

const TRIALS: [Trial; 5] = [
    Trial {
        name: "secret",
        series: "6.1",
        boot: "lockdown=confidentiality",
        cpus: CPUS,
        memory: MEMORY,
        steps: &["confidentiality"],
    },
    Trial {
        name: "secret-18",
        series: "6.18",
        boot: "lockdown=confidentiality",
        cpus: CPUS,
        memory: MEMORY,
        steps: &["confidentiality"],
    },
    Trial {
        name: "small",
        series: "6.18",
        boot: "lockdown=integrity",
        cpus: CPUS,
        memory: MEMORY,
        steps: &["integrity", "memory"],
    },
    // Two CPUs, and firmware with room for 240, as in clouds. Since 6.9, kernels believe such firmware only under
    // hypervisors that they know; a plain emulator is none.
    Trial {
        name: "places",
        series: "6.1",
        boot: "lockdown=integrity possible_cpus=240",
        cpus: "2,maxcpus=240",
        memory: MEMORY,
        steps: &["integrity", "many"],
    },
    // The kernel needs some 30 kB for each thread.
    Trial {
        name: "crowd",
        series: "6.12",
        boot: "",
        cpus: CPUS,
        memory: "4096",
        steps: &["ids", "crowd"],
    },
];

/// Runs the trials whose kernels are among these series.
pub(crate) fn prove(project: &Project, binary: &Path, series: &[&'static str]) -> Result<()> {
    let folder = project.target.join("kernels");
    let archive = Archive::new(folder.join("apt"));
    let trials = TRIALS.iter().filter(|trial| series.contains(&trial.series));
    for trial in trials {
        let kernel = cache::kernel(&archive, trial.series, &folder.join(trial.series))?;
        let run = cache::fresh(&folder.join("runs").join(trial.name))?;
        let loads = [threads(project, &run)?];
        let initramfs = run.join("initramfs");
        fs::write(&initramfs, image::initramfs(&kernel, binary, &loads)?)
            .with_context(|| format!("cannot write {}", initramfs.display()))?;
        let steps = trial.steps.join(",");
        let hardware = Hardware {
            kernel: &kernel.image,
            initramfs: &initramfs,
            cpus: trial.cpus,
            memory: trial.memory,
            environment: &format!("{} PROOF=surroundings STEPS={steps}", trial.boot),
        };
        let heard = listen(trial.name, &hardware, &run, trial.steps)?;
        for fact in ["needed", "memory", "reading", "threads"] {
            if !heard.fact(fact).is_empty() {
                println!("kernels: {:<9} {fact}: {}", trial.name, heard.fact(fact));
            }
        }
    }
    Ok(())
}

/// The load of many threads from the tests, compiled into `folder` by the compiler that cargo links with.
fn threads(project: &Project, folder: &Path) -> Result<PathBuf> {
    let program = folder.join("threads");
    let source = project.root.join("backend/tests/support/tools/threads.c");
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-static", "-pthread", "-o"]).arg(&program);
    process::run(cc.arg(source))?;
    Ok(program)
}
