//! What is done on this server that somebody may have to account for, a line each on stderr and so in the journal:
//! who came in and who was turned away, another scope, new tokens, a note that was deleted, another presenter. No line
//! has a token.

use std::fmt::{self, Display, Formatter};

/// Events with this target are written whatever level the others need.
pub const TARGET: &str = "audit";

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing: neither a token nor the user is known.
    Stranger,
    View,
    Control,
}

impl Role {
    /// Of somebody who was let in.
    pub fn of(may_control: bool) -> Self {
        if may_control {
            Self::Control
        } else {
            Self::View
        }
    }
}

impl Display for Role {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stranger => "stranger",
            Self::View => "view",
            Self::Control => "control",
        })
    }
}

/// Who did something.
pub struct Who<'a> {
    /// The other end of the connection, as an address, or `unix`.
    pub peer: &'a dyn Display,
    /// The user who owns it, where that is known.
    pub uid: Option<u32>,
    pub role: Role,
}

impl Who<'_> {
    /// `what` is a word or two, such as `sign-in`; `detail` what it was done to; `result` `done`, or why not. All as it
    /// may be shown: texts of viewers pass `runqlat_common::name::text`.
    pub fn did(&self, what: &str, detail: &str, result: &str) {
        let uid = self.uid.map(tracing::field::display);
        tracing::info!(
            target: TARGET,
            peer = %self.peer,
            uid,
            role = %self.role,
            what,
            detail,
            result,
        );
    }
}
