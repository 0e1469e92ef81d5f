//! What a guest boots into: an initramfs of busybox, the binary under test, the kernel's modules and the guest's
//! scripts. Nothing else, which proves that the binary needs nothing else: no C library, no loader, no /etc.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::cache::Kernel;
use super::cpio::Archive;
use crate::process;

/// The first process: mounts, modules, network, then the proofs, then the end.
const INIT: &str = include_str!("guest/init.sh");
/// What the proofs are made of.
const TOOLS: &str = include_str!("guest/tools.sh");
/// The proofs about clocks, and all.
const CLOCK: &str = include_str!("guest/clock.sh");
const PROVE: &str = include_str!("guest/prove.sh");
/// The tests of obstacles.
const SURROUNDINGS: &str = include_str!("guest/surroundings.sh");

/// The archive for one kernel. `loads` are statically linked programs.
pub(super) fn initramfs(kernel: &Kernel, binary: &Path, loads: &[PathBuf]) -> Result<Vec<u8>> {
    let busybox = process::find("busybox").context("there is no busybox")?;
    let mut archive = Archive::default();
    for folder in ["dev", "proc", "sys", "tmp"] {
        archive.folder(folder);
    }
    archive.file("init", INIT.as_bytes());
    archive.file("tools.sh", TOOLS.as_bytes());
    archive.file("clock.sh", CLOCK.as_bytes());
    archive.file("prove.sh", PROVE.as_bytes());
    archive.file("surroundings.sh", SURROUNDINGS.as_bytes());
    archive.file("bin/busybox", &read(&busybox)?);
    archive.link("bin/sh", "busybox");
    archive.file("bin/runqlat-web", &read(binary)?);
    for load in loads {
        let name = load.file_name().unwrap_or_default().to_string_lossy();
        archive.file(&format!("bin/{name}"), &read(load)?);
    }
    for library in libraries(&busybox)? {
        archive.file(&inside(&library), &read(&library)?);
    }
    for module in &kernel.modules {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        archive.file(&format!("modules/{name}"), &read(module)?);
    }
    Ok(archive.finish())
}

/// The shared libraries of a program, and their loader, by the paths they are looked for at.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    // Of a static program, as Debian's busybox-static, it says so and fails.
    let output = process::output(Command::new("ldd").env("LC_ALL", "C").arg(program))?;
    Ok(paths(&String::from_utf8_lossy(&output.stdout)))
}

/// `libm.so.6 => /lib/libm.so.6 (0x7f…)` and `/lib64/ld-linux-x86-64.so.2 (0x7f…)`.
fn paths(ldd: &str) -> Vec<PathBuf> {
    let path = |line: &str| {
        let path = line.split_once("=>").map_or(line, |(_, path)| path).trim();
        let path = path.rsplit_once(" (").map_or(path, |(path, _)| path);
        path.starts_with('/').then(|| PathBuf::from(path))
    };
    ldd.lines().filter_map(path).collect()
}

/// A path of this machine in the archive, whose names start without a slash.
fn inside(path: &Path) -> String {
    let path = path.to_string_lossy();
    path.trim_start_matches('/').to_owned()
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_read_from_ldd() {
        let text = "\tlinux-vdso.so.1 (0x00007ffc)\n\tlibm.so.6 => /lib/x86_64/libm.so.6 (0x00007f)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n\tlibgone.so => not found\n";
        assert_eq!(
            paths(text),
            ["/lib/x86_64/libm.so.6", "/lib64/ld-linux-x86-64.so.2"].map(PathBuf::from)
        );
        assert_eq!(
            paths("\tnot a dynamic executable\n"),
            <[PathBuf; 0]>::default()
        );
    }
}
