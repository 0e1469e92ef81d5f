//! Which Rust to take: Debian's packages or rustup's toolchains. A pure function of facts.

use std::fmt;

/// Where the compilers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum World {
    Debian,
    Rustup,
}

impl World {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Debian => "Debian's packages",
            Self::Rustup => "rustup",
        }
    }
}

/// What was found out about this machine. Facts that the ones before make irrelevant stay false.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    /// The person's own choice.
    pub(super) forced: Option<World>,
    /// All that building needs is installed.
    pub(super) debian_complete: bool,
    /// Both toolchains are installed, with WASM's target and the library's source.
    pub(super) rustup_complete: bool,
    /// apt-get, the right to call it, and an archive that has the packages, new enough.
    pub(super) debian_installable: bool,
    /// There is a rustup to ask for what is missing.
    pub(super) rustup_present: bool,
}

/// A world, and the reason to print.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) world: World,
    pub(super) because: &'static str,
}

/// Neither world can be had.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoWorld;

/// What is complete comes first, for then nothing changes on the machine; Debian's goes first since it needs
/// one compiler where rustup needs two.
pub(super) fn choose(facts: &Facts) -> Result<Choice, NoWorld> {
    let table = [
        (
            facts.forced == Some(World::Debian),
            World::Debian,
            "you asked for it",
        ),
        (
            facts.forced == Some(World::Rustup),
            World::Rustup,
            "you asked for it",
        ),
        (
            facts.debian_complete,
            World::Debian,
            "they are all installed",
        ),
        (
            facts.rustup_complete,
            World::Rustup,
            "its toolchains are all installed",
        ),
        (
            facts.debian_installable,
            World::Debian,
            "this machine's archive has them",
        ),
        (
            facts.rustup_present,
            World::Rustup,
            "it is installed, and Debian's packages can't be had",
        ),
    ];
    let (_, world, because) = table.into_iter().find(|row| row.0).ok_or(NoWorld)?;
    Ok(Choice { world, because })
}

impl std::error::Error for NoWorld {}

impl fmt::Display for NoWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no Rust for WASM and BPF here, and no way to install one: there is no rustup, and Debian's packages \
             need apt-get, root or sudo without a password, and an archive that has rustc-web {} or newer\n\
             hint: either install rustup (https://rustup.rs) and run this again, or as root:\n  \
             apt-get install {}",
            super::version::MINIMUM,
            super::debian::names(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(facts: Facts) -> Option<World> {
        choose(&facts).ok().map(|choice| choice.world)
    }

    #[test]
    fn a_persons_choice_beats_all() {
        let everything = Facts {
            debian_complete: true,
            rustup_complete: true,
            ..Facts::default()
        };
        for forced in [World::Debian, World::Rustup] {
            let facts = Facts {
                forced: Some(forced),
                ..everything
            };
            assert_eq!(world(facts), Some(forced));
        }
    }

    #[test]
    fn what_is_complete_is_taken_and_debian_first() {
        let both = Facts {
            debian_complete: true,
            rustup_complete: true,
            ..Facts::default()
        };
        assert_eq!(world(both), Some(World::Debian));
        let rustup = Facts {
            rustup_complete: true,
            debian_installable: true,
            ..Facts::default()
        };
        assert_eq!(world(rustup), Some(World::Rustup));
    }

    #[test]
    fn what_can_be_installed_comes_next() {
        let both = Facts {
            debian_installable: true,
            rustup_present: true,
            ..Facts::default()
        };
        assert_eq!(world(both), Some(World::Debian));
        let rustup = Facts {
            rustup_present: true,
            ..Facts::default()
        };
        assert_eq!(world(rustup), Some(World::Rustup));
    }

    #[test]
    fn with_neither_the_message_says_what_to_install() {
        let message = choose(&Facts::default()).unwrap_err().to_string();
        assert!(
            message.contains("apt-get install") && message.contains("rustc-web"),
            "{message}"
        );
        assert!(message.contains("rustup"), "{message}");
    }
}
