//! What only tests and benches need: a browser to look at the page, the peers to measure against, and a judge of the
//! unit.

use anyhow::Result;

use super::apt::{Apt, Package};
use super::programs::{self, Program};

const PROGRAMS: [Program; 6] = [
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
        "runqlat.bt",
        Package {
            name: "bpftrace",
            why: "another peer, whose cost is printed beside",
        },
    ),
    (
        "systemd-analyze",
        Package {
            name: "systemd",
            why: "judges the unit that the project has for it",
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

/// Installs what is missing.
pub(super) fn set_up(apt: &Apt) -> Result<()> {
    programs::set_up(apt, &PROGRAMS)
}
