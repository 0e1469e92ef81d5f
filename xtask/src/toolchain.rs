//! The compilers a build uses, and how to call them so that nothing leaks in from the cargo that runs us.
//! Knows nothing of where they come from: that is `setup`.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{environment, process};

/// One Rust for each of the three targets, and the linker of the third.
pub(crate) struct Toolchain {
    pub(crate) host: Rust,
    pub(crate) wasm: Rust,
    pub(crate) bpf: Rust,
    pub(crate) bpf_linker: PathBuf,
}

/// A folder with `rustc` and `cargo`, and what they need to be told to build for a target.
#[derive(Clone)]
pub(crate) struct Rust {
    pub(crate) bin: PathBuf,
    /// Value of RUSTC_BOOTSTRAP, where a stable compiler has to accept unstable features.
    pub(crate) bootstrap: Option<&'static str>,
    /// Crates of the standard library to build from source, where none come prebuilt.
    pub(crate) build_std: Option<&'static str>,
}

impl Rust {
    /// A compiler that can do its target without being told anything.
    pub(crate) fn plain(bin: impl Into<PathBuf>) -> Self {
        Self {
            bin: bin.into(),
            bootstrap: None,
            build_std: None,
        }
    }

    /// `cargo <subcommand>` of this compiler, in a clean environment.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = self.tool("cargo");
        command.arg(subcommand);
        if let Some(crates) = self.build_std {
            command.args(["-Z", &format!("build-std={crates}")]);
        }
        command
    }

    /// A program of this compiler's folder, in a clean environment.
    pub(crate) fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        environment::clean(&mut command);
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.bin.clone()).chain(env::split_paths(&path));
        // Only a folder name with a colon in it makes this fail, and then PATH as it is does no harm.
        if let Ok(path) = env::join_paths(folders) {
            command.env("PATH", path);
        }
        command
            .env("CARGO", self.bin.join("cargo"))
            .env("RUSTC", self.bin.join("rustc"))
            .env("RUSTDOC", self.bin.join("rustdoc"))
            .env("RUSTFMT", self.bin.join("rustfmt"));
        if let Some(bootstrap) = self.bootstrap {
            command.env("RUSTC_BOOTSTRAP", bootstrap);
        }
        command
    }

    /// What `rustc -vV` says of itself.
    pub(crate) fn about(&self) -> Result<About> {
        let text = process::stdout(self.tool("rustc").arg("-vV"))?;
        About::parse(&text).with_context(|| {
            format!(
                "cannot read the version of {}",
                self.bin.join("rustc").display()
            )
        })
    }
}

/// The facts about a compiler that decide what fits to it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) release: String,
    pub(crate) host: String,
    pub(crate) llvm_major: u32,
}

impl About {
    fn parse(text: &str) -> Option<Self> {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        let llvm = field("LLVM version: ")?;
        Some(Self {
            release: field("release: ")?.to_owned(),
            host: field("host: ")?.to_owned(),
            llvm_major: llvm.split('.').next()?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_tells_release_host_and_llvm() {
        let text = "rustc 1.96.0 (ac68faa20 2026-05-25)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\n\
                    release: 1.96.0\nLLVM version: 22.1.8\n";
        let about = About::parse(text).unwrap();
        assert_eq!(about.release, "1.96.0");
        assert_eq!(about.host, "x86_64-unknown-linux-gnu");
        assert_eq!(about.llvm_major, 22);
        assert_eq!(About::parse("rustc 1.0"), None);
    }
}
