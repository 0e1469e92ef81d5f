//! The unit in `dist`, run by a real systemd in a virtual machine: that it starts, measures, lets change what is
//! measured, takes credentials, comes back when it is killed, and stops.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use super::archive::Archive;
use super::machine::{CPUS, Hardware, MEMORY, Machine};
use super::transcript::Transcript;
use super::{cache, system};
use crate::project::Project;

/// All that has to be proved, in the guest's order.
const STEPS: [&str; 13] = [
    "starts",
    "limited",
    "measures",
    "retarget",
    "restarts",
    "journal",
    "tokens",
    "killed",
    "wrong",
    "security",
    "filtered",
    "subset",
    "invisible",
];

/// The kernel under it: of the release that most have, and with all that the unit asks for.
const SERIES: &str = "6.12";

/// What the guest's systemd is to do, and not to ask.
const BOOT: &str = "systemd.unit=prove.target systemd.show_status=0 systemd.firstboot=0";

/// A guest takes less than a minute.
const PATIENCE: Duration = Duration::from_secs(300);

/// Proves the unit with this binary, and fails with what is wrong.
pub(crate) fn prove(project: &Project, binary: &Path) -> Result<()> {
    let folder = project.target.join("kernels");
    let archive = Archive::new(folder.join("apt"));
    let kernel = cache::kernel(&archive, SERIES, &folder.join(SERIES))?;
    let tree = system::unpacked(&archive, &folder.join("systemd"))?;
    let unit = project.root.join("dist/runqlat-web.service");
    let run = cache::fresh(&folder.join("runs/unit"))?;
    let initramfs = run.join("initramfs");
    fs::write(&initramfs, system::initramfs(&tree, &unit, binary)?)
        .with_context(|| format!("cannot write {}", initramfs.display()))?;
    let hardware = Hardware {
        kernel: &kernel.image,
        initramfs: &initramfs,
        cpus: CPUS,
        memory: MEMORY,
        environment: BOOT,
    };
    let heard = listen("unit", &hardware, &run, &STEPS)?;
    println!(
        "kernels: unit     all {} proved under {} on Linux {}, exposure {}",
        heard.passed(),
        heard.fact("systemd"),
        heard.fact("release"),
        heard.fact("exposure")
    );
    Ok(())
}

/// Starts a machine that keeps its files in `folder`, and reads its output to the end; an error if it did not do all
/// `steps`.
pub(super) fn listen(
    name: &str,
    hardware: &Hardware,
    folder: &Path,
    steps: &'static [&'static str],
) -> Result<Transcript> {
    let mut heard = Transcript::of(steps);
    let machine = Machine::start(hardware, folder)?;
    let result = hear(name, &machine, &mut heard);
    let said = folder.join("said");
    fs::write(&said, heard.text()).with_context(|| format!("cannot write {}", said.display()))?;
    result.map_err(|error| anyhow!("{error:#}; the last lines:\n{}", machine.console(60)))?;
    let failures = heard.failures();
    if !failures.is_empty() {
        bail!(
            "{name}: not all is proved\n{}\nhint: what the guest said is in {}",
            failures.join("\n"),
            said.display()
        );
    }
    Ok(heard)
}

/// Until the machine is off.
fn hear(name: &str, machine: &Machine, heard: &mut Transcript) -> Result<()> {
    let start = Instant::now();
    while let Some(line) = machine.line(start + PATIENCE)? {
        heard.hear(&line);
        if line.starts_with("step ") {
            let seconds = start.elapsed().as_secs_f64();
            println!("kernels: {name:<9} {seconds:>5.1} s  {line}");
        }
    }
    Ok(())
}
