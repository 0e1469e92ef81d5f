//! Names files by their content and rewrites who refers to them. Pure: bytes in, bytes out.
//!
//! A file refers to another as `../assets/NAME`, and the page as `./assets/NAME`: relative, for a proxy may serve it all
//! under a path. A change of content changes the name, so browsers may keep what
//! they have for ever; and a file's content includes the names it refers to, so names are made from the leaves up.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use sha2::{Digest, Sha256};

/// Files by the name that others refer to them with.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// What the server serves.
pub(super) struct Site {
    pub(super) index: Vec<u8>,
    pub(super) assets: Vec<Asset>,
}

/// A file under its final name.
pub(super) struct Asset {
    pub(super) source: String,
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

const FOLDER: &str = "/assets/";
/// The kinds of files that can refer to others; in others the same bytes would be an accident.
const TEXT: [&str; 6] = ["css", "html", "js", "json", "svg", "webmanifest"];

/// Names all files and rewrites the references between them; a reference to no file is an error.
pub(super) fn link(index: Vec<u8>, files: Files) -> Result<Site> {
    let mut linker = Linker {
        files: &files,
        done: BTreeMap::new(),
        path: Vec::new(),
    };
    for name in files.keys() {
        linker.name(name, "static")?;
    }
    let index = linker.rewrite("index.html", &index)?;
    let assets = linker
        .done
        .into_iter()
        .map(|(source, (name, bytes))| Asset {
            source,
            name,
            bytes,
        });
    Ok(Site {
        index,
        assets: assets.collect(),
    })
}

/// The start of a content's SHA-256: 64 bits are plenty for the few files of one page.
pub(super) fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

struct Linker<'a> {
    files: &'a Files,
    done: BTreeMap<String, (String, Vec<u8>)>,
    /// The files whose names wait for the one at the end.
    path: Vec<String>,
}

impl Linker<'_> {
    /// The final name of a file, which is made when it is first asked for.
    fn name(&mut self, file: &str, referrer: &str) -> Result<String> {
        if let Some((name, _)) = self.done.get(file) {
            return Ok(name.clone());
        }
        let Some(bytes) = self.files.get(file) else {
            let known: Vec<&str> = self.files.keys().map(String::as_str).collect();
            bail!(
                "{referrer} refers to {FOLDER}{file}, and there is no such file\n\
                 hint: there are {}; files of static/ and what wasm-bindgen makes",
                known.join(", ")
            );
        };
        if self.path.iter().any(|waiting| waiting == file) {
            let circle = self.path.join(" -> ");
            bail!(
                "files refer to each other in a circle, so their names can't be made: {circle} -> {file}"
            );
        }
        self.path.push(file.to_owned());
        let bytes = self.rewrite(file, bytes)?;
        self.path.pop();
        let name = hashed(file, &bytes);
        self.done.insert(file.to_owned(), (name.clone(), bytes));
        Ok(name)
    }

    /// The file's content with the final names of the files it refers to.
    fn rewrite(&mut self, file: &str, bytes: &[u8]) -> Result<Vec<u8>> {
        let (Some(text), true) = (std::str::from_utf8(bytes).ok(), is_text(file)) else {
            return Ok(bytes.to_vec());
        };
        let (mut rest, mut out) = (text, String::with_capacity(text.len()));
        while let Some(at) = rest.find(FOLDER) {
            let (before, after) = rest.split_at(at + FOLDER.len());
            let target = &after[..reference(after)];
            out.push_str(before);
            if !target.is_empty() {
                if !before.ends_with("./assets/") {
                    bail!(
                        "{file} refers to {FOLDER}{target} from the root, and the page may lie under a path\n\
                         hint: write ../assets/{target} in an asset, ./assets/{target} in index.html"
                    );
                }
                out.push_str(&self.name(target, file)?);
            }
            rest = &after[target.len()..];
        }
        out.push_str(rest);
        Ok(out.into_bytes())
    }
}

/// How much of the text is a file's name. A full stop at its end belongs to the sentence around it.
fn reference(text: &str) -> usize {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "._-/".contains(c)));
    text[..end.unwrap_or(text.len())]
        .trim_end_matches('.')
        .len()
}

fn is_text(file: &str) -> bool {
    file.rsplit_once('.')
        .is_some_and(|(_, extension)| TEXT.contains(&extension))
}

/// `style.css` becomes `style-<hash>.css`.
fn hashed(file: &str, bytes: &[u8]) -> String {
    let hash = hash(bytes);
    match file.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
        None => format!("{file}-{hash}"),
    }
}

#[cfg(test)]
mod tests;
