//! What questions may cost: so much of a CPU for all who ask from one address. What an answer took is charged
//! afterwards, and who is in debt waits. Knows no question.

use super::crowd::Party;
use super::ledger::Ledger;
use super::reply::Refusal;
use super::turns::{Turn, Turns};
use crate::procfs;
use axum::http::StatusCode;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Milliseconds of CPU a second, and at once, on the thread that works on an answer. With reading the question, encoding
/// the answer and sending it, it is less than 200.
const RATE: f64 = 100.0;
const BURST: u32 = 1_000;

/// How long a script waits until it is out of debt; one that would have to wait longer is told to come back.
const PATIENCE: Duration = Duration::from_secs(2);

/// Questions over HTTP that wait, from one address.
const WAITING: u32 = 8;

/// Who asks, and pays.
#[derive(Clone, Copy)]
pub(super) struct Asker {
    party: Party,
    /// Viewers wait, each with few questions; of scripts there may be any number.
    script: bool,
}

impl Asker {
    /// A viewer of the WebSocket.
    pub(super) fn viewer(party: Party) -> Self {
        let script = false;
        Self { party, script }
    }

    /// A request.
    pub(super) fn script(party: Party) -> Self {
        let script = true;
        Self { party, script }
    }
}

/// Whether an answer is still wanted: work that takes long looks now and then.
pub(super) type Wanted = Weak<()>;

/// The budgets of all, and the turns that they are spent in.
#[derive(Clone)]
pub(super) struct Budget {
    turns: Turns,
    spent: Ledger,
    /// Questions over HTTP that wait.
    waiting: Arc<Mutex<HashMap<Party, u32>>>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            turns: Turns::default(),
            spent: Ledger::new(BURST, RATE),
            waiting: Arc::default(),
        }
    }

    /// Does `work` off the I/O threads, when it is the asker's turn and can be paid for. Dropped, it is not begun, or ends
    /// soon.
    pub(super) async fn spend<T: Send + 'static>(
        &self,
        asker: Asker,
        work: impl FnOnce(Wanted) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let wanted = Arc::new(());
        let turn = self.turn(asker).await?;
        let (spent, seen) = (self.spent.clone(), Arc::downgrade(&wanted));
        let work = tokio::task::spawn_blocking(move || {
            let before = procfs::thread_cpu_ns();
            let done = work(seen);
            let ms = (procfs::thread_cpu_ns() - before) as f64 / 1e6;
            spent.charge(asker.party, Instant::now(), ms);
            drop(turn);
            done
        });
        let done = work.await;
        drop(wanted);
        done.map_err(|_| Refusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            error: "the question could not be answered".into(),
            hint: "ask again in a moment".into(),
        })
    }

    async fn turn(&self, Asker { party, script }: Asker) -> Result<Turn, Refusal> {
        let _waiting = match script {
            true => Some(self.wait(party)?),
            false => None,
        };
        loop {
            let debt = self.spent.debt(party, Instant::now());
            if script && debt > PATIENCE {
                return Err(too_much());
            }
            tokio::time::sleep(debt).await;
            let turn = self.turns.take(party).await;
            // Others may have spent it meanwhile.
            if self.spent.debt(party, Instant::now()).is_zero() {
                return Ok(turn);
            }
        }
    }

    /// Counts a question over HTTP among those that wait.
    fn wait(&self, party: Party) -> Result<Waiting, Refusal> {
        let mut waiting = self.waiting();
        let own = waiting.entry(party).or_default();
        if *own >= WAITING {
            return Err(too_much());
        }
        *own += 1;
        let budget = self.clone();
        Ok(Waiting { budget, party })
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Party, u32>> {
        // Numbers are changed or not: a panic leaves nothing half-changed.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_much() -> Refusal {
    Refusal {
        status: StatusCode::TOO_MANY_REQUESTS,
        error: "questions from your address take too much of the server's CPU time".into(),
        hint: "ask less often, for shorter spans of time, or one question after the other".into(),
    }
}

/// A question over HTTP that waits, until this is dropped.
struct Waiting {
    budget: Budget,
    party: Party,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Entry::Occupied(mut own) = self.budget.waiting().entry(self.party) {
            *own.get_mut() -= 1;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Asker, Budget, PATIENCE, Party, RATE, WAITING};
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    const PARTY: Party = Party::User(1);

    #[tokio::test]
    async fn a_script_is_told_to_come_back_and_a_viewer_waits() {
        let budget = Budget::new();
        let (script, viewer) = (Asker::script(PARTY), Asker::viewer(PARTY));
        assert_eq!(budget.spend(script, |_| 7).await.unwrap(), 7);
        budget
            .spent
            .charge(PARTY, Instant::now(), 1_000.0 + RATE / 2.0);
        let since = Instant::now();
        assert_eq!(budget.spend(viewer, |_| 8).await.unwrap(), 8);
        assert!(since.elapsed() > Duration::from_millis(400));
        let debt = 1_000.0 + RATE * (PATIENCE.as_secs_f64() + 1.0);
        budget.spent.charge(PARTY, Instant::now(), debt);
        let refused = budget.spend(script, |_| 7).await.unwrap_err();
        assert_eq!(refused.status.as_u16(), 429, "{}", refused.error);
    }

    #[tokio::test]
    async fn few_wait_and_who_has_gone_is_not_worked_for() {
        let budget = Budget::new();
        let waiting: Vec<_> = (0..WAITING).map(|_| budget.wait(PARTY).ok()).collect();
        assert!(waiting.iter().all(Option::is_some) && budget.wait(PARTY).is_err());
        drop(waiting);
        assert!(budget.wait(PARTY).is_ok() && budget.waiting().is_empty());
        let (told, unwanted) = mpsc::channel();
        let (began, begun) = tokio::sync::oneshot::channel();
        let work = budget.spend(Asker::viewer(PARTY), move |wanted| {
            let _ = began.send(());
            while wanted.strong_count() > 0 {
                std::thread::yield_now();
            }
            told.send(()).unwrap();
        });
        tokio::select! {
            _ = work => panic!("it goes on while it is wanted"),
            _ = begun => {}
        }
        unwanted.recv_timeout(Duration::from_secs(30)).unwrap();
    }
}
