//! How this process can get root: it is, sudo lets it, or not at all.

use std::ffi::OsStr;
use std::process::Command;

use nix::unistd::Uid;

use crate::process;

/// The way to root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// We are root.
    Already,
    /// `sudo -n` works: no password is asked, so nothing can hang.
    Sudo,
    /// Neither; a person could still type a password.
    None,
}

impl Root {
    /// Finds out, by trying `sudo -n true` where needed.
    pub(crate) fn detect() -> Self {
        if Uid::effective().is_root() {
            Self::Already
        } else if process::succeeds(Command::new("sudo").args(["-n", "true"])) {
            Self::Sudo
        } else {
            Self::None
        }
    }

    /// A command that runs as root, or `None` where that can't be had without asking.
    pub(crate) fn command(self, program: impl AsRef<OsStr>) -> Option<Command> {
        match self {
            Self::Already => Some(Command::new(program)),
            Self::Sudo => {
                let mut command = Command::new("sudo");
                command.arg("-n").arg(program);
                Some(command)
            }
            Self::None => None,
        }
    }
}
