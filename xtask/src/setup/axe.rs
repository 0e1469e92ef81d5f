//! axe-core, with which the tests look for what keeps people from using the page: the checker that browsers' own
//! tools and the field use. From npm, for the tests alone; the page and the binary hold nothing of it.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::apt::{Apt, Package};
use super::{installing, ok, programs};
use crate::process;
use crate::project::Project;

const VERSION: &str = "4.14.1";
const WHY: &str = "the tests look with it for what keeps people from using the page";

/// Makes sure that this version is where `backend/tests/accessible.rs` reads it.
pub(super) fn set_up(project: &Project, apt: &Apt) -> Result<()> {
    let folder = project.tools().join("axe-core");
    let manifest = folder.join("node_modules/axe-core/package.json");
    let what = format!("axe-core {VERSION}");
    let wanted = format!("\"version\": \"{VERSION}\"");
    if fs::read_to_string(&manifest).is_ok_and(|manifest| manifest.contains(&wanted)) {
        ok(&what, WHY);
        return Ok(());
    }
    let npm = Package {
        name: "npm",
        why: "fetches axe-core",
    };
    programs::set_up(apt, &[("npm", npm)])?;
    installing(&what, &format!("{WHY}; into {}", folder.display()));
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-save", "--ignore-scripts"])
        .args(["--no-audit", "--no-fund", "--prefix"])
        .arg(&folder)
        .arg(format!("axe-core@{VERSION}"));
    process::run(&mut npm).context("hint: it needs npm's registry, or a mirror in ~/.npmrc")
}
