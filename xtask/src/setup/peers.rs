//! What only tests and benches need: a browser to look at the page, the peers to measure against, and a judge of the
//! unit, a network of one's own.

use anyhow::Result;

use super::apt::{self, Apt, Package};
use super::programs::{self, Program};
use super::{installing, ok};

const PROGRAMS: [Program; 10] = [
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
        "ip",
        Package {
            name: "iproute2",
            why: "gives tests a network with addresses of their own",
        },
    ),
    (
        "perf",
        Package {
            name: "linux-perf",
            why: "the load that costs are measured with",
        },
    ),
    (
        "strace",
        Package {
            name: "strace",
            why: "counts what the server asks the kernel for",
        },
    ),
    (
        "podman",
        Package {
            name: "podman",
            why: "runs the documented container",
        },
    ),
    (
        "runc",
        Package {
            name: "runc",
            why: "starts containers where cgroups of both versions are mounted",
        },
    ),
];

/// No program of its own; the test that uses it is skipped where it is missing.
const PYTHON: Package = Package {
    name: "python3-websockets",
    why: "a viewer that shares no code with this one",
};

/// Installs what is missing.
pub(super) fn set_up(apt: &Apt) -> Result<()> {
    programs::set_up(apt, &PROGRAMS)?;
    if apt::missing(&[PYTHON.name]).is_empty() {
        ok(PYTHON.name, PYTHON.why);
        return Ok(());
    }
    if !apt.is_usable() {
        println!("setup: left out {}: {}", PYTHON.name, PYTHON.why);
        return Ok(());
    }
    installing(PYTHON.name, PYTHON.why);
    apt.install(&[PYTHON.name])
}
