//! What the system tests share: the real binary as a child process, clients from outside, and loads
//! with a known shape.
#![allow(dead_code, reason = "each test binary uses a part")]

pub mod browser;
pub mod cgroup;
pub mod client;
pub mod deadline;
pub mod delays;
pub mod devtools;
#[cfg(target_arch = "x86_64")]
pub mod inject;
pub mod load;
pub mod podman;
pub mod proxy;
pub mod quota;
pub mod runqlat;
pub mod schedstat;
pub mod server;
pub mod strace;
pub mod tools;
pub mod watch;
pub mod workload;

/// Whether this test can run; false, and says so, on a machine without root. Everything else that is
/// missing fails the test.
pub fn is_root(test: &str) -> bool {
    // SAFETY: asks for the caller's id.
    let root = unsafe { libc::geteuid() } == 0;
    if !root {
        assert!(
            std::env::var_os("RUNQLAT_WEB_NO_ROOT").is_some(),
            "{test} needs root; `cargo xtask test` gets it, or says that it can't"
        );
        eprintln!("SKIPPED {test}: not root");
    }
    root
}

/// Whether tests that take minutes run in full: `cargo xtask test --long`.
pub fn is_long() -> bool {
    std::env::var_os("RUNQLAT_WEB_LONG").is_some()
}
