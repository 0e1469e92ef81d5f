//! bpf-linker: turns LLVM bitcode into the BPF object. It must be linked with the very LLVM of the compiler
//! that wrote the bitcode, so it is built here and kept per LLVM library.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{installing, ok};
use crate::process;
use crate::project::Project;
use crate::toolchain::{About, Rust};

const VERSION: &str = "0.13.0";
/// The LLVM versions that this bpf-linker knows.
const LLVM: std::ops::RangeInclusive<u32> = 21..=23;
const WHY: &str = "links the kernel programs, with the compiler's own LLVM";

/// Makes sure there is a bpf-linker for the compiler of the BPF target.
pub(super) fn set_up(project: &Project, host: &Rust, bpf: &Rust) -> Result<PathBuf> {
    let about = bpf.about()?;
    let library = library(bpf, &about)?;
    let name = library
        .file_name()
        .context("the LLVM library has no name")?;
    let folder = project
        .tools()
        .join(format!("bpf-linker-{VERSION}"))
        .join(name);
    let program = folder.join("bin/bpf-linker");
    let what = format!("bpf-linker {VERSION} with LLVM {}", about.llvm_major);
    // Starting it proves that its LLVM still is where it was.
    if process::succeeds(Command::new(&program).arg("--version")) {
        ok(&what, WHY);
        return Ok(program);
    }
    installing(
        &what,
        &format!("{WHY}; into {}, takes a minute", folder.display()),
    );
    install(host, &folder, &library, about.llvm_major)?;
    process::stdout(Command::new(&program).arg("--version"))
        .context("bpf-linker was built and does not start")?;
    Ok(program)
}

fn install(host: &Rust, folder: &Path, library: &Path, llvm: u32) -> Result<()> {
    let prefix = link_library(folder, library)?;
    let mut install = host.cargo("install");
    install
        .args(["bpf-linker", "--version", VERSION, "--locked", "--quiet"])
        // Over one that is there and does not start.
        .arg("--force")
        .args(["--no-default-features", "--features"])
        .arg(format!("llvm-{llvm}"))
        .arg("--root")
        .arg(folder)
        .env("LLVM_PREFIX", prefix);
    process::run(&mut install)
}

fn library(bpf: &Rust, about: &About) -> Result<PathBuf> {
    let major = about.llvm_major;
    if !LLVM.contains(&major) {
        bail!(
            "the compiler for BPF in {} has LLVM {major}, and bpf-linker {VERSION} knows {} to {}\n\
             hint: install a toolchain with one of those, or raise the version in xtask/src/setup/linker.rs",
            bpf.bin.display(),
            LLVM.start(),
            LLVM.end()
        );
    }
    // rustup's toolchains bring their own, in lib; Debian's is in the folder of the architecture.
    let arch = std::env::consts::ARCH;
    let lib = bpf.bin.with_file_name("lib");
    let folders = [lib.clone(), lib.join(format!("{arch}-linux-gnu"))];
    folders
        .iter()
        .find_map(|folder| llvm_library(folder, major))
        .with_context(|| {
            format!(
                "no libLLVM.so.{major} in {} or {}",
                folders[0].display(),
                folders[1].display()
            )
        })
}

/// A prefix as LLVM's own installation has it: `libLLVM.so` to link with, and the name under which the loader
/// looks for it, since bpf-linker is built to search here.
fn link_library(folder: &Path, library: &Path) -> Result<PathBuf> {
    let prefix = folder.join("llvm");
    let lib = prefix.join("lib");
    fs::create_dir_all(&lib).with_context(|| format!("cannot create {}", lib.display()))?;
    let name = library
        .file_name()
        .context("the LLVM library has no name")?;
    for link in [lib.join("libLLVM.so"), lib.join(name)] {
        // A link left by an earlier try may point to a toolchain that is gone.
        let _ = fs::remove_file(&link);
        symlink(library, &link).with_context(|| format!("cannot create {}", link.display()))?;
    }
    Ok(prefix)
}

/// Looks for the LLVM library that a compiler uses, which bpf-linker has to be linked with.
fn llvm_library(folder: &Path, major: u32) -> Option<PathBuf> {
    let prefix = format!("libLLVM.so.{major}.");
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(&prefix))
        })
        .collect();
    found.sort();
    found.pop()
}
