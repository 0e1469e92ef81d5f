//! Reverse proxies that the documents have settings for. Debian starts each as a service when it is installed, which
//! nobody asked for here: those services are stopped again.

use anyhow::Result;

use super::apt::{Apt, Package};
use super::programs::{self, Program};
use crate::process;

const PROGRAMS: [Program; 3] = [
    (
        "nginx",
        Package {
            name: "nginx-light",
            why: "a documented proxy, which the tests put before the server",
        },
    ),
    (
        "haproxy",
        Package {
            name: "haproxy",
            why: "another one",
        },
    ),
    (
        "caddy",
        Package {
            name: "caddy",
            why: "another one",
        },
    ),
];

/// Installs what is missing, and nothing that goes on running.
pub(super) fn set_up(apt: &Apt) -> Result<()> {
    let programs = PROGRAMS.iter().map(|(program, _)| *program);
    let missing: Vec<&str> = programs
        .filter(|program| process::find(program).is_none())
        .collect();
    programs::set_up(apt, &PROGRAMS)?;
    missing.iter().for_each(|service| apt.stop_service(service));
    Ok(())
}
