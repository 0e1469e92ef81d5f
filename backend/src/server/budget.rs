//! What questions may cost: so much of a CPU for all who ask from one address. What an answer took is charged
//! afterwards, and who is in debt waits. Knows no question.

use super::crowd::Party;
use super::reply::Refusal;
use super::turns::{Turn, Turns};
use crate::allowance::Allowance;
use crate::procfs;
use axum::http::StatusCode;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Milliseconds of CPU a second, and at once.
const RATE: f64 = 200.0;
const BURST: u32 = 1_000;

/// How long a script waits until it is out of debt; one that would have to wait longer is told to come back.
const PATIENCE: Duration = Duration::from_secs(2);

/// Questions over HTTP that wait, from one address.
const WAITING: u32 = 8;

/// Accounts that are remembered; those without debts are forgotten when there are more.
const ACCOUNTS: usize = 256;

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
#[derive(Clone, Default)]
pub(super) struct Budget {
    turns: Turns,
    accounts: Arc<Mutex<HashMap<Party, Account>>>,
}

struct Account {
    allowance: Allowance,
    /// Questions over HTTP that wait.
    waiting: u32,
}

impl Budget {
    /// Does `work` off the I/O threads, when it is the asker's turn and can be paid for. Dropped, it is not begun, or ends
    /// soon.
    pub(super) async fn spend<T: Send + 'static>(
        &self,
        asker: Asker,
        work: impl FnOnce(Wanted) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let wanted = Arc::new(());
        let turn = self.turn(asker).await?;
        let (budget, seen) = (self.clone(), Arc::downgrade(&wanted));
        let work = tokio::task::spawn_blocking(move || {
            let before = procfs::thread_cpu_ns();
            let done = work(seen);
            let spent_ms = (procfs::thread_cpu_ns() - before) as f64 / 1e6;
            budget.charge(asker.party, Instant::now(), spent_ms);
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
            let debt = self.debt(party, Instant::now());
            if script && debt > PATIENCE {
                return Err(too_much());
            }
            tokio::time::sleep(debt).await;
            let turn = self.turns.take(party).await;
            // Others may have spent it meanwhile.
            if self.debt(party, Instant::now()).is_zero() {
                return Ok(turn);
            }
        }
    }

    /// How long until it is paid.
    fn debt(&self, party: Party, now: Instant) -> Duration {
        let mut accounts = self.accounts();
        let account = accounts.get_mut(&party);
        account.map_or(Duration::ZERO, |account| account.allowance.until(now, 0.0))
    }

    fn charge(&self, party: Party, now: Instant, ms: f64) {
        let mut accounts = self.accounts();
        let account = of(&mut accounts, party, now);
        account.allowance.charge(now, ms);
    }

    /// Counts a question over HTTP among those that wait.
    fn wait(&self, party: Party) -> Result<Waiting, Refusal> {
        let mut accounts = self.accounts();
        let account = of(&mut accounts, party, Instant::now());
        if account.waiting >= WAITING {
            return Err(too_much());
        }
        account.waiting += 1;
        let budget = self.clone();
        Ok(Waiting { budget, party })
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<Party, Account>> {
        // Numbers are changed or not: a panic leaves nothing half-changed.
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An address's account, which begins without a debt.
fn of(accounts: &mut HashMap<Party, Account>, party: Party, now: Instant) -> &mut Account {
    if accounts.len() >= ACCOUNTS && !accounts.contains_key(&party) {
        let is_used =
            |account: &mut Account| account.waiting > 0 || !account.allowance.is_full(now);
        accounts.retain(|_, account| is_used(account));
    }
    accounts.entry(party).or_insert_with(|| Account {
        allowance: Allowance::new(BURST, RATE),
        waiting: 0,
    })
}

fn too_much() -> Refusal {
    Refusal {
        status: StatusCode::TOO_MANY_REQUESTS,
        error: format!(
            "questions from your address take more than {RATE} ms of CPU time a second, which is the most"
        ),
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
        if let Some(account) = self.budget.accounts().get_mut(&self.party) {
            account.waiting -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ACCOUNTS, Asker, Budget, PATIENCE, Party, WAITING};
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    const PARTY: Party = Party::User(1);

    #[test]
    fn an_address_pays_for_itself_alone() {
        let budget = Budget::default();
        let now = Instant::now();
        budget.charge(PARTY, now, 600.0);
        assert_eq!(budget.debt(PARTY, now), Duration::ZERO);
        budget.charge(PARTY, now, 600.0);
        assert_eq!(budget.debt(PARTY, now), Duration::from_secs(1));
        assert_eq!(budget.debt(Party::User(2), now), Duration::ZERO);
        let later = now + Duration::from_secs(1);
        assert_eq!(budget.debt(PARTY, later), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_script_is_told_to_come_back_and_a_viewer_waits() {
        let budget = Budget::default();
        let (script, viewer) = (Asker::script(PARTY), Asker::viewer(PARTY));
        assert_eq!(budget.spend(script, |_| 7).await.unwrap(), 7);
        budget.charge(PARTY, Instant::now(), 1_000.0 + 100.0);
        let since = Instant::now();
        assert_eq!(budget.spend(viewer, |_| 8).await.unwrap(), 8);
        assert!(since.elapsed() > Duration::from_millis(400));
        let debt = 1_000.0 + 200.0 * (PATIENCE.as_secs_f64() + 1.0);
        budget.charge(PARTY, Instant::now(), debt);
        let refused = budget.spend(script, |_| 7).await.unwrap_err();
        assert_eq!(refused.status.as_u16(), 429, "{}", refused.error);
    }

    #[tokio::test]
    async fn few_wait_and_who_has_gone_is_not_worked_for() {
        let budget = Budget::default();
        let waiting: Vec<_> = (0..WAITING).map(|_| budget.wait(PARTY).ok()).collect();
        assert!(waiting.iter().all(Option::is_some) && budget.wait(PARTY).is_err());
        drop(waiting);
        assert!(budget.wait(PARTY).is_ok());
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

    #[test]
    fn who_owes_nothing_is_forgotten() {
        let budget = Budget::default();
        let now = Instant::now();
        for uid in 0..2 * ACCOUNTS as u32 {
            let at = now + Duration::from_secs(uid.into());
            budget.charge(Party::User(uid), at, 1.0);
        }
        assert!(budget.accounts().len() <= ACCOUNTS);
    }
}
