//! Sign-ins that fail: so many a second are answered and written to the journal. Who shows a token that counts is let in
//! all the same: it can't be guessed at any rate, and else a stranger could keep everybody out.

use super::reply::Refusal;
use crate::allowance::Allowance;
use axum::http::StatusCode;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// At once, as by a team whose link is an old one; and again with every second.
const AT_ONCE: u32 = 20;
const A_SECOND: f64 = 2.0;

/// Of all who try.
pub(super) struct Attempts(Mutex<Counted>);

struct Counted {
    allowance: Allowance,
    unwritten: u64,
}

impl Attempts {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Counted {
            allowance: Allowance::new(AT_ONCE, A_SECOND),
            unwritten: 0,
        }))
    }

    /// One that failed for this reason. What the peer is told; and a line for the journal, unless there are too many.
    pub(super) fn failed(&self, refusal: Refusal) -> (Refusal, Option<String>) {
        // Numbers are changed or not: a panic leaves nothing half-changed.
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !counted.allowance.take(Instant::now()) {
            counted.unwritten += 1;
            return (Refusal::too_many_attempts(), None);
        }
        let line = match std::mem::take(&mut counted.unwritten) {
            0 => refusal.clone().told().0,
            unwritten => format!("{}; {unwritten} more before", refusal.clone().told().0),
        };
        (refusal, Some(line))
    }
}

impl Refusal {
    fn too_many_attempts() -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            error: "too many sign-ins fail on this server, and this one failed, too".into(),
            hint: "check the link or the token, and try again in a few seconds".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, Attempts};
    use crate::server::reply::Refusal;

    #[test]
    fn the_journal_gets_so_many_lines_and_the_number_of_the_others() {
        let attempts = Attempts::new();
        let fail = || attempts.failed(Refusal::no_token());
        let written = (0..100).filter(|_| fail().1.is_some()).count();
        // A slow machine may be given some back meanwhile.
        assert!((AT_ONCE as usize..60).contains(&written), "{written}");
        let (refusal, line) = loop {
            let (refusal, line) = fail();
            if line.is_none() {
                break (refusal, line);
            }
        };
        assert_eq!((refusal.status.as_u16(), line), (429, None));
        attempts.0.lock().unwrap().allowance = crate::allowance::Allowance::new(1, 1.0);
        let (refusal, line) = attempts.failed(Refusal::no_token());
        assert_eq!(refusal.status.as_u16(), 401);
        assert!(line.unwrap().ends_with(" more before"));
    }
}
