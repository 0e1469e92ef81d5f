//! cargo-deny, which knows the licences of the crates that this project is built from, and what was found to be wrong
//! with them. From crates.io: Debian has no package of it.

use std::path::PathBuf;

use anyhow::Result;

use super::crates::{self, Crate};
use crate::project::Project;
use crate::toolchain::Rust;

const DENY: Crate = Crate {
    name: "cargo-deny",
    version: "0.20.2",
    why: "knows the licences of the crates in use, and what was found wrong with them",
    // It runs for a second: optimising it would take three minutes. Without its features it asks git, which is there,
    // instead of bringing one.
    options: &["--debug", "--no-default-features"],
};

/// Makes sure that this version is there, and says where.
pub(crate) fn set_up(project: &Project, host: &Rust) -> Result<PathBuf> {
    crates::set_up(project, host, &DENY)
}
