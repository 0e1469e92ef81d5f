//! Debian's packages: what is installed, what the archive has, and installing. Changes the machine only in
//! `install`.

use std::cell::Cell;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::privilege::Root;
use crate::process;

/// A package and the reason it is wanted.
pub(super) struct Package {
    pub(super) name: &'static str,
    pub(super) why: &'static str,
}

/// apt-get with the rights this process has.
pub(super) struct Apt {
    root: Root,
    updated: Cell<bool>,
}

impl Apt {
    pub(super) fn new(root: Root) -> Self {
        Self {
            root,
            updated: Cell::new(false),
        }
    }

    /// Whether packages can be installed at all.
    pub(super) fn is_usable(&self) -> bool {
        self.root != Root::None && process::find("apt-get").is_some()
    }

    /// The version the archive would install; fetches the archive's lists if they don't know the package.
    pub(super) fn candidate(&self, name: &str) -> Result<Option<String>> {
        let known = candidate(name)?;
        if known.is_some() || self.updated.get() {
            return Ok(known);
        }
        self.update()?;
        candidate(name)
    }

    /// Installs packages, which the caller has found missing.
    pub(super) fn install(&self, names: &[&str]) -> Result<()> {
        let list = names.join(" ");
        if !self.is_usable() {
            bail!(
                "packages are missing and can't be installed from here: {list}\n\
                 hint: as root, run `apt-get install --no-install-recommends {list}`, and then this again"
            );
        }
        self.update()?;
        let mut command = self.apt_get()?;
        command
            .args(["install", "-qq", "-y", "--no-install-recommends"])
            .args(names);
        process::run(&mut command).with_context(|| {
            format!(
                "cannot install {list}\nhint: what apt-get says above; it needs the Debian archive"
            )
        })
    }

    /// Stops a service that a package has started when it was installed, and keeps it from starting again.
    pub(super) fn stop_service(&self, name: &str) {
        if let Some(mut systemctl) = self.root.command("systemctl") {
            // Fails where there is no systemd, and then nothing was started.
            process::succeeds(systemctl.args(["disable", "--quiet", "--now", name]));
        }
    }

    /// Fetches the archive's lists, once.
    fn update(&self) -> Result<()> {
        if self.updated.replace(true) {
            return Ok(());
        }
        println!("setup: update   the archive's lists: something is missing");
        process::run(self.apt_get()?.args(["update", "-qq"]))
    }

    /// Through `env`, since sudo drops the caller's variables. Debian's front end would ask questions.
    fn apt_get(&self) -> Result<Command> {
        let mut command = self.root.command("env").context("apt-get needs root")?;
        command.args([
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "-o",
            "Dpkg::Use-Pty=0",
        ]);
        Ok(command)
    }
}

/// Of these packages, those that are not installed; all of them where there is no dpkg.
pub(super) fn missing<'a>(names: &[&'a str]) -> Vec<&'a str> {
    // The status is nonzero as soon as one package is unknown; the lines for the others are printed all the same.
    let mut query = Command::new("dpkg-query");
    query
        .args(["-W", "-f=${Package} ${db:Status-Status}\\n"])
        .args(names);
    let text = process::output(&mut query)
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let installed = |name: &&str| text.lines().any(|line| line == format!("{name} installed"));
    names
        .iter()
        .copied()
        .filter(|name| !installed(name))
        .collect()
}

fn candidate(name: &str) -> Result<Option<String>> {
    let text = process::stdout(
        Command::new("apt-cache")
            .env("LC_ALL", "C")
            .args(["policy", name]),
    )?;
    Ok(parse_candidate(&text))
}

fn parse_candidate(policy: &str) -> Option<String> {
    let version = policy
        .lines()
        .find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    (version != "(none)").then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_candidate_is_read_from_the_policy() {
        let text =
            "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1\n  Version table:\n";
        assert_eq!(parse_candidate(text).as_deref(), Some("1.96.0+dfsg1-1"));
        assert_eq!(
            parse_candidate("x:\n  Installed: (none)\n  Candidate: (none)\n"),
            None
        );
        assert_eq!(parse_candidate(""), None);
    }
}
