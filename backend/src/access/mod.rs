//! Who may look and who may control: two rights, each told by a token, by a session that was made of one, or by the user
//! at the other end. Must not know HTTP.

mod files;
mod rights;
mod session;
mod token;

pub use files::{Keys, Options, TokenFiles, Unusable, prepare};
pub use rights::{Ended, Rights};
pub use token::Token;

use rights::Proof;
use session::Shown;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What somebody may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    View,
    Control,
}

/// The tokens that are asked for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    pub view: Token,
    pub control: Token,
}

impl Tokens {
    /// New ones, which nobody can guess.
    pub fn random() -> io::Result<Self> {
        Ok(Self {
            view: Token::random()?,
            control: Token::random()?,
        })
    }

    /// A session with the right to control.
    pub fn control_session(&self) -> io::Result<String> {
        session::make(Right::Control, &self.control)
    }

    fn of(&self, right: Right) -> &Token {
        match right {
            Right::View => &self.view,
            Right::Control => &self.control,
        }
    }

    /// What this token gives. Both are always compared: how long it takes tells nothing.
    fn right(&self, shown: &str) -> Option<Right> {
        let (control, view) = (self.control.is(shown), self.view.is(shown));
        match (control, view) {
            (true, _) => Some(Right::Control),
            (false, true) => Some(Right::View),
            (false, false) => None,
        }
    }
}

/// Decides who may what. Clones decide as one.
#[derive(Clone, Debug)]
pub struct Access {
    read_only: bool,
    /// Some need no token: those whom the kernel knows at the other end of their connection.
    knows_users: bool,
    valid: Arc<Valid>,
}

/// What counts now.
#[derive(Debug)]
struct Valid {
    held: Mutex<Held>,
    /// Changes with what is held.
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct Held {
    tokens: Tokens,
    /// How often the token to view and the token to control were changed.
    view_changes: u32,
    control_changes: u32,
    signed_out: session::Ended,
}

impl Access {
    /// With `knows_users`, the user at the other end of a connection counts as well as a token.
    pub fn new(read_only: bool, knows_users: bool, tokens: Tokens) -> Self {
        let held = Held {
            tokens,
            view_changes: 0,
            control_changes: 0,
            signed_out: session::Ended::default(),
        };
        let valid = Valid {
            held: Mutex::new(held),
            changed: watch::Sender::new(()),
        };
        Self {
            read_only,
            knows_users,
            valid: Arc::new(valid),
        }
    }

    /// Whether the user at the other end of a connection counts.
    pub fn knows_users(&self) -> bool {
        self.knows_users
    }

    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// The rights of who shows these tokens and sessions: the greatest that one of them gives, if any does.
    pub fn admit<'a>(&self, shown: impl IntoIterator<Item = &'a str>) -> Option<Rights> {
        let held = self.valid.held();
        let proofs = shown.into_iter().filter_map(|shown| held.proof(shown));
        let best = proofs.max_by_key(Proof::controls)?;
        Some(self.rights(best))
    }

    /// The rights that a token gives, and a new session with them.
    pub fn sign_in(&self, token: &str) -> io::Result<Option<(Rights, String)>> {
        let held = self.valid.held();
        let Some(right) = held.tokens.right(token) else {
            return Ok(None);
        };
        let session = session::make(right, held.tokens.of(right))?;
        let proof = Proof::token(right, held.changes(right));
        Ok(Some((self.rights(proof), session)))
    }

    /// Ends a session, and takes its rights away; false for what is none, or not any more.
    pub fn sign_out(&self, session: &str) -> bool {
        let mut held = self.valid.held();
        let Some(id) = held.proof(session).and_then(|proof| proof.session()) else {
            return false;
        };
        held.signed_out.add(id);
        drop(held);
        self.valid.changed.send_replace(());
        true
    }

    /// The rights of a user who needs no token.
    pub fn of_user(&self) -> Rights {
        self.rights(Proof::User)
    }

    fn rights(&self, proof: Proof) -> Rights {
        Rights::new(proof.controls() && !self.read_only, proof, &self.valid)
    }

    /// Asks for these tokens from now on. Whoever was admitted by one that is another now is not any more; says whether
    /// there is such a one.
    pub fn replace(&self, new: Tokens) -> bool {
        let mut held = self.valid.held();
        let others =
            [Right::View, Right::Control].map(|right| held.tokens.of(right) != new.of(right));
        let [view, control] = others;
        held.view_changes += u32::from(view);
        held.control_changes += u32::from(control);
        held.tokens = new;
        drop(held);
        self.valid.changed.send_replace(());
        view || control
    }
}

impl Valid {
    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing in there panics, and each value is whole by itself.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// What a token or a session proves; nothing, where it is none, or was signed out of.
    fn proof(&self, shown: &str) -> Option<Proof> {
        if let Some(right) = self.tokens.right(shown) {
            return Some(Proof::token(right, self.changes(right)));
        }
        let session = Shown::read(shown)?;
        let counts =
            session.is_of(self.tokens.of(session.right)) && !self.signed_out.has(&session.id);
        let since = self.changes(session.right);
        counts.then(|| Proof::of_session(session.right, since, session.id))
    }

    fn changes(&self, right: Right) -> u32 {
        match right {
            Right::View => self.view_changes,
            Right::Control => self.control_changes,
        }
    }
}

#[cfg(test)]
mod tests;
