//! Whether the crates that this project is built from may be used, and whether something was found to be wrong with
//! them: `deny.toml` says what is allowed.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::project::Project;
use crate::setup::deny;
use crate::toolchain::Rust;

/// The project's and that of the fuzz targets.
const WORKSPACES: [&str; 2] = ["Cargo.toml", "fuzz/Cargo.toml"];

/// Seconds that fetching what was found wrong may take: it is a repository of some megabytes.
const PATIENCE: &str = "120";

/// Checks licences and sources; and known faults, where the database of those can be had.
pub(crate) fn check(project: &Project, host: &Rust) -> Result<()> {
    let program = deny::set_up(project, host)?;
    for workspace in WORKSPACES {
        let mut deny = deny(&program, project, host, workspace);
        process::run(deny.args(["check", "licenses", "bans", "sources"]))
            .context("a crate may not be used\nhint: deny.toml says what is allowed, and why")?;
    }
    let mut fetch = Command::new("timeout");
    fetch.arg(PATIENCE).arg(&program).args(["fetch", "db"]);
    environment_of(&mut fetch, project, host);
    let fetched = process::output(&mut fetch)?;
    if !fetched.status.success() {
        let said = String::from_utf8_lossy(&fetched.stderr);
        let why = said.lines().rfind(|line| !line.trim().is_empty());
        println!("SKIPPED: known faults of the crates in use, for RustSec's database can't be had");
        println!("hint: it comes from GitHub: {}", why.unwrap_or("no answer"));
        return Ok(());
    }
    for workspace in WORKSPACES {
        let mut deny = deny(&program, project, host, workspace);
        process::run(deny.args(["--offline", "check", "advisories"]))
            .context("something is wrong with a crate in use\nhint: `cargo update`, or say in deny.toml why it does no harm")?;
    }
    Ok(())
}

fn deny(program: &Path, project: &Project, host: &Rust, manifest: &str) -> Command {
    let mut command = Command::new(program);
    environment_of(&mut command, project, host);
    command.args(["--config", "deny.toml", "--manifest-path", manifest]);
    command
}

/// It asks cargo and git; neither may ask a person.
fn environment_of(command: &mut Command, project: &Project, host: &Rust) {
    command
        .current_dir(&project.root)
        .env("CARGO", host.bin.join("cargo"))
        .env("GIT_TERMINAL_PROMPT", "0");
}
