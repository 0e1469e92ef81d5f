//! The kernel programs: one BPF object with BTF.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;

use super::{done, kilobytes, read, write};
use crate::environment::rustflags;
use crate::process;
use crate::project::Project;
use crate::toolchain::Toolchain;

const TARGET: &str = "bpfel-unknown-none";

/// Builds the object and returns its path.
pub(crate) fn build(project: &Project, toolchain: &Toolchain) -> Result<PathBuf> {
    let since = Instant::now();
    let folder = project.target.join("bpf");
    let mut cargo = toolchain.bpf.cargo("build");
    cargo
        .current_dir(&project.root)
        .args(["--package", "runqlat-ebpf", "--bin", "runqlat"])
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
    let object = read(&folder.join(TARGET).join("bpf/runqlat"))?;
    let path = project.dist().join("runqlat.bpf.o");
    write(&path, &object)?;
    done("kernel programs", &path, &kilobytes(object.len()), since);
    Ok(path)
}
