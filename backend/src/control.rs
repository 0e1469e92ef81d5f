//! Asking for another scope: what the server and the collector say to each other.

use crate::allowance::Allowance;
use crate::failure::Failure;
use runqlat_common::wire::{ScopeChange, SetScope};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

/// Requests that wait for their turn; more are refused.
const QUEUE: usize = 16;

/// Changes at once, and a second: each begins the past of the series anew, and attaching costs the kernel 50 ms.
const CHANGES: u32 = 5;
const CHANGES_PER_S: f64 = 1.0;

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
    /// It was changed too often lately.
    Fast,
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
pub struct Control {
    changes: mpsc::Sender<Change>,
    allowance: Arc<Mutex<Allowance>>,
}

/// Somebody who may ask, and what they ask.
pub fn channel() -> (Control, mpsc::Receiver<Change>) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let control = Control {
        changes: sender,
        allowance: Arc::new(Mutex::new(Allowance::new(CHANGES, CHANGES_PER_S))),
    };
    (control, receiver)
}

impl Control {
    /// Measures something else from now on, or says why not.
    pub async fn set_scope(&self, request: SetScope, by: String) -> Result<ScopeChange, Refusal> {
        let unavailable = |reason: &str| Refusal {
            kind: RefusalKind::Unavailable,
            reason: reason.into(),
            hint: "ask again in a moment".into(),
        };
        if !self.may_change() {
            return Err(Refusal {
                kind: RefusalKind::Fast,
                reason: format!(
                    "what is measured was changed {CHANGES} times within seconds; it can be changed once a second"
                ),
                hint: "wait a few seconds, and ask again".into(),
            });
        }
        let (answer, answered) = oneshot::channel();
        self.changes
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

    fn may_change(&self) -> bool {
        let allowance = self.allowance.lock();
        let mut allowance = allowance.unwrap_or_else(PoisonError::into_inner);
        allowance.take(Instant::now())
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
