//! Who may look and who may control: two rights, each told by a token. Must not know HTTP.

mod files;
mod token;

#[cfg(test)]
pub use files::TokenFiles;
pub use files::{Keys, Options, Unusable, prepare};
pub use token::Token;

use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The tokens that are asked for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    pub view: Token,
    pub control: Token,
}

impl Tokens {
    /// New ones, which nobody can guess.
    pub fn random() -> std::io::Result<Self> {
        Ok(Self {
            view: Token::random()?,
            control: Token::random()?,
        })
    }
}

/// Decides who may what.
#[derive(Debug)]
pub struct Access {
    read_only: bool,
    /// Some need no token: those whom the kernel knows at the other end of their connection.
    knows_users: bool,
    tokens: Mutex<Tokens>,
    /// Changes with the tokens.
    turned: watch::Sender<()>,
}

/// What somebody who was admitted may do besides looking.
#[derive(Clone)]
pub struct Rights {
    pub may_control: bool,
    turned: watch::Receiver<()>,
}

impl Rights {
    /// Returns when they are taken away.
    pub async fn revoked(&mut self) {
        if self.turned.changed().await.is_err() {
            // The server has ended, which is told otherwise.
            std::future::pending().await
        }
    }
}

impl Access {
    /// With `knows_users`, the user at the other end of a connection counts as well as a token.
    pub fn new(read_only: bool, knows_users: bool, tokens: Tokens) -> Self {
        Self {
            read_only,
            knows_users,
            tokens: Mutex::new(tokens),
            turned: watch::Sender::new(()),
        }
    }

    /// Whether the user at the other end of a connection counts.
    pub fn knows_users(&self) -> bool {
        self.knows_users
    }

    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// The rights of who shows these tokens: the greatest that one of them gives, if any does.
    pub fn admit<'a>(&self, shown: impl IntoIterator<Item = &'a str>) -> Option<Rights> {
        // Held until the rights are made, so that a change of the tokens takes them away again.
        let tokens = lock(&self.tokens);
        let mut controls = None;
        for shown in shown {
            // Both are always compared: how long it takes tells nothing.
            let (control, view) = (tokens.control.is(shown), tokens.view.is(shown));
            if control || view {
                controls = Some(control || controls == Some(true));
            }
        }
        controls.map(|controls| self.rights(controls))
    }

    /// The rights of a user who needs no token.
    pub fn of_user(&self) -> Rights {
        self.rights(true)
    }

    fn rights(&self, controls: bool) -> Rights {
        Rights {
            may_control: controls && !self.read_only,
            turned: self.turned.subscribe(),
        }
    }

    /// Asks for these tokens from now on; whoever was admitted before is not any more.
    pub fn turn(&self, new: Tokens) {
        *lock(&self.tokens) = new;
        self.turned.send_replace(());
    }
}

fn lock(tokens: &Mutex<Tokens>) -> MutexGuard<'_, Tokens> {
    // Tokens are replaced as a whole, so a panic leaves nothing half-changed.
    tokens.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Access, Tokens};
    use std::time::Duration;
    use tokio::time::timeout;

    fn guarded(read_only: bool) -> (Access, Tokens) {
        let tokens = Tokens::random().unwrap();
        (Access::new(read_only, false, tokens.clone()), tokens)
    }

    fn controls(access: &Access, shown: &[&str]) -> Option<bool> {
        let rights = access.admit(shown.iter().copied());
        rights.map(|rights| rights.may_control)
    }

    #[test]
    fn each_token_gives_its_right_and_others_none() {
        let (access, tokens) = guarded(false);
        let (view, control) = (tokens.view.text(), tokens.control.text());
        let table = [
            (&[][..], None),
            (&[""], None),
            (&["0123456789abcdef0123456789abcdef"], None),
            (&[&view[1..]], None),
            (&[view], Some(false)),
            (&[control], Some(true)),
            (&[view, control, "x"], Some(true)),
            (&[control, view], Some(true)),
            (&["x", view], Some(false)),
        ];
        for (shown, expected) in table {
            assert_eq!(controls(&access, shown), expected, "{shown:?}");
        }
    }

    #[test]
    fn read_only_takes_control_from_all() {
        assert!(guarded(false).0.of_user().may_control);
        assert!(!guarded(true).0.of_user().may_control);
        let (access, tokens) = guarded(true);
        assert_eq!(controls(&access, &[tokens.control.text()]), Some(false));
        assert_eq!(controls(&access, &[]), None);
    }

    #[tokio::test]
    async fn a_turn_takes_rights_away_and_old_tokens_with_them() {
        let (access, old) = guarded(false);
        let mut before = access.admit([old.view.text()]).unwrap();
        let new = Tokens::random().unwrap();
        access.turn(new.clone());
        before.revoked().await;
        for token in [&old.view, &old.control] {
            assert_eq!(controls(&access, &[token.text()]), None);
        }
        let mut after = access.admit([new.control.text()]).unwrap();
        assert!(after.may_control);
        let still = timeout(Duration::from_millis(20), after.revoked()).await;
        assert!(still.is_err(), "revoked without a turn");
    }
}
