//! What the binary holds of others, and under which licences: most ask for their text to go with it. The texts come from
//! the crates' own sources, so that none has to be kept here.

mod graph;
mod notice;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::Value;

use self::graph::Package;
use self::notice::Linked;
use super::{done, kilobytes, write};
use crate::process;
use crate::project::Project;
use crate::toolchain::Rust;

/// How files with a licence's text are called, whatever follows and in whatever case.
const NAMES: [&str; 6] = [
    "license",
    "licence",
    "copying",
    "copyright",
    "unlicense",
    "notice",
];

/// Writes the notice, compressed, for the server to carry.
pub(crate) fn build(project: &Project, host: &Rust) -> Result<()> {
    let since = Instant::now();
    let triple = host.about()?.host;
    let mut packages = Vec::new();
    for (root, target) in [
        ("runqlat-web", &*triple),
        ("runqlat-frontend", "wasm32-unknown-unknown"),
        ("runqlat-ebpf", "bpfel-unknown-none"),
    ] {
        packages.extend(graph::linked(&metadata(project, host, target)?, root)?);
    }
    packages.sort();
    packages.dedup();
    let linked: Vec<Linked> = packages.into_iter().map(read).collect::<Result<_>>()?;
    let text = notice::notice(&linked)?;
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    let packed = encoder.finish()?;
    let path = project.dist().join("licenses.z");
    write(&path, &packed)?;
    let details = format!(
        "{} crates, {}, {} compressed",
        linked.len(),
        kilobytes(text.len()),
        kilobytes(packed.len())
    );
    done("licences", &path, &details, since);
    Ok(())
}

fn metadata(project: &Project, host: &Rust, target: &str) -> Result<Value> {
    let mut cargo = host.cargo("metadata");
    cargo
        .current_dir(&project.root)
        .args(["--format-version", "1", "--locked", "--quiet"])
        .args(["--filter-platform", target]);
    serde_json::from_str(&process::stdout(&mut cargo)?).context("cargo metadata wrote no JSON")
}

fn read(package: Package) -> Result<Linked> {
    let mut files = texts(&package.folder)?;
    files.sort();
    let texts = files.iter().map(|file| {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    });
    Ok(Linked {
        texts: texts.collect::<Result<_>>()?,
        package,
    })
}

/// The files with licences' texts: in the crate's folder, or in one of its folders that is named so.
fn texts(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if !is_named_so(&path) {
            continue;
        }
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                found.push(entry?.path());
            }
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

fn is_named_so(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    NAMES.iter().any(|start| name.starts_with(start)) && !name.ends_with(".rs")
}

#[cfg(test)]
mod tests {
    use super::is_named_so;
    use std::path::Path;

    #[test]
    fn texts_are_known_by_their_names() {
        let table = [
            ("LICENSE-MIT", true),
            ("a/license.md", true),
            ("UNLICENSE", true),
            ("COPYING", true),
            ("LICENSES", true),
            ("README.md", false),
            ("license.rs", false),
        ];
        for (name, is) in table {
            assert_eq!(is_named_so(Path::new(name)), is, "{name}");
        }
    }
}
