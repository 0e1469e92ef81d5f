//! `wasm-bindgen` in the page and the tool that reads what it wrote have to be of the same version.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Compares the two in Cargo.lock.
pub(super) fn check(root: &Path) -> Result<()> {
    let lock = fs::read_to_string(root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let page = locked(&lock, "wasm-bindgen").context("Cargo.lock has no wasm-bindgen")?;
    let tool = locked(&lock, "wasm-bindgen-cli-support")
        .context("Cargo.lock has no wasm-bindgen-cli-support")?;
    if page != tool {
        bail!(
            "the page uses wasm-bindgen {page}, and xtask reads the format of {tool}\n\
             hint: set wasm-bindgen-cli-support to \"={page}\" in xtask/Cargo.toml"
        );
    }
    Ok(())
}

/// The version of a package in a lock file, whose entries have name and version on lines that follow each other.
fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    lines.find(|line| *line == name)?;
    lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_by_the_whole_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked(lock, "wasm"), None);
    }

    #[test]
    fn this_workspace_agrees() {
        check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
    }
}
