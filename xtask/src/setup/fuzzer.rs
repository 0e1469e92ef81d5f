//! cargo-fuzz, which builds the fuzz targets with libFuzzer; kept for this project alone.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::apt::{Apt, Package};
use super::{installing, ok, programs};
use crate::process;
use crate::project::Project;
use crate::toolchain::Rust;

const VERSION: &str = "0.13.2";
const WHY: &str = "builds the fuzz targets";

/// Makes sure that this version is there, and the compiler that libFuzzer wants. Returns the program's path.
pub(super) fn set_up(project: &Project, apt: &Apt, host: &Rust) -> Result<PathBuf> {
    let compiler = Package {
        name: "g++",
        why: "compiles libFuzzer",
    };
    programs::set_up(apt, &[("c++", compiler)])?;
    let folder = project.tools().join(format!("cargo-fuzz-{VERSION}"));
    let program = folder.join("bin/cargo-fuzz");
    let what = format!("cargo-fuzz {VERSION}");
    if process::succeeds(Command::new(&program).arg("--version")) {
        ok(&what, WHY);
        return Ok(program);
    }
    installing(
        &what,
        &format!("{WHY}; into {}, takes a minute", folder.display()),
    );
    let mut install = host.cargo("install");
    install
        .args(["cargo-fuzz", "--version", VERSION, "--locked", "--quiet"])
        // Over one that is there and does not start.
        .arg("--force")
        .arg("--root")
        .arg(&folder);
    process::run(&mut install)?;
    Ok(program)
}
