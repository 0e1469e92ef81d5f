//! cargo-deny, which knows the licences of the crates that this project is built from, and what was found to be wrong
//! with them. From crates.io: Debian has no package of it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::{installing, ok};
use crate::process;
use crate::project::Project;
use crate::toolchain::Rust;

const VERSION: &str = "0.20.2";
const WHY: &str = "knows the licences of the crates in use, and what was found wrong with them";

/// Makes sure that this version is there, and says where.
pub(crate) fn set_up(project: &Project, host: &Rust) -> Result<PathBuf> {
    let folder = project.tools().join(format!("cargo-deny-{VERSION}"));
    let program = folder.join("bin/cargo-deny");
    let what = format!("cargo-deny {VERSION}");
    if process::succeeds(Command::new(&program).arg("--version")) {
        ok(&what, WHY);
        return Ok(program);
    }
    let folder_name = folder.display();
    installing(&what, &format!("{WHY}; into {folder_name}, takes a minute"));
    let mut install = host.cargo("install");
    install
        .args(["cargo-deny", "--version", VERSION, "--locked", "--quiet"])
        // It runs for a second: optimising it would take three minutes. Without its features it asks git, which is
        // there, instead of bringing one.
        .args(["--debug", "--no-default-features", "--force", "--root"])
        .arg(&folder);
    process::run(&mut install)?;
    process::stdout(Command::new(&program).arg("--version"))
        .context("cargo-deny was built and does not start")?;
    Ok(program)
}
