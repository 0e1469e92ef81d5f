//! From sources to one binary: kernel programs and page first, then the server that carries them.

mod bpf;
mod elf;
mod licenses;
mod page;
mod server;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::project::Project;
use crate::toolchain::Toolchain;

pub(crate) use self::bpf::{build as bpf, empty as empty_bpf};
pub(crate) use self::page::build as page;

/// Builds everything, and returns the binary's path, which is the last thing printed.
pub(crate) fn all(project: &Project, toolchain: &Toolchain) -> Result<PathBuf> {
    bpf(project, toolchain)?;
    page(project, toolchain)?;
    licenses::build(project, &toolchain.host)?;
    server::build(project, toolchain)
}

/// One line when a part is done.
fn done(what: &str, path: &Path, details: &str, since: Instant) {
    let seconds = since.elapsed().as_secs_f64();
    println!(
        "build: {what}: {} ({details}) in {seconds:.1} s",
        path.display()
    );
}

/// Bytes for people: 250 kB is 250,000 bytes.
fn kilobytes(bytes: usize) -> String {
    format!("{:.1} kB", bytes as f64 / 1000.0)
}

/// Writes a file, making its folder, and leaves it untouched if it is the same: what has not changed keeps its
/// time stamp, and the server is not built again for it. Through a rename, so that no interrupted build leaves half
/// a file under a name that later ones trust, and a binary that is running can be replaced.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let new = path.with_added_extension("new");
    std::fs::write(&new, bytes)
        .and_then(|()| std::fs::rename(&new, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
