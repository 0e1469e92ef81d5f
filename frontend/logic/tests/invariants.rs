//! The page's invariants: which modules may know the browser, and which alone touch the canvas.

use std::fs;
use std::path::{Path, PathBuf};

/// The edges: everything else is pure and is tested on the host.
const EDGES: [&str; 5] = ["browser.rs", "lib.rs", "net.rs", "paint", "ui"];

const BROWSER_CRATES: [&str; 6] = [
    "leptos",
    "web_sys",
    "js_sys",
    "wasm_bindgen",
    "gloo",
    "crate::browser",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("sources can be read");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

fn all() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let named = sources(&src).into_iter().map(|path| {
        let name = path.strip_prefix(&src).expect("below src");
        let text = fs::read_to_string(&path).expect("UTF-8");
        (name.to_string_lossy().into_owned(), text)
    });
    named.collect()
}

/// Code without comments, so that a module may say what it must not know.
fn code(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn pure_modules_know_no_browser() {
    let mut pure = 0;
    for (name, text) in all() {
        if EDGES.iter().any(|edge| name.starts_with(edge)) {
            continue;
        }
        pure += 1;
        for word in BROWSER_CRATES {
            assert!(!code(&text).contains(word), "{name} uses {word}");
        }
    }
    assert!(pure > 15, "only {pure} pure modules found");
}

#[test]
fn paint_alone_draws() {
    for (name, text) in all() {
        let draws = code(&text).contains("CanvasRenderingContext2d");
        assert!(!draws || name.starts_with("paint"), "{name} draws");
    }
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    for (name, text) in all() {
        assert!(
            text.starts_with("//!"),
            "{name} does not begin with its purpose"
        );
        assert!(text.lines().count() < 300, "{name} is too long");
    }
}
