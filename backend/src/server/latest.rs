//! One question of a kind at a time: the newest waits for its turn, and those between are dropped.

use std::future::{Future, pending};
use std::pin::Pin;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The question that is being answered, and the one after it.
pub(super) struct Latest<T> {
    running: Option<Boxed<T>>,
    next: Option<Boxed<T>>,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self {
            running: None,
            next: None,
        }
    }
}

impl<T> Latest<T> {
    /// Asks; `answer` takes the place of one that waits already.
    pub(super) fn ask(&mut self, answer: impl Future<Output = T> + Send + 'static) {
        let place = match self.running {
            None => &mut self.running,
            Some(_) => &mut self.next,
        };
        *place = Some(Box::pin(answer));
    }

    /// The next answer, whenever that comes; nothing is lost if this is dropped before.
    pub(super) async fn done(&mut self) -> T {
        let Some(running) = &mut self.running else {
            return pending().await;
        };
        let answer = running.await;
        self.running = self.next.take();
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
