//! Asking for another scope: what the server and the collector say to each other.

use crate::failure::Failure;
use runqlat_common::wire::{ScopeChange, SetScope};
use tokio::sync::{mpsc, oneshot};

/// Requests that wait for their turn; more are refused.
const QUEUE: usize = 16;

/// Why a change was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    pub reason: String,
    pub hint: String,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// What was asked for can't be measured on this host now.
    Target,
    /// Somebody else's change came first.
    Conflict,
    /// Too many requests wait, or the collector has ended.
    Unavailable,
    /// The kernel or the permissions.
    Other,
}

/// A request and who waits for its answer.
pub struct Change {
    pub request: SetScope,
    /// The name of who asks; empty if not given.
    pub by: String,
    pub answer: oneshot::Sender<Result<ScopeChange, Refusal>>,
}

/// Asks the collector for changes; they are made one after the other, in the order of asking.
#[derive(Clone)]
pub struct Control(mpsc::Sender<Change>);

/// Somebody who may ask, and what they ask.
pub fn channel() -> (Control, mpsc::Receiver<Change>) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (Control(sender), receiver)
}

impl Control {
    /// Measures something else from now on, or says why not.
    pub async fn set_scope(&self, request: SetScope, by: String) -> Result<ScopeChange, Refusal> {
        let unavailable = |reason: &str| Refusal {
            kind: RefusalKind::Unavailable,
            reason: reason.into(),
            hint: "ask again in a moment".into(),
        };
        let (answer, answered) = oneshot::channel();
        self.0
            .try_send(Change {
                request,
                by,
                answer,
            })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => unavailable("too many changes at once"),
                mpsc::error::TrySendError::Closed(_) => unavailable("measuring has ended"),
            })?;
        let ended = |_| unavailable("measuring has ended");
        answered.await.map_err(ended)?
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self {
            kind: match failure {
                Failure::Target(_) => RefusalKind::Target,
                _ => RefusalKind::Other,
            },
            hint: failure.hint(),
            reason: failure.to_string(),
        }
    }
}
