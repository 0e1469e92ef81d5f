//! Answers that others may want, too: all who follow a presenter ask the same at the same time. Knows no question.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Answers that are kept: a long one is half a megabyte.
const KEPT: usize = 8;

/// What the answers were read from: the newest interval, and the scope, by their numbers.
pub(super) type Source = (u64, u32);

/// The newest answers to one kind of question.
pub(super) struct Recent<Q, A>(Mutex<VecDeque<Answered<Q, A>>>);

struct Answered<Q, A> {
    source: Source,
    question: Q,
    answer: Arc<A>,
}

impl<Q, A> Default for Recent<Q, A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Q: PartialEq, A> Recent<Q, A> {
    /// The answer to the same question, as long as nothing new has come.
    pub(super) fn find(&self, source: Source, question: &Q) -> Option<Arc<A>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|answered| answered.source == source);
        let same = kept.iter().find(|answered| answered.question == *question);
        same.map(|answered| answered.answer.clone())
    }

    pub(super) fn keep(&self, source: Source, question: Q, answer: &Arc<A>) {
        let answer = answer.clone();
        let answered = Answered {
            source,
            question,
            answer,
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT - 1);
        kept.push_front(answered);
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT, Recent};
    use std::sync::Arc;

    #[test]
    fn an_answer_is_found_until_there_is_something_new() {
        let recent = Recent::default();
        for n in 0..=KEPT {
            recent.keep((7, 1), n, &Arc::new(10 * n));
        }
        assert_eq!(recent.find((7, 1), &KEPT).as_deref(), Some(&(10 * KEPT)));
        assert_eq!(recent.find((7, 1), &0), None);
        assert_eq!(recent.find((7, 2), &KEPT), None);
        assert_eq!(recent.find((7, 1), &KEPT), None);
    }
}
