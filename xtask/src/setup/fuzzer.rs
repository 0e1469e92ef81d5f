//! cargo-fuzz, which builds the fuzz targets with libFuzzer; kept for this project alone.

use std::path::PathBuf;

use anyhow::Result;

use super::apt::{Apt, Package};
use super::crates::{self, Crate};
use super::programs;
use crate::project::Project;
use crate::toolchain::Rust;

const FUZZER: Crate = Crate {
    name: "cargo-fuzz",
    version: "0.13.2",
    why: "builds the fuzz targets",
    options: &[],
};

/// Makes sure that this version is there, and the compiler that libFuzzer wants. Returns the program's path.
pub(super) fn set_up(project: &Project, apt: &Apt, host: &Rust) -> Result<PathBuf> {
    let compiler = Package {
        name: "g++",
        why: "compiles libFuzzer",
    };
    programs::set_up(apt, &[("c++", compiler)])?;
    crates::set_up(project, host, &FUZZER)
}
