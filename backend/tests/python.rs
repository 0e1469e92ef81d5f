//! A viewer that shares nothing with this program, not even the language.

mod support;

use std::path::Path;
use std::process::Command;
use support::server::Server;

/// Debian's, whatever else is in PATH: `cargo xtask setup` installs its library.
const PYTHON: &str = "/usr/bin/python3";

#[test]
fn pythons_websockets_find_the_protocol_as_it_is_documented() {
    let has = Command::new(PYTHON)
        .args(["-c", "import websockets"])
        .output();
    if !has.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "SKIPPED pythons_websockets_find_the_protocol_as_it_is_documented: no python3-websockets"
        );
        return;
    }
    let server = Server::start(&["--demo", "--interval", "100ms", "--token"]);
    let tokens = ["view", "control"].map(|to| server.bearer(to).replace("Bearer ", ""));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/viewer.py");
    let output = Command::new(PYTHON)
        .arg(script)
        .arg(server.address.to_string())
        .args(tokens)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}{complained}");
    println!("{said}");
}
