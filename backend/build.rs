//! Decides what the binary carries: the page, the kernel programs and the notice of licences that `cargo xtask build` made
//! (`RUNQLAT_WEB_DIST` names their folder), or placeholders, so that checks, tests and editors work
//! on a fresh clone. A binary with placeholders says so (`--version`) and does not measure.

use std::env;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-env-changed=RUNQLAT_WEB_DIST");
    println!("cargo:rustc-check-cfg=cfg(complete)");
    match env::var_os("RUNQLAT_WEB_DIST") {
        Some(dist) => embed(&PathBuf::from(dist)),
        None => {
            let manifest = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
            println!("cargo:rustc-env=PAGE_DIR={manifest}/placeholder");
        }
    }
}

fn embed(dist: &Path) {
    let page = dist.join("page");
    let object = dist.join("runqlat.bpf.o");
    let licenses = dist.join("licenses.z");
    for needed in [&page.join("index.html"), &object, &licenses] {
        assert!(
            needed.is_file(),
            "RUNQLAT_WEB_DIST lacks {}; `cargo xtask build` makes it",
            needed.display()
        );
    }
    println!("cargo:rerun-if-changed={}", page.display());
    println!("cargo:rerun-if-changed={}", object.display());
    println!("cargo:rerun-if-changed={}", licenses.display());
    println!("cargo:rustc-env=PAGE_DIR={}", page.display());
    println!("cargo:rustc-env=BPF_OBJECT={}", object.display());
    println!("cargo:rustc-env=LICENSES={}", licenses.display());
    println!("cargo:rustc-cfg=complete");
}
