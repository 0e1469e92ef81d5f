//! `cargo xtask test`: the tests for each change, in phases from fast to slow; the first failure ends it. What takes
//! long, such as other kernels in virtual machines, is only tested on request.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::privilege::Root;
use crate::project::{BINARY, Project};
use crate::toolchain::{Rust, Toolchain};
use crate::{build, dependencies, fuzz, kernels, process, setup};

/// The feature that holds the tests of the real binary.
const SYSTEM_TESTS: &str = "runqlat-web/system-tests";

/// Makes tests run in full that take minutes.
const LONG: &str = "RUNQLAT_WEB_LONG";

/// Runs the phases that need no release build.
pub(crate) fn quick(project: &Project) -> Result<()> {
    let mut phases = Phases::new();
    without_build(project, &mut phases)?;
    println!("\n== left out: the release build and the tests of the whole (--quick)");
    phases.report();
    Ok(())
}

/// Runs all phases on this machine; with `long`, tests may take minutes, and other kernels come last.
pub(crate) fn all(project: &Project, long: bool) -> Result<()> {
    let mut phases = Phases::new();
    let toolchain = without_build(project, &mut phases)?;
    phases.run("build", || build::all(project, &toolchain))?;
    phases.run("the whole, on this machine", || {
        whole(project, &toolchain, long)
    })?;
    if long {
        kernels::is_usable()?;
        on_kernels(project, &project.binary(), &kernels::SERIES, &mut phases)?;
    }
    phases.report();
    Ok(())
}

/// Proves the binary on kernels of these series; of all, if none is named.
pub(crate) fn kernels(project: &Project, chosen: &[String]) -> Result<()> {
    let mut phases = Phases::new();
    kernels::is_usable()?;
    let chosen: Vec<&'static str> = kernels::SERIES
        .into_iter()
        .filter(|series| chosen.is_empty() || chosen.iter().any(|name| name == series))
        .collect();
    let binary = for_machines(project, &mut phases)?;
    on_kernels(project, &binary, &chosen, &mut phases)?;
    phases.report();
    Ok(())
}

fn on_kernels(
    project: &Project,
    binary: &Path,
    chosen: &[&'static str],
    phases: &mut Phases,
) -> Result<()> {
    phases.run("the whole, on other kernels", || {
        kernels::prove(project, binary, chosen)
    })?;
    phases.run("obstacles and odd machines", || {
        kernels::prove_surroundings(project, binary, chosen)
    })
}

/// Proves the unit under a systemd.
pub(crate) fn unit(project: &Project) -> Result<()> {
    let mut phases = Phases::new();
    kernels::is_usable()?;
    let binary = for_machines(project, &mut phases)?;
    phases.run("the unit, under systemd", || {
        kernels::prove_unit(project, &binary)
    })?;
    phases.report();
    Ok(())
}

/// Sets virtual machines up; returns the binary for them, which is built unless the environment names one.
fn for_machines(project: &Project, phases: &mut Phases) -> Result<PathBuf> {
    phases.run("set-up of machines", setup::for_kernels)?;
    match env::var_os(BINARY) {
        Some(path) => Ok(PathBuf::from(path)),
        None => phases.run("build", || build::all(project, &setup::for_build(project)?)),
    }
}

fn without_build(project: &Project, phases: &mut Phases) -> Result<Toolchain> {
    let toolchain = phases.run("set-up", || setup::everything(project))?;
    let host = &toolchain.host;
    phases.run("formatting", || formatting(project, host))?;
    phases.run("lints", || lints(project, host))?;
    phases.run("dependencies", || dependencies::check(project, host))?;
    phases.run("logic", || {
        process::run(within(project, &mut host.cargo("test")))
    })?;
    phases.run("fuzzing", || fuzz::run(project, host, fuzz::SECONDS))?;
    Ok(toolchain)
}

fn formatting(project: &Project, host: &Rust) -> Result<()> {
    let mut cargo_fmt = host.tool("cargo-fmt");
    process::run(within(project, &mut cargo_fmt).args(["fmt", "--all", "--check"]))
        .context("files are not formatted\nhint: cargo fmt --all")?;
    let mut cargo_fmt = host.tool("cargo-fmt");
    // A workspace of its own.
    let manifest = ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"];
    process::run(within(project, &mut cargo_fmt).args(manifest))
        .context("files are not formatted\nhint: cargo fmt --manifest-path fuzz/Cargo.toml")
}

fn lints(project: &Project, host: &Rust) -> Result<()> {
    let mut clippy = host.tool("cargo-clippy");
    let scope = ["clippy", "--workspace", "--all-targets"];
    process::run(
        within(project, &mut clippy)
            .args(scope)
            // Without the feature the tests of the whole would go unread.
            .args(["--features", SYSTEM_TESTS])
            .args(["--", "-D", "warnings"]),
    )
}

/// The tests of the real binary: kernel, WebSocket, browser, command line.
fn whole(project: &Project, toolchain: &Toolchain, long: bool) -> Result<()> {
    let mut cargo = toolchain.host.cargo("test");
    within(project, &mut cargo)
        .args(["--package", "runqlat-web", "--features", SYSTEM_TESTS])
        .args(["--test", "*"])
        // To the end, so that one run tells all that is wrong; and one at a time: they measure, and two loads would
        // disturb each other.
        .args(["--no-fail-fast", "--", "--test-threads=1"])
        .env(BINARY, project.binary());
    if long {
        cargo.env(LONG, "1");
    }
    match Root::detect() {
        Root::Already => {}
        Root::Sudo => run_through_sudo(&mut cargo, &toolchain.host.about()?.host),
        Root::None => {
            println!(
                "SKIPPED: tests that load programs into the kernel, since this is not root and sudo wants a password"
            );
            println!("hint: run `cargo xtask test` as root, or let sudo work without a password");
            cargo.env("RUNQLAT_WEB_NO_ROOT", "1");
        }
    }
    process::run(&mut cargo)
}

/// Lets cargo build as this user and start only the tests as root, so that root owns nothing in the target folder.
fn run_through_sudo(cargo: &mut Command, host: &str) {
    let triple = host.replace('-', "_").to_uppercase();
    let keep = "PATH,RUST_BACKTRACE,RUNQLAT_WEB_BIN,RUNQLAT_WEB_LONG,CARGO_MANIFEST_DIR";
    cargo.env(
        format!("CARGO_TARGET_{triple}_RUNNER"),
        format!("sudo -n --preserve-env={keep}"),
    );
}

/// In the workspace, with the folder that a plain `cargo test` uses, too.
fn within<'a>(project: &Project, command: &'a mut Command) -> &'a mut Command {
    command
        .current_dir(&project.root)
        .env("CARGO_TARGET_DIR", &project.target)
}

/// The phases so far, and the time each took.
struct Phases {
    start: Instant,
    done: Vec<(&'static str, Duration)>,
}

impl Phases {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            done: Vec::new(),
        }
    }

    fn run<T>(&mut self, name: &'static str, phase: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n== {name} (after {})", seconds(self.start.elapsed()));
        let since = Instant::now();
        let result = phase().with_context(|| format!("the phase \"{name}\" failed"))?;
        self.done.push((name, since.elapsed()));
        Ok(result)
    }

    fn report(&self) {
        println!("\n== all passed");
        for (name, time) in &self.done {
            println!("{:>8}  {name}", seconds(*time));
        }
        println!("{:>8}  together", seconds(self.start.elapsed()));
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
