//! Kernels on this disk, by series: packages as they were downloaded, and what of them a guest needs. They stay, since
//! the archive drops old versions and the same version should pass twice; removing the folder gets the newest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::archive::Archive;
use crate::process;

/// What a guest needs for a network, as modules or built in: which, differs between kernels.
const MODULES: [&str; 8] = [
    "virtio",
    "virtio_ring",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "failover",
    "net_failover",
    "virtio_net",
];

/// A kernel, ready to start.
pub(super) struct Kernel {
    pub(super) image: PathBuf,
    pub(super) modules: Vec<PathBuf>,
}

/// The kernel of a series; downloads it if it isn't there.
pub(super) fn kernel(archive: &Archive, series: &str, folder: &Path) -> Result<Kernel> {
    let packages = folder.join("packages");
    if packages.is_dir() {
        println!(
            "kernels: kept     {series}, of an earlier run (remove {} to get the newest)",
            folder.display()
        );
    } else {
        // Under its name only when it is whole.
        let partial = fresh(&folder.join("packages.partial"))?;
        archive.download(series, &partial)?;
        fs::rename(&partial, &packages).context("cannot keep what was downloaded")?;
    }
    let kernel = folder.join("kernel");
    // The list of modules may have changed since.
    let wanted = MODULES.join(" ");
    let mark = kernel.join("wanted");
    if !fs::read_to_string(&mark).is_ok_and(|found| found == wanted) {
        unpack(&packages, &kernel)?;
        fs::write(&mark, wanted).with_context(|| format!("cannot write {}", mark.display()))?;
    }
    Ok(Kernel {
        image: kernel.join("vmlinuz"),
        modules: files(&kernel.join("modules"))?,
    })
}

/// Takes the image and the modules out of the packages.
fn unpack(packages: &Path, kernel: &Path) -> Result<()> {
    let tree = fresh(&kernel.with_file_name("tree"))?;
    for package in files(packages)? {
        process::run(Command::new("dpkg-deb").arg("-x").arg(package).arg(&tree))?;
    }
    let modules = fresh(kernel)?.join("modules");
    fs::create_dir(&modules).with_context(|| format!("cannot create {}", modules.display()))?;
    let mut has_image = false;
    for path in files(&tree)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let to = if name.starts_with("vmlinuz") {
            has_image = true;
            kernel.join("vmlinuz")
        } else if is_wanted(&name) {
            modules.join(name.as_ref())
        } else {
            continue;
        };
        fs::rename(&path, &to).with_context(|| format!("cannot keep {}", path.display()))?;
    }
    fs::remove_dir_all(&tree).with_context(|| format!("cannot remove {}", tree.display()))?;
    ensure!(has_image, "no kernel image in {}", packages.display());
    Ok(())
}

/// `virtio.ko` and `virtio.ko.xz` are `virtio`.
fn is_wanted(file: &str) -> bool {
    let name = file.strip_suffix(".xz").unwrap_or(file);
    name.strip_suffix(".ko")
        .is_some_and(|name| MODULES.contains(&name))
}

/// An empty folder, whatever was there.
pub(super) fn fresh(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder.to_owned())
}

/// All files below a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        // Links lead out of the tree.
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else if entry.file_type()?.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::is_wanted;

    #[test]
    fn modules_are_known_by_their_names() {
        let table = [
            ("virtio.ko", true),
            ("virtio_net.ko.xz", true),
            ("virtio_blk.ko.xz", false),
            ("virtio", false),
        ];
        for (file, wanted) in table {
            assert_eq!(is_wanted(file), wanted, "{file}");
        }
    }
}
