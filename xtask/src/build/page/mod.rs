//! The page: WASM and its JavaScript, the files of `static/`, all named by their content and compressed.

mod assets;
mod bindgen;
mod compress;
mod versions;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use self::assets::{Files, Site};
use super::{done, kilobytes, read, write};
use crate::environment::rustflags;
use crate::process;
use crate::project::Project;
use crate::toolchain::Toolchain;

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm-release";
/// A panic stops the program where it happens, without a message: the code that would make messages is a tenth of
/// the WASM. `static/boot.js` tells the person; the names for the place in the console's trace are in the WASM as
/// cargo left it. So nobody would read the places and what `{:?}` prints, of which dependencies bring 5 kB.
/// Leptos is told to hand views on without their types, which takes 6 kB of one kind of code for all from what is sent.
const FLAGS: [&str; 5] = [
    "--cfg=erase_components",
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Zlocation-detail=none",
    "-Zfmt-debug=none",
];
/// Sorting, above all: the library's fast way is 20 kB of code for the few kinds of lists that are sorted here.
const LIBRARY: &str = "build-std-features=optimize_for_size";
/// What the WASM may weigh on its way to the browser.
const WASM_BUDGET: usize = 400_000;

/// Builds the page and returns its folder.
pub(crate) fn build(project: &Project, toolchain: &Toolchain) -> Result<PathBuf> {
    let since = Instant::now();
    versions::check(&project.root)?;
    let wasm = compile(project, toolchain)?;
    let mut files = bindgen::generate(&wasm)?;
    collect(&project.root.join("static"), "", &mut files)?;
    let index = files.remove("index.html").context(
        "static/index.html is missing\nhint: the page starts there; it refers to the others as ./assets/NAME",
    )?;
    let site = assets::link(index, files)?;
    let folder = project.dist().join("page");
    let sizes = emit(&folder, &site, &project.target.join("compressed"))?;
    let details = format!(
        "WASM {}, {} as brotli",
        kilobytes(sizes.raw),
        kilobytes(sizes.brotli)
    );
    done("page", &folder, &details, since);
    if sizes.brotli > WASM_BUDGET {
        bail!(
            "the WASM weighs {} as brotli, and may weigh {}\n\
             hint: look for what grew, with `twiggy top` or a new dependency in frontend/Cargo.toml",
            kilobytes(sizes.brotli),
            kilobytes(WASM_BUDGET)
        );
    }
    Ok(folder)
}

fn compile(project: &Project, toolchain: &Toolchain) -> Result<PathBuf> {
    let folder = project.target.join("wasm");
    let mut cargo = toolchain.wasm.cargo("build");
    cargo
        .current_dir(&project.root)
        .args(["-Z", LIBRARY])
        .args(["--package", "runqlat-frontend", "--lib"])
        .args(["--profile", PROFILE, "--target", TARGET, "--target-dir"])
        .arg(&folder)
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(&FLAGS));
    process::run(&mut cargo)?;
    Ok(folder
        .join(TARGET)
        .join(PROFILE)
        .join("runqlat_frontend.wasm"))
}

/// Reads a folder's files, named by their path below it.
fn collect(folder: &Path, prefix: &str, files: &mut Files) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            bail!(
                "{}: a name that is no UTF-8 can't be in a URL",
                path.display()
            );
        };
        // Editors leave hidden files.
        if name.starts_with('.') {
            continue;
        }
        let key = format!("{prefix}{name}");
        if path.is_dir() {
            collect(&path, &format!("{key}/"), files)?;
        } else if files.insert(key, read(&path)?).is_some() {
            bail!(
                "{}: the build makes a file of this name itself",
                path.display()
            );
        }
    }
    Ok(())
}

struct Sizes {
    raw: usize,
    brotli: usize,
}

/// Writes the site and its compressed siblings, and removes what else is in the folder, so that nothing stale stays.
fn emit(folder: &Path, site: &Site, cache: &Path) -> Result<Sizes> {
    let mut written = HashSet::new();
    let mut sizes = None;
    emit_file(folder.join("index.html"), &site.index, cache, &mut written)?;
    for asset in &site.assets {
        let path = folder.join("assets").join(&asset.name);
        let brotli = emit_file(path, &asset.bytes, cache, &mut written)?;
        if asset.source == bindgen::WASM {
            sizes = Some(Sizes {
                raw: asset.bytes.len(),
                brotli,
            });
        }
    }
    remove_others(folder, &written)?;
    sizes.context("the page has no WASM")
}

/// Writes a file, and `.br` and `.gz` beside it where they are smaller; returns the size as brotli.
fn emit_file(
    path: PathBuf,
    bytes: &[u8],
    cache: &Path,
    written: &mut HashSet<PathBuf>,
) -> Result<usize> {
    let packed = compress::both(bytes, cache)?;
    for (suffix, packed) in [("br", &packed.brotli), ("gz", &packed.gzip)] {
        if packed.len() < bytes.len() {
            let mut name = path.clone().into_os_string();
            name.push(format!(".{suffix}"));
            write(Path::new(&name), packed)?;
            written.insert(name.into());
        }
    }
    write(&path, bytes)?;
    written.insert(path);
    Ok(packed.brotli.len())
}

fn remove_others(folder: &Path, keep: &HashSet<PathBuf>) -> Result<()> {
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, keep)?;
        } else if !keep.contains(&path) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}
