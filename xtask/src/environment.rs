//! What a nested cargo may inherit, and the flags it gets instead.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// Takes out what cargo and rustup set for the program they started, and what a person may have set for
/// another build: a nested cargo would apply it to the wrong target. What tells cargo how to reach the
/// network and where its home is stays.
pub(crate) fn clean(command: &mut Command) {
    for (key, _) in env::vars_os() {
        let Some(name) = key.to_str() else { continue };
        if leaks(name) {
            command.env_remove(&key);
        }
    }
}

fn leaks(name: &str) -> bool {
    const KEEP: [&str; 6] = [
        "CARGO_HOME",
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTR",
        "CARGO_SOURCE_",
        "CARGO_TERM_",
    ];
    const EXACT: [&str; 8] = [
        "CARGO",
        "RUSTC",
        "RUSTDOC",
        "RUSTFLAGS",
        "RUSTDOCFLAGS",
        "RUSTUP_TOOLCHAIN",
        "RUST_RECURSION_COUNT",
        // Set by `cargo run` and by rustup to the folders of *their* compiler's libraries.
        "LD_LIBRARY_PATH",
    ];
    EXACT.contains(&name)
        || name.starts_with("RUSTC_")
        || (name.starts_with("CARGO_") && !KEEP.iter().any(|keep| name.starts_with(keep)))
}

/// The value of CARGO_ENCODED_RUSTFLAGS that applies these flags and nobody else's, not even those of a person's own
/// configuration of cargo, which are for the host's linker.
///
/// Sources of dependencies are named by crate instead of by the builder's home, which is nobody's business, makes
/// the WASM larger, and builds differ from machine to machine.
pub(crate) fn rustflags(flags: &[&str]) -> String {
    let sources = cargo_home().map(|home| home.join("registry/src"));
    let remap = sources.map(|path| format!("--remap-path-prefix={}=/crates", path.display()));
    let flags = flags.iter().map(|flag| (*flag).to_owned());
    flags.chain(remap).collect::<Vec<_>>().join("\x1f")
}

/// Where cargo keeps what it downloads, and rustup its programs.
pub(crate) fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_outer_cargo_leaks_in() {
        for name in [
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_TARGET_DIR",
            "CARGO_MANIFEST_DIR",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC_WRAPPER",
            "RUSTFLAGS",
            "RUSTUP_TOOLCHAIN",
        ] {
            assert!(leaks(name), "{name}");
        }
        for name in [
            "CARGO_HOME",
            "CARGO_NET_OFFLINE",
            "PATH",
            "RUSTUP_HOME",
            "RUST_BACKTRACE",
        ] {
            assert!(!leaks(name), "{name}");
        }
    }
}
