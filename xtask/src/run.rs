//! `cargo xtask run`: build, then become the server, as root since it loads programs into the kernel.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::privilege::Root;
use crate::project::Project;
use crate::{build, process, setup};

/// Builds and starts the server; returns only if that fails.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<()> {
    let toolchain = setup::for_build(project)?;
    let binary = build::all(project, &toolchain)?;
    let mut command = if needs_root(arguments) && Root::detect() != Root::Already {
        if process::find("sudo").is_none() {
            bail!(
                "measuring this machine needs root, and there is no sudo\n\
                 hint: run this as root, or see it with made-up data: cargo xtask run -- --demo"
            );
        }
        println!("run: through sudo, since loading programs into the kernel needs root");
        // It may ask for a password here: somebody is watching.
        let mut sudo = Command::new("sudo");
        sudo.arg(&binary);
        sudo
    } else {
        Command::new(&binary)
    };
    command.args(arguments);
    println!("run: {}", process::line(&command));
    // Exec, so that Ctrl-C and signals reach the server and nobody else.
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start `{}`", process::line(&command)))
}

/// Made-up data and help come without the kernel.
fn needs_root(arguments: &[String]) -> bool {
    const WITHOUT: [&str; 5] = ["--demo", "--help", "-h", "--version", "-V"];
    !arguments
        .iter()
        .any(|argument| WITHOUT.contains(&argument.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_measuring_needs_root() {
        let list = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert!(needs_root(&[]));
        assert!(needs_root(&list("--by process --interval 500ms")));
        assert!(!needs_root(&list("--listen 127.0.0.1:9000 --demo")));
        assert!(!needs_root(&list("--help")));
    }
}
