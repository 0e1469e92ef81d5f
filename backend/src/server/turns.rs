//! Whose turn it is to have a question answered: each address has one turn after the other's, however many questions
//! it has. Knows neither questions nor time.

use super::crowd::Party;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Questions that are answered at a time. Who watches must not take the CPUs from those whose waits are measured; and a
/// long one holds up no short one.
const AT_ONCE: usize = 2;

#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    taken: usize,
    /// Those who wait, in the order of their next turns; nobody's list is empty.
    waiting: VecDeque<(Party, VecDeque<oneshot::Sender<Turn>>)>,
}

impl Turns {
    /// Waits for a turn; one who does not wait any longer is passed over.
    pub(super) async fn take(&self, party: Party) -> Turn {
        let turn = self.queue().join(party);
        match turn {
            // What is dropped without a turn is the server itself.
            Some(turn) => match turn.await {
                Ok(turn) => turn,
                Err(_) => std::future::pending().await,
            },
            None => Turn(self.clone()),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a turn that is free to the next.
    fn pass(&self) {
        let next = self.queue().next();
        if let Some(next) = next {
            // One who has just gone gives it back.
            let _ = next.send(Turn(self.clone()));
        }
    }
}

impl Queue {
    /// Takes a turn that is free, or a place in the queue.
    fn join(&mut self, party: Party) -> Option<oneshot::Receiver<Turn>> {
        if self.taken < AT_ONCE {
            self.taken += 1;
            return None;
        }
        let (give, turn) = oneshot::channel();
        match self.waiting.iter_mut().find(|(of, _)| *of == party) {
            Some((_, own)) => {
                own.retain(|waits| !waits.is_closed());
                own.push_back(give);
            }
            None => self.waiting.push_back((party, VecDeque::from([give]))),
        }
        Some(turn)
    }

    /// Whose turn it is; the address's next one comes after all others'. None, and the turn is free, if nobody waits.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some((party, mut own)) = self.waiting.pop_front() {
            own.retain(|waits| !waits.is_closed());
            let Some(next) = own.pop_front() else {
                continue;
            };
            if !own.is_empty() {
                self.waiting.push_back((party, own));
            }
            return Some(next);
        }
        self.taken -= 1;
        None
    }
}

/// A turn, until this is dropped.
pub(super) struct Turn(Turns);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.pass();
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, Party, Turns};
    use futures_util::FutureExt;
    use std::sync::{Arc, Mutex};
    use tokio::task::yield_now;

    #[tokio::test]
    async fn addresses_take_turns_however_much_one_of_them_asks() {
        let turns = Turns::default();
        let (many, one) = (Party::User(1), Party::User(2));
        let mut held = Vec::new();
        for _ in 0..AT_ONCE {
            held.push(turns.take(many).await);
        }
        let answered = Arc::new(Mutex::new(Vec::new()));
        for party in [many, many, many, many, one, one] {
            let (turns, answered) = (turns.clone(), answered.clone());
            tokio::spawn(async move {
                let _turn = turns.take(party).await;
                answered.lock().unwrap().push(party);
            });
            yield_now().await;
        }
        drop(held.pop());
        for _ in 0..20 {
            yield_now().await;
        }
        assert_eq!(
            *answered.lock().unwrap(),
            [many, one, many, one, many, many]
        );
    }

    #[tokio::test]
    async fn who_is_gone_is_passed_over_and_no_turn_is_lost() {
        let turns = Turns::default();
        let party = Party::Local;
        for _ in 0..3 {
            let held: Vec<_> = [turns.take(party).await, turns.take(party).await].into();
            for _ in 0..9 {
                assert!(turns.take(party).now_or_never().is_none());
            }
            // Given to one who is gone before it takes it.
            let mut gone = Box::pin(turns.take(party));
            assert!((&mut gone).now_or_never().is_none());
            drop(held);
            drop(gone);
            assert_eq!(turns.queue().taken, 0);
        }
        assert!(turns.queue().waiting.is_empty());
    }
}
