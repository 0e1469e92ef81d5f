//! The kernel programs: one BPF object with BTF; and the empty ones, which only `bench kernel` loads.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;

use super::{done, kilobytes, read, write};
use crate::environment::rustflags;
use crate::process;
use crate::project::Project;
use crate::toolchain::Toolchain;

const TARGET: &str = "bpfel-unknown-none";

/// Builds the object that the server carries, and returns its path.
pub(crate) fn build(project: &Project, toolchain: &Toolchain) -> Result<PathBuf> {
    let since = Instant::now();
    let object = read(&compile(project, toolchain, "runqlat")?)?;
    let path = project.dist().join("runqlat.bpf.o");
    write(&path, &object)?;
    done("kernel programs", &path, &kilobytes(object.len()), since);
    Ok(path)
}

/// Builds the object of empty programs, and returns its path.
pub(crate) fn empty(project: &Project, toolchain: &Toolchain) -> Result<PathBuf> {
    compile(project, toolchain, "empty")
}

fn compile(project: &Project, toolchain: &Toolchain, object: &str) -> Result<PathBuf> {
    let folder = project.target.join("bpf");
    let mut cargo = toolchain.bpf.cargo("build");
    cargo
        .current_dir(&project.root)
        .args(["--package", "runqlat-ebpf", "--bin", object])
        .args(["--profile", "bpf", "--target", TARGET, "--target-dir"])
        .arg(&folder)
        .env(
            "CARGO_TARGET_BPFEL_UNKNOWN_NONE_LINKER",
            &toolchain.bpf_linker,
        )
        // Debug information is what bpf-linker makes BTF of: the kernel wants it for maps and for line numbers
        // in the verifier's log.
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            rustflags(&["-Cdebuginfo=2", "-Clink-arg=--btf"]),
        );
    process::run(&mut cargo)?;
    Ok(folder.join(TARGET).join("bpf").join(object))
}
