//! What only tests and benches need: a browser to look at the page, and the peers to measure against.

use anyhow::Result;

use super::apt::{Apt, Package};
use super::programs::{self, Program};

const PROGRAMS: [Program; 5] = [
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
