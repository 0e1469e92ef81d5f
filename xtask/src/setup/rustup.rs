//! rustup's Rust: stable for the host, a nightly with the library's source for WASM and BPF, whose libraries have
//! to be built.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};

use super::version::{MINIMUM, reaches};
use super::{Compilers, WASM_LIBRARIES, installing, ok};
use crate::toolchain::Rust;
use crate::{environment, process};

/// Whether there is a rustup at all.
pub(super) fn is_present() -> bool {
    program().is_some()
}

/// Whether both toolchains are there with all that building needs.
pub(super) fn is_complete() -> bool {
    let recent = |bin: &Path| {
        Rust::plain(bin)
            .about()
            .is_ok_and(|about| reaches(&about.release, MINIMUM))
    };
    toolchain("stable").is_some_and(|bin| recent(&bin))
        && toolchain("nightly").is_some_and(|bin| recent(&bin) && has_source(&bin))
}

/// Installs what building lacks.
pub(super) fn set_up() -> Result<Compilers> {
    let stable = ensure_toolchain("stable", "compiles for this machine")?;
    let nightly = ensure_toolchain(
        "nightly",
        "compiles for WASM and BPF, whose libraries have to be built",
    )?;
    let why = "source of the standard library";
    if has_source(&nightly) {
        ok("rust-src of nightly", why);
    } else {
        installing("rust-src of nightly", why);
        rustup(&["component", "add", "--toolchain", "nightly", "rust-src"])?;
    }
    Ok(Compilers {
        host: Rust::plain(&stable),
        wasm: Rust {
            build_std: Some(WASM_LIBRARIES),
            ..Rust::plain(&nightly)
        },
        bpf: Rust {
            build_std: Some("core"),
            ..Rust::plain(nightly)
        },
    })
}

/// Installs what the tests need of Rust.
pub(super) fn set_up_lints(host: &Rust) -> Result<()> {
    for (component, program, why) in [
        ("clippy", "cargo-clippy", "the lints"),
        ("rustfmt", "cargo-fmt", "checks the formatting"),
    ] {
        if host.bin.join(program).is_file() {
            ok(component, why);
        } else {
            installing(component, why);
            rustup(&["component", "add", "--toolchain", "stable", component])?;
        }
    }
    Ok(())
}

/// The toolchain's folder of programs; updates one that is too old and installs one that isn't there.
fn ensure_toolchain(name: &str, why: &str) -> Result<PathBuf> {
    let found = toolchain(name);
    let release = match &found {
        Some(bin) => Some(Rust::plain(bin).about()?.release),
        None => None,
    };
    if let (Some(bin), Some(release)) = (found, release)
        && reaches(&release, MINIMUM)
    {
        ok(&format!("{name} ({release})"), why);
        return Ok(bin);
    }
    installing(name, why);
    rustup(&["toolchain", "install", "--profile", "minimal", name])?;
    toolchain(name).with_context(|| format!("rustup installed {name}, and has no rustc for it"))
}

fn has_source(bin: &Path) -> bool {
    library(bin).join("src/rust/library/core").is_dir()
}

fn library(bin: &Path) -> PathBuf {
    bin.with_file_name("lib").join("rustlib")
}

/// Where a toolchain's programs are. Read from rustup's folder rather than asked of `rustup which`, which may
/// start a download.
fn toolchain(name: &str) -> Option<PathBuf> {
    let home = env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".rustup")))?;
    let entries = fs::read_dir(home.join("toolchains")).ok()?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| {
            let folder = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            is_channel(folder, name) && path.join("bin/rustc").is_file()
        })
        .map(|path| path.join("bin"))
}

/// "nightly-x86_64-unknown-linux-gnu" is nightly; "nightly-2026-05-20-x86_64-unknown-linux-gnu" is another.
fn is_channel(folder: &str, name: &str) -> bool {
    let triple = folder
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('-'));
    triple.is_some_and(|triple| triple.starts_with(env::consts::ARCH))
}

fn program() -> Option<PathBuf> {
    process::find("rustup").or_else(|| {
        Some(environment::cargo_home()?.join("bin/rustup")).filter(|path| path.is_file())
    })
}

fn rustup(arguments: &[&str]) -> Result<()> {
    let Some(program) = program() else {
        bail!("there is no rustup here\nhint: install it (https://rustup.rs), and run this again");
    };
    let mut command = Command::new(program);
    command.env_remove("RUSTUP_TOOLCHAIN").args(arguments);
    process::run(&mut command).context(
        "rustup could not do it; it needs its download server\nhint: see what it says above",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dated_nightly_is_not_the_nightly() {
        let arch = env::consts::ARCH;
        assert!(is_channel(
            &format!("nightly-{arch}-unknown-linux-gnu"),
            "nightly"
        ));
        assert!(!is_channel(
            &format!("nightly-2026-05-20-{arch}-unknown-linux-gnu"),
            "nightly"
        ));
        assert!(!is_channel(
            &format!("stable-{arch}-unknown-linux-gnu"),
            "nightly"
        ));
    }
}
