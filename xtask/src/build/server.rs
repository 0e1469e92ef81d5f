//! The server with page and kernel programs inside: one static binary that runs when copied alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::{done, elf, kilobytes, read, write};
use crate::environment::rustflags;
use crate::process;
use crate::project::Project;
use crate::toolchain::Toolchain;

/// Builds the binary around what `dist` holds and returns its path.
pub(super) fn build(project: &Project, toolchain: &Toolchain) -> Result<PathBuf> {
    let since = Instant::now();
    let host = toolchain.host.about()?.host;
    // A folder of its own: these flags and this environment would otherwise alternate with those of `cargo build`.
    let folder = project.target.join("server");
    let mut cargo = toolchain.host.cargo("build");
    cargo
        .current_dir(&project.root)
        .args(["--release", "--package", "runqlat-web"])
        // Naming the target keeps the flags away from build scripts and macros, which can't be static.
        .args(["--target", &host, "--target-dir"])
        .arg(&folder)
        .env("RUNQLAT_WEB_DIST", project.dist())
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            rustflags(&["-Ctarget-feature=+crt-static"]),
        );
    process::run(&mut cargo)?;
    let built = read(&folder.join(host).join("release/runqlat-web"))?;
    if elf::needs_loader(&built).context("the server's binary is no 64-bit ELF file")? {
        bail!(
            "the server was linked dynamically, and would not run where the C library differs\n\
             hint: see which dependency undoes crt-static; libc's static archive comes with libc6-dev"
        );
    }
    let path = project.binary();
    install(&path, &built)?;
    check(&path)?;
    done(
        "server",
        &path,
        &format!("{}, static", kilobytes(built.len())),
        since,
    );
    println!("{}", path.display());
    Ok(path)
}

fn install(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", path.display()))
}

/// A server that was built without its parts says so in its version.
fn check(path: &Path) -> Result<()> {
    let version = process::stdout(Command::new(path).arg("--version"))
        .context("the binary was built and does not start")?;
    if version.contains("incomplete") {
        bail!(
            "the binary lacks its page or kernel programs: it says \"{}\"\n\
             hint: backend/build.rs takes them from RUNQLAT_WEB_DIST, which this build sets; see what it found",
            version.trim()
        );
    }
    Ok(())
}
