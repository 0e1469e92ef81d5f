//! Programs that are used and not linked: found in PATH, or installed with Debian's packages.

use anyhow::{Result, bail};

use super::apt::{Apt, Package};
use super::{installing, ok};
use crate::process;

/// A program, and Debian's package with it.
pub(super) type Program = (&'static str, Package);

/// Installs what is missing. A program that is there counts, wherever it comes from.
pub(super) fn set_up(apt: &Apt, wanted: &[Program]) -> Result<()> {
    let (mut packages, mut programs) = (Vec::new(), Vec::new());
    for (program, package) in wanted {
        if let Some(path) = process::find(program) {
            ok(&path.display().to_string(), package.why);
        } else {
            installing(package.name, package.why);
            packages.push(package.name);
            programs.push(*program);
        }
    }
    if packages.is_empty() {
        return Ok(());
    }
    if process::find("apt-get").is_none() {
        bail!(
            "these programs are missing, and there is no apt-get to install them: {}\n\
             hint: install them by this system's means (Debian's packages are {}), so that they are in PATH",
            programs.join(", "),
            packages.join(", ")
        );
    }
    apt.install(&packages)
}
