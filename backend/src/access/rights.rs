//! The rights of somebody who was let in, for as long as what let them in counts.

use super::session::Id;
use super::{Held, Right, Valid};
use std::sync::Arc;
use tokio::sync::watch;

/// What somebody who was admitted may do besides looking.
#[derive(Clone)]
pub struct Rights {
    pub may_control: bool,
    proof: Proof,
    valid: Arc<Valid>,
    changed: watch::Receiver<()>,
}

/// Why somebody has no rights any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The token is another now.
    Changed,
    /// The session was signed out of.
    SignedOut,
}

/// What rights rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The user at the other end, whom no token concerns.
    User,
    Shown {
        right: Right,
        /// How often the token had been changed.
        since: u32,
        /// Unless the token itself was shown.
        session: Option<Id>,
    },
}

impl Proof {
    pub(super) fn token(right: Right, since: u32) -> Self {
        Self::Shown {
            right,
            since,
            session: None,
        }
    }

    pub(super) fn of_session(right: Right, since: u32, id: Id) -> Self {
        Self::Shown {
            right,
            since,
            session: Some(id),
        }
    }

    pub(super) fn controls(&self) -> bool {
        !matches!(
            self,
            Self::Shown {
                right: Right::View,
                ..
            }
        )
    }

    pub(super) fn session(&self) -> Option<Id> {
        match self {
            Self::Shown { session, .. } => *session,
            Self::User => None,
        }
    }

    fn ended(&self, held: &Held) -> Option<Ended> {
        match self {
            Self::User => None,
            Self::Shown { right, since, .. } if held.changes(*right) != *since => {
                Some(Ended::Changed)
            }
            Self::Shown { session, .. } => {
                let is_out = session.is_some_and(|id| held.signed_out.has(&id));
                is_out.then_some(Ended::SignedOut)
            }
        }
    }
}

impl Rights {
    pub(super) fn new(may_control: bool, proof: Proof, valid: &Arc<Valid>) -> Self {
        Self {
            may_control,
            proof,
            valid: valid.clone(),
            changed: valid.changed.subscribe(),
        }
    }

    /// Whether they come from a session.
    pub fn are_a_sessions(&self) -> bool {
        self.proof.session().is_some()
    }

    /// Returns when they are taken away, and why.
    pub async fn ended(&mut self) -> Ended {
        loop {
            let ended = self.proof.ended(&self.valid.held());
            if let Some(why) = ended {
                return why;
            }
            if self.changed.changed().await.is_err() {
                // The server has ended, which is told otherwise.
                std::future::pending().await
            }
        }
    }
}
