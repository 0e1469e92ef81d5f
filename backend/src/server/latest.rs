//! One question of a kind at a time: the newest, or the newest few, wait for their turn, and those before are dropped.

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::Pin;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The question that is being answered, and those after it.
pub(super) struct Latest<T> {
    running: Option<Boxed<T>>,
    next: VecDeque<Boxed<T>>,
    /// How many wait.
    most: usize,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self::of(1)
    }
}

impl<T> Latest<T> {
    /// Of so many that wait.
    pub(super) fn of(most: usize) -> Self {
        Self {
            running: None,
            next: VecDeque::new(),
            most,
        }
    }

    /// Asks; where as many wait as may, `answer` takes the place of the oldest.
    pub(super) fn ask(&mut self, answer: impl Future<Output = T> + Send + 'static) {
        if self.running.is_none() {
            self.running = Some(Box::pin(answer));
            return;
        }
        if self.next.len() >= self.most {
            self.next.pop_front();
        }
        self.next.push_back(Box::pin(answer));
    }

    /// The next answer, whenever that comes; nothing is lost if this is dropped before.
    pub(super) async fn done(&mut self) -> T {
        let Some(running) = &mut self.running else {
            return pending().await;
        };
        let answer = running.await;
        self.running = self.next.pop_front();
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::Latest;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn the_newest_question_wins_and_nothing_piles_up() {
        let mut latest = Latest::default();
        let (first, answer) = oneshot::channel();
        latest.ask(async move { answer.await.unwrap() });
        for n in 1..=1_000 {
            latest.ask(async move { n });
        }
        first.send(0).unwrap();
        assert_eq!(latest.done().await, 0);
        assert_eq!(latest.done().await, 1_000);
        latest.ask(async { 7 });
        assert_eq!(latest.done().await, 7);
    }

    #[tokio::test]
    async fn of_several_that_may_wait_the_oldest_go() {
        let mut latest = Latest::of(3);
        for n in 0..6 {
            latest.ask(async move { n });
        }
        for n in [0, 3, 4, 5] {
            assert_eq!(latest.done().await, n);
        }
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_loses_nothing() {
        let mut latest = Latest::default();
        let (first, answer) = oneshot::channel();
        latest.ask(async move { answer.await.unwrap() });
        tokio::select! {
            biased;
            () = async {} => {}
            _ = latest.done() => panic!("nobody has answered"),
        }
        first.send(5).unwrap();
        assert_eq!(latest.done().await, 5);
    }
}
