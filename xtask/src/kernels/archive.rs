//! Debian's archive, for kernels of other releases than this machine's. Lists of its own, in a folder of its own: what
//! the machine's apt knows and installs stays as it is, and no root is needed.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::choice::{self, Choice};
use super::sources::{self, Archives};
use crate::process;

/// Where the series are: backports and unstable have the new ones,
const RELEASES: [&str; 2] = ["sid", "trixie-backports"];
/// and each release's security updates the newest of the series that it came with.
const SECURITY: [&str; 3] = ["bullseye-security", "bookworm-security", "trixie-security"];

/// Debian's keys, in every Debian.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The archive's lists and what reads them.
pub(super) struct Archive {
    folder: PathBuf,
    updated: Cell<bool>,
}

/// Whether kernels can be had on this machine at all; else the reason.
pub(crate) fn is_usable() -> Result<()> {
    for program in ["apt-get", "apt-cache", "dpkg-deb"] {
        if process::find(program).is_none() {
            bail!(
                "kernels come from Debian's archive, and there is no {program} here\n\
                 hint: run this on Debian, 12 or newer"
            );
        }
    }
    archives().map(drop)
}

impl Archive {
    /// With its lists in `folder`.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            updated: Cell::new(false),
        }
    }

    /// Downloads the packages of the newest kernel of a series into `folder`, and returns the kernel's release.
    pub(super) fn download(&self, series: &str, folder: &Path) -> Result<String> {
        self.update()?;
        let names = process::stdout(self.apt("apt-cache").args(["pkgnames", "linux-"]))?;
        let Choice { release, packages } = choice::newest(series, &names).with_context(|| {
            format!(
                "the archive has no kernel {series}\n\
                 hint: Debian may have dropped that series; the suites are in {}",
                self.list().display()
            )
        })?;
        println!("kernels: download {release}, the newest of {series}");
        let mut command = self.apt("apt-get");
        command
            .args(["-qq", "download"])
            .args(&packages)
            .current_dir(folder);
        process::run(&mut command).context("hint: what apt-get says above")?;
        Ok(release)
    }

    /// Downloads packages of the newest release and all that they need, as for an empty machine, into `folder`.
    pub(super) fn download_with_all_it_needs(
        &self,
        packages: &[&str],
        folder: &Path,
    ) -> Result<()> {
        self.update()?;
        println!(
            "kernels: download {} and what that needs",
            packages.join(", ")
        );
        let partial = folder.join("partial");
        fs::create_dir_all(&partial)
            .with_context(|| format!("cannot create {}", partial.display()))?;
        let mut command = self.apt("apt-get");
        command
            .arg("-o")
            .arg(format!("Dir::Cache::Archives={}", folder.display()))
            // Nothing is installed, so there is nothing to lock.
            .args(["-o", "Debug::NoLocking=1", "-qq", "-y"])
            .args(["--no-install-recommends", "--download-only", "install"])
            .args(packages);
        process::run(&mut command).context("hint: what apt-get says above")
    }

    /// Fetches the lists, once; they take seconds, and old ones name packages that are gone.
    fn update(&self) -> Result<()> {
        if self.updated.replace(true) {
            return Ok(());
        }
        for folder in ["lists/partial", "cache/archives/partial"] {
            let folder = self.folder.join(folder);
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        write(&self.list(), &list(&archives()?))?;
        // No package is installed, as far as these lists are concerned.
        write(&self.folder.join("status"), "")?;
        println!("kernels: update   lists of the suites that have kernels");
        if let Err(error) = process::run(self.apt("apt-get").args(["-qq", "update"])) {
            // One suite may have been moved away while the others are as good as ever: what it had is missed below.
            println!("kernels: not all lists could be had: {error}");
        }
        Ok(())
    }

    fn list(&self) -> PathBuf {
        self.folder.join("sources.list")
    }

    /// A program of apt that sees nothing but our lists. Options and not a file: those would be overruled by the
    /// machine's own configuration.
    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let own = |path: &str| self.folder.join(path).display().to_string();
        for (option, value) in [
            ("Dir::Etc::SourceList", own("sources.list")),
            ("Dir::Etc::SourceParts", "/dev/null".into()),
            ("Dir::Etc::Preferences", "/dev/null".into()),
            ("Dir::Etc::PreferencesParts", "/dev/null".into()),
            ("Dir::State::Lists", own("lists")),
            ("Dir::State::Status", own("status")),
            ("Dir::Cache", own("cache")),
            // Root's apt would download as a user who may not write here.
            ("APT::Sandbox::User", "root".into()),
            ("APT::Architecture", "amd64".into()),
            ("Acquire::Languages", "none".into()),
            ("Acquire::Retries", "3".into()),
            // Metadata for software centres, as large as the lists, where one is installed.
            (
                "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled",
                "false".into(),
            ),
        ] {
            command.arg("-o").arg(format!("{option}={value}"));
        }
        command
    }
}

/// The lines for apt.
fn list(archives: &Archives) -> String {
    let main = RELEASES.map(|suite| (&archives.main, suite));
    let security = SECURITY.map(|suite| (&archives.security, suite));
    main.into_iter()
        .chain(security)
        .map(|(address, suite)| {
            format!("deb [arch=amd64 signed-by={KEYS}] {address} {suite} main\n")
        })
        .collect()
}

/// The archives this machine uses, so that a mirror or a proxy that it has is used here, too.
fn archives() -> Result<Archives> {
    let mut paths = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        paths.extend(entries.flatten().map(|entry| entry.path()));
    }
    // Debian's own file first, wherever others have written the same names.
    paths.sort_by_key(|path| (!path.ends_with("debian.sources"), path.clone()));
    let files: Vec<(String, String)> = paths
        .iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|ending| ending == "list" || ending == "sources")
        })
        .filter_map(|path| Some((path.display().to_string(), fs::read_to_string(path).ok()?)))
        .collect();
    sources::archives(&files).context(
        "apt's sources name no Debian archive together with its security updates\n\
         hint: add both to /etc/apt/sources.list.d/debian.sources, as a fresh Debian has them",
    )
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_is_asked_of_its_archive() {
        let archives = Archives {
            main: "http://a/debian".into(),
            security: "http://a/security".into(),
        };
        let text = list(&archives);
        assert_eq!(text.lines().count(), RELEASES.len() + SECURITY.len());
        assert!(text.contains(" http://a/debian sid main\n"), "{text}");
        assert!(
            text.contains(" http://a/security trixie-security main\n"),
            "{text}"
        );
    }
}
