//! Debian's Rust: one compiler for all three targets. WASM's standard library is built from source, BPF's core
//! comes prebuilt; both need a stable compiler to accept unstable features.

use anyhow::{Result, bail};

use super::apt::{Apt, Package, missing};
use super::version::{MINIMUM, reaches};
use super::{Compilers, WASM_LIBRARIES, installing, ok};
use crate::toolchain::Rust;

const PACKAGES: [Package; 5] = [
    Package {
        name: "rustc-web",
        why: "compiles for this machine, WASM and BPF",
    },
    Package {
        name: "cargo-web",
        why: "runs the builds",
    },
    Package {
        name: "rust-web-src",
        why: "source of the standard library, which is built for WASM",
    },
    Package {
        name: "rust-web-llvm",
        why: "LLVM and the linker's name for WASM",
    },
    Package {
        name: "libstd-rust-web-dev-bpf",
        why: "the core library for BPF",
    },
];

const LINTS: [Package; 2] = [
    Package {
        name: "rust-web-clippy",
        why: "the lints",
    },
    Package {
        name: "rustfmt-web",
        why: "checks the formatting",
    },
];

/// The packages' names for a person to install.
pub(super) fn names() -> String {
    PACKAGES.map(|package| package.name).join(" ") + " lld-22"
}

/// Whether all that building needs is installed.
pub(super) fn is_complete() -> bool {
    missing(&PACKAGES.map(|package| package.name)).is_empty()
        && checked_linker().is_ok_and(|linker| missing(&[&linker]).is_empty())
}

/// Whether the archive has a compiler that is new enough, and we may install it.
pub(super) fn is_installable(apt: &Apt) -> Result<bool> {
    Ok(apt.is_usable()
        && apt
            .candidate(PACKAGES[0].name)?
            .is_some_and(|version| reaches(&version, MINIMUM)))
}

/// Installs what building lacks.
pub(super) fn set_up(apt: &Apt) -> Result<Compilers> {
    install(apt, &PACKAGES)?;
    let linker = checked_linker()?;
    let why = "links WASM";
    if missing(&[&linker]).is_empty() {
        ok(&linker, why);
    } else {
        installing(&linker, why);
        apt.install(&[&linker])?;
    }
    let host = compiler();
    Ok(Compilers {
        wasm: Rust {
            // 1 and not crates' names: cargo's own `-Z` wants exactly that.
            bootstrap: Some("1"),
            build_std: Some(WASM_LIBRARIES),
            ..host.clone()
        },
        bpf: Rust {
            // aya-ebpf has inline BPF assembly, and so has our own program.
            bootstrap: Some("aya_ebpf,runqlat"),
            ..host.clone()
        },
        host,
    })
}

/// Installs what the tests need of Rust.
pub(super) fn set_up_lints(apt: &Apt) -> Result<()> {
    install(apt, &LINTS)
}

/// Installs the missing ones of some packages, in one go.
fn install(apt: &Apt, packages: &[Package]) -> Result<()> {
    let names: Vec<&str> = packages.iter().map(|package| package.name).collect();
    let missing = missing(&names);
    for Package { name, why } in packages {
        if missing.contains(name) {
            installing(name, why);
        } else {
            ok(name, why);
        }
    }
    if missing.is_empty() {
        Ok(())
    } else {
        apt.install(&missing)
    }
}

fn compiler() -> Rust {
    Rust::plain("/usr/bin")
}

/// The package of the linker that fits the installed compiler, which has to be new enough.
fn checked_linker() -> Result<String> {
    let about = compiler().about()?;
    if !reaches(&about.release, MINIMUM) {
        bail!(
            "/usr/bin/rustc is {}, and this project needs {MINIMUM}: rustc-web is too old\n\
             hint: add Debian's security archive, which has newer ones, or use rustup",
            about.release
        );
    }
    Ok(format!("lld-{}", about.llvm_major))
}
