//! What only the tests on other kernels need: virtual machines, and something to put into them.

use anyhow::Result;

use super::apt::{Apt, Package};
use super::programs::{self, Program};

const PROGRAMS: [Program; 2] = [
    (
        "qemu-system-x86_64",
        Package {
            name: "qemu-system-x86",
            why: "boots other kernels",
        },
    ),
    (
        "busybox",
        Package {
            name: "busybox-static",
            why: "all that runs in those machines beside the server",
        },
    ),
];

/// Installs what is missing.
pub(super) fn set_up(apt: &Apt) -> Result<()> {
    programs::set_up(apt, &PROGRAMS)
}
