//! Programs from crates.io, each at one version and for this project alone.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::{installing, ok};
use crate::process;
use crate::project::Project;
use crate::toolchain::Rust;

/// A crate whose program has its name.
pub(super) struct Crate {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) why: &'static str,
    /// For `cargo install`, besides the version.
    pub(super) options: &'static [&'static str],
}

/// Makes sure that this version is there, and says where.
pub(super) fn set_up(project: &Project, host: &Rust, wanted: &Crate) -> Result<PathBuf> {
    let Crate {
        name,
        version,
        why,
        options,
    } = wanted;
    let folder = project.tools().join(format!("{name}-{version}"));
    let program = folder.join("bin").join(name);
    let what = format!("{name} {version}");
    if process::succeeds(Command::new(&program).arg("--version")) {
        ok(&what, why);
        return Ok(program);
    }
    let into = folder.display();
    installing(&what, &format!("{why}; into {into}, takes a minute"));
    let mut install = host.cargo("install");
    install
        .args([name, "--version", version, "--locked", "--quiet"])
        .args(*options)
        // Over one that is there and does not start.
        .args(["--force", "--root"])
        .arg(&folder);
    process::run(&mut install)?;
    process::stdout(Command::new(&program).arg("--version"))
        .with_context(|| format!("{name} was built and does not start"))?;
    Ok(program)
}
