//! A guest with systemd: Debian's packages, unpacked and not installed, the unit, and the binary where the unit wants
//! it. Nothing of it ever runs on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::archive;
use super::cache::fresh;
use super::cpio::Archive;
use crate::process;

/// The last is only recommended, and every installed Debian has it: without, the unit's filters of system calls are none.
const PACKAGES: [&str; 3] = ["systemd", "systemd-sysv", "libseccomp2"];

/// What no guest reads.
const LEFT_OUT: [&str; 5] = [
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/bash-completion",
    "usr/lib/x86_64-linux-gnu/gconv",
];

/// The proofs' own unit, and the target that is nothing but them: no console, no time, no network to wait for.
const PROVE: &str = "[Unit]\nAfter=basic.target\n[Service]\nType=oneshot\nTimeoutStartSec=infinity\n\
    Environment=PATH=/busy:/usr/bin:/usr/sbin\nExecStart=/busy/sh /unit.sh\n";
const TARGET: &str =
    "[Unit]\nRequires=basic.target prove.service\nAfter=basic.target\nAllowIsolate=yes\n";

/// What installing the packages would have made.
const ETC: [(&str, &str); 6] = [
    (
        "passwd",
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    ),
    (
        "group",
        "root:x:0:\nadm:x:4:\ntty:x:5:\nutmp:x:43:\nsystemd-journal:x:999:\nnogroup:x:65534:\n",
    ),
    ("machine-id", "0123456789abcdef0123456789abcdef\n"),
    ("hostname", "guest\n"),
    ("os-release", "ID=debian\nNAME=guest\n"),
    ("nsswitch.conf", "passwd: files\ngroup: files\n"),
];

/// The packages' files, below `folder`; downloads them if they aren't there.
pub(super) fn unpacked(archive: &archive::Archive, folder: &Path) -> Result<PathBuf> {
    let tree = folder.join("tree");
    if tree.is_dir() {
        println!(
            "kernels: kept     systemd, of an earlier run (remove {} to get the newest)",
            folder.display()
        );
        return Ok(tree);
    }
    let packages = fresh(&folder.join("packages"))?;
    archive.download_with_all_it_needs(&PACKAGES, &packages)?;
    // Under its name only when it is whole.
    let partial = fresh(&folder.join("tree.partial"))?;
    for entry in list(&packages)? {
        if entry.extension().is_some_and(|ending| ending == "deb") {
            process::run(Command::new("dpkg-deb").arg("-x").arg(entry).arg(&partial))?;
        }
    }
    fs::rename(&partial, &tree).context("cannot keep what was unpacked")?;
    Ok(tree)
}

/// The archive that the guest boots into.
pub(super) fn initramfs(tree: &Path, unit: &Path, binary: &Path) -> Result<Vec<u8>> {
    let busybox = process::find("busybox").context("there is no busybox")?;
    let mut archive = Archive::default();
    for folder in ["dev", "proc", "sys", "run", "tmp", "root", "var/log"] {
        archive.folder(folder);
    }
    copy(&mut archive, tree, "")?;
    for folder in ["bin", "sbin", "lib", "lib64"] {
        if !tree.join(folder).exists() {
            archive.link(folder, &format!("usr/{folder}"));
        }
    }
    archive.link("init", "usr/lib/systemd/systemd");
    for (name, text) in ETC {
        archive.text(&format!("etc/{name}"), text.as_bytes());
    }
    archive.file("busy/busybox", &read(&busybox)?);
    for applet in process::stdout(Command::new(&busybox).arg("--list"))?.lines() {
        if applet != "busybox" {
            archive.link(&format!("busy/{applet}"), "busybox");
        }
    }
    archive.link("usr/bin/sh", "/busy/busybox");
    archive.link("usr/bin/kill", "/busy/busybox");
    archive.file("usr/local/bin/runqlat-web", &read(binary)?);
    let units = "etc/systemd/system";
    archive.text(&format!("{units}/runqlat-web.service"), &read(unit)?);
    archive.text(&format!("{units}/prove.service"), PROVE.as_bytes());
    archive.text(&format!("{units}/prove.target"), TARGET.as_bytes());
    archive.text("tools.sh", include_bytes!("guest/tools.sh"));
    archive.text("unit.sh", include_bytes!("guest/unit.sh"));
    Ok(archive.finish())
}

/// A folder's content, with its links as they are.
fn copy(archive: &mut Archive, folder: &Path, inside: &str) -> Result<()> {
    for path in list(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let inside = format!("{inside}{name}");
        if LEFT_OUT.contains(&inside.as_str()) {
            continue;
        }
        let about = path
            .symlink_metadata()
            .with_context(|| format!("cannot read {}", path.display()))?;
        if about.is_symlink() {
            archive.link(&inside, &fs::read_link(&path)?.to_string_lossy());
        } else if about.is_dir() {
            archive.folder(&inside);
            copy(archive, &path, &format!("{inside}/"))?;
        } else if about.permissions().mode() & 0o111 != 0 {
            archive.file(&inside, &read(&path)?);
        } else {
            archive.text(&inside, &read(&path)?);
        }
    }
    Ok(())
}

/// What is in a folder, in order.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
