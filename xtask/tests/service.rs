//! The unit for systemd, judged by systemd.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The exposure that it may have at most, in tenths: 0 is a unit that can do nothing, 100 one without limits.
/// Versions of systemd differ by some tenths.
const EXPOSURE: &str = "20";

fn unit() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    workspace
        .expect("the workspace")
        .join("dist/runqlat-web.service")
}

/// What `systemd-analyze` says, and whether it is content; `None`, with a line, where it is missing.
fn analyze(arguments: &[&str]) -> Option<(bool, String)> {
    let output = Command::new("systemd-analyze")
        .args(arguments)
        .arg("--no-pager")
        .arg(unit())
        .output();
    let Ok(output) = output else {
        eprintln!("SKIPPED: no systemd-analyze; `cargo xtask setup` installs it");
        return None;
    };
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Some((output.status.success(), said))
}

#[test]
fn the_unit_exposes_little() {
    let threshold = format!("--threshold={EXPOSURE}");
    if let Some((is_content, said)) = analyze(&["security", "--offline=true", &threshold]) {
        assert!(is_content, "{said}");
    }
}

#[test]
fn systemd_knows_all_that_the_unit_says() {
    if let Some((_, said)) = analyze(&["verify", "--man=no"]) {
        // Whether the program is installed there is another question.
        let others = |line: &&str| !line.contains("is not executable");
        let complaints: Vec<&str> = said.lines().filter(others).collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}
