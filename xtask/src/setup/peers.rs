//! What only tests and benches need: a browser to look at the page, and the peers to measure against.

use anyhow::{Result, bail};

use super::apt::{Apt, Package};
use super::{installing, ok};
use crate::process;

/// A program, and Debian's package with it.
const PROGRAMS: [(&str, Package); 4] = [
    (
        "chromium",
        Package {
            name: "chromium",
            why: "the tests look at the page in it",
        },
    ),
    (
        "chromedriver",
        Package {
            name: "chromium-driver",
            why: "drives that browser",
        },
    ),
    (
        "runqlat",
        Package {
            name: "libbpf-tools",
            why: "the peer: numbers and cost are compared with it",
        },
    ),
    (
        "perf",
        Package {
            name: "linux-perf",
            why: "the load that costs are measured with",
        },
    ),
];

/// Installs what is missing. A program that is there counts, wherever it comes from.
pub(super) fn set_up(apt: &Apt) -> Result<()> {
    let (mut packages, mut programs) = (Vec::new(), Vec::new());
    for (program, package) in &PROGRAMS {
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
