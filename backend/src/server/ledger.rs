//! What each address has used of something that there is so much of a second. An address in debt waits, and nobody else.

use super::crowd::Party;
use crate::allowance::Allowance;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Accounts that are remembered; those without debts are forgotten when there are more.
const ACCOUNTS: usize = 256;

#[derive(Clone)]
pub(super) struct Ledger {
    /// As everybody's begins.
    full: Allowance,
    accounts: Arc<Mutex<HashMap<Party, Allowance>>>,
}

impl Ledger {
    /// Of so much at once, and a second.
    pub(super) fn new(most: u32, per_second: f64) -> Self {
        Self {
            full: Allowance::new(most, per_second),
            accounts: Arc::default(),
        }
    }

    pub(super) fn charge(&self, party: Party, now: Instant, cost: f64) {
        let mut accounts = self.accounts();
        if accounts.len() >= ACCOUNTS && !accounts.contains_key(&party) {
            accounts.retain(|_, account| !account.is_full(now));
        }
        let account = accounts.entry(party).or_insert_with(|| self.full.clone());
        account.charge(now, cost);
    }

    /// How long until its debt is paid.
    pub(super) fn debt(&self, party: Party, now: Instant) -> Duration {
        let mut accounts = self.accounts();
        let account = accounts.get_mut(&party);
        account.map_or(Duration::ZERO, |account| account.until(now, 0.0))
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<Party, Allowance>> {
        // Numbers are changed or not: a panic leaves nothing half-changed.
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connections and requests, a second and at once. Their answers take some 100 µs each.
const ARRIVALS_PER_S: f64 = 200.0;
const ARRIVALS: u32 = 400;

/// Who has come more often than that waits for no longer than this: as many as wait have their places.
const LONGEST: Duration = Duration::from_secs(1);

/// Those who come.
#[derive(Clone)]
pub(super) struct Arrivals(Ledger);

impl Arrivals {
    pub(super) fn new() -> Self {
        Self(Ledger::new(ARRIVALS, ARRIVALS_PER_S))
    }

    /// Lets somebody in, later if many have come from there.
    pub(super) async fn come(&self, party: Party) {
        let debt = self.0.debt(party, Instant::now());
        // Nor does the debt grow beyond that.
        if debt < LONGEST {
            self.0.charge(party, Instant::now(), 1.0);
        }
        if !debt.is_zero() {
            tokio::time::sleep(debt.min(LONGEST)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ACCOUNTS, ARRIVALS, Arrivals, LONGEST, Ledger, Party};
    use std::time::{Duration, Instant};

    const PARTY: Party = Party::User(1);

    #[test]
    fn an_address_pays_for_itself_alone() {
        let ledger = Ledger::new(1_000, 200.0);
        let now = Instant::now();
        ledger.charge(PARTY, now, 600.0);
        assert_eq!(ledger.debt(PARTY, now), Duration::ZERO);
        ledger.charge(PARTY, now, 600.0);
        assert_eq!(ledger.debt(PARTY, now), Duration::from_secs(1));
        assert_eq!(ledger.debt(Party::User(2), now), Duration::ZERO);
        let later = now + Duration::from_secs(1);
        assert_eq!(ledger.debt(PARTY, later), Duration::ZERO);
    }

    #[test]
    fn who_owes_nothing_is_forgotten() {
        let ledger = Ledger::new(1_000, 200.0);
        let now = Instant::now();
        for uid in 0..2 * ACCOUNTS as u32 {
            let at = now + Duration::from_secs(uid.into());
            ledger.charge(Party::User(uid), at, 1.0);
        }
        assert!(ledger.accounts().len() <= ACCOUNTS);
    }

    #[tokio::test]
    async fn many_who_come_wait_for_a_while_and_others_do_not() {
        let arrivals = Arrivals::new();
        let since = Instant::now();
        for _ in 0..ARRIVALS {
            arrivals.come(PARTY).await;
        }
        for _ in 0..10 * ARRIVALS {
            let wait = tokio::time::timeout(Duration::ZERO, arrivals.come(PARTY));
            let _given_up = wait.await;
        }
        let debt = arrivals.0.debt(PARTY, Instant::now());
        let busy = since.elapsed();
        assert!(debt <= LONGEST + Duration::from_millis(5), "{debt:?}");
        assert!(debt + busy >= LONGEST, "{debt:?} after {busy:?}");
        let none = tokio::time::timeout(Duration::ZERO, arrivals.come(Party::Local));
        none.await.expect("at once");
    }
}
