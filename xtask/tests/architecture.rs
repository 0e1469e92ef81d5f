//! The invariants of `ARCHITECTURE.md`, held: which module may know what. A line that breaks one is
//! named with the reason for the rule.

use std::fs;
use std::path::{Path, PathBuf};

/// Files under `of` (less those under `but`) may not hold any of `words`, since `why`.
struct Rule {
    of: &'static [&'static str],
    but: &'static [&'static str],
    words: &'static [&'static str],
    why: &'static str,
}

/// What only the edges of the page know.
const BROWSER: &[&str] = &["leptos", "web_sys", "js_sys", "wasm_bindgen", "gloo"];

/// What only the edges of the server know.
const IO: &[&str] = &[
    "tokio",
    "axum",
    "aya",
    "clap",
    "libc",
    "std::fs",
    "std::net",
    "std::env",
    "std::time",
    "std::thread",
    "std::process",
];

const RULES: &[Rule] = &[
    Rule {
        of: &["backend/src"],
        but: &["backend/src/probe/kernel", "backend/src/lib.rs"],
        words: &["aya"],
        why: "one module talks to aya, so that everything above it runs without root",
    },
    Rule {
        of: &["backend/src/lib.rs"],
        but: &[],
        words: &["use aya"],
        why: "lib.rs only embeds the kernel programs, aligned",
    },
    Rule {
        of: &[
            "common/src",
            "backend/src/access/local.rs",
            "backend/src/interval.rs",
            "backend/src/procfs/tcp.rs",
            "backend/src/history.rs",
            "backend/src/history/notes.rs",
            "backend/src/history/past.rs",
            "backend/src/region.rs",
            "backend/src/together.rs",
            "backend/src/together/text.rs",
            "backend/src/diagnosis.rs",
            "backend/src/directory.rs",
            "backend/src/probe/kernel/btf.rs",
            "backend/src/probe/kernel/sizes.rs",
            "backend/src/probe/synthetic.rs",
        ],
        but: &[],
        words: IO,
        why: "pure modules do no input or output and have no clock",
    },
    Rule {
        of: &["common/src", "frontend/logic/src"],
        but: &[],
        words: BROWSER,
        why: "what the page knows and draws is tested on the host, without a browser",
    },
    Rule {
        of: &["frontend/src"],
        but: &["frontend/src/paint"],
        words: &["CanvasRenderingContext2d", "put_image_data", "fill_text"],
        why: "one module paints; everything else says what to paint",
    },
    Rule {
        of: &["backend/src"],
        but: &["backend/src/args.rs", "backend/src/args"],
        words: &["clap"],
        why: "arguments become a Config once",
    },
    Rule {
        of: &["backend/src"],
        but: &["backend/src/confine", "backend/src/confine.rs"],
        words: &["use caps", "use landlock", "use nix", "use seccompiler"],
        why: "rights are given up in one place",
    },
    Rule {
        of: &["backend/src"],
        but: &["backend/src/server"],
        words: &["axum"],
        why: "only the server knows HTTP",
    },
    Rule {
        of: &["backend/src/server"],
        but: &[],
        words: &["crate::probe", "crate::collector", "crate::interval"],
        why: "the server reads the hub; nobody but the collector touches the probe",
    },
    Rule {
        of: &["backend/src"],
        but: &[
            "backend/src/probe/kernel",
            "backend/src/procfs.rs",
            "backend/src/procfs",
            "backend/src/lib.rs",
        ],
        words: &["unsafe {", "unsafe impl", "unsafe fn"],
        why: "system calls stand in two places",
    },
    Rule {
        of: &["frontend/src"],
        but: &[
            "frontend/src/ui",
            "frontend/src/lib.rs",
            "frontend/src/net.rs",
        ],
        words: &["leptos"],
        why: "only components know the framework (lib.rs mounts them, net borrows its timers)",
    },
];

fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("the workspace").to_owned()
}

/// Sources under a file or folder, tests apart.
fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("a folder of the workspace");
        for entry in entries {
            sources(&entry.expect("an entry").path(), found);
        }
    } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
        found.push(path.to_owned());
    }
}

/// The code of a file with its line numbers: no comments, no unit tests.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).expect("a source");
    let lines = text.lines().enumerate();
    lines
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .map(|(at, line)| {
            (
                at + 1,
                line.split("//").next().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

/// Whether `word` stands in `line`, and not as part of a longer name.
fn names(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

fn broken(rule: &Rule) -> Vec<String> {
    let root = root();
    let mut files = Vec::new();
    for of in rule.of {
        let path = root.join(of);
        assert!(path.exists(), "{of} is in a rule and not in the workspace");
        sources(&path, &mut files);
    }
    files.retain(|file| !rule.but.iter().any(|but| file.starts_with(root.join(but))));
    let mut broken = Vec::new();
    for file in files {
        for (at, line) in code(&file) {
            if let Some(word) = rule.words.iter().find(|word| names(&line, word)) {
                let file = file
                    .strip_prefix(&root)
                    .unwrap_or(&file)
                    .display()
                    .to_string();
                broken.push(format!("{file}:{at} knows {word}: {}", rule.why));
            }
        }
    }
    broken
}

#[test]
fn modules_know_only_what_they_may() {
    let broken: Vec<String> = RULES.iter().flat_map(broken).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn server_and_page_know_the_common_crate_and_not_each_other() {
    for (of, other) in [
        ("backend", "runqlat-frontend"),
        ("backend", "runqlat-logic"),
        ("frontend", "runqlat-web"),
        ("frontend/logic", "runqlat-web"),
    ] {
        let manifest = fs::read_to_string(root().join(of).join("Cargo.toml")).expect("a manifest");
        let (_, dependencies) = manifest.split_once("[dependencies]").expect("dependencies");
        assert!(!dependencies.contains(other), "{of} depends on {other}");
        assert!(
            dependencies.contains("runqlat-common"),
            "{of} without the messages"
        );
    }
}

#[test]
fn files_hold_one_idea() {
    let mut files = Vec::new();
    for part in [
        "backend/src",
        "common/src",
        "ebpf/src",
        "frontend/src",
        "frontend/logic/src",
        "xtask/src",
    ] {
        sources(&root().join(part), &mut files);
    }
    for file in files {
        let lines = code(&file);
        assert!(
            lines.len() <= 300,
            "{}: {} lines",
            file.display(),
            lines.len()
        );
        let text = fs::read_to_string(&file).expect("a source");
        assert!(
            text.starts_with("//!"),
            "{} does not say what it is for",
            file.display()
        );
    }
}

/// A test without that entry would run before there is a binary.
#[test]
fn tests_of_the_whole_need_their_feature() {
    let manifest = fs::read_to_string(root().join("backend/Cargo.toml")).expect("a manifest");
    let mut files = Vec::new();
    sources(&root().join("backend/tests"), &mut files);
    let tests = root().join("backend/tests");
    for file in files.iter().filter(|file| file.parent() == Some(&tests)) {
        let name = file.file_stem().and_then(|name| name.to_str());
        let name = name.expect("a name in UTF-8");
        let entry = format!("name = \"{name}\"\nrequired-features = [\"system-tests\"]");
        assert!(manifest.contains(&entry), "{name}");
    }
}
