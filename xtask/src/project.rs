//! Where things are: the workspace's folder, cargo's target folder, and what this tool puts into it.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// Names a binary to test or measure in place of building one.
pub(crate) const BINARY: &str = "RUNQLAT_WEB_BIN";

/// The folders every command works in.
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

impl Project {
    /// Asks cargo, which knows `CARGO_TARGET_DIR`, `.cargo/config.toml` and the current folder's workspace.
    pub(crate) fn locate() -> Result<Self> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        let metadata: Value = serde_json::from_str(&process::stdout(&mut command)?)
            .context("cannot read the output of `cargo metadata`")?;
        let folder = |key: &str| {
            let path = metadata[key].as_str().map(PathBuf::from);
            path.with_context(|| format!("`cargo metadata` names no {key}"))
        };
        Ok(Self {
            root: folder("workspace_root")?,
            target: folder("target_directory")?,
        })
    }

    /// What a build leaves: the page, the BPF object and the binary.
    pub(crate) fn dist(&self) -> PathBuf {
        self.target.join("dist")
    }

    /// The release binary that `build` leaves.
    pub(crate) fn binary(&self) -> PathBuf {
        self.dist().join("runqlat-web")
    }

    /// Programs installed for this project alone, so that nothing of the user's is touched.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }
}
