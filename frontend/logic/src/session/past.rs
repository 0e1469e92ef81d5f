//! Who waited in another time than the present: asked for when it is looked at, one question at a time.

use super::Session;
use super::recent::Recent;
use runqlat_common::wire::{ClientMessage, Span, SpanReply};

/// What is asked and what is known of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    wanted: Option<Span>,
    /// Sent, and not answered yet.
    asked: Option<Span>,
    told: Option<Told>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Told {
    pub recent: Recent,
    /// The time that it is about, in ms since 1970; nothing where none of it is kept.
    pub times: Option<(f64, f64)>,
    /// A part of what was asked for is not kept.
    pub is_cut: bool,
    /// Series with waits that are not listed, and their waits.
    pub more: (u64, u64),
}

impl Told {
    /// Its rows are names.
    pub fn is_by_name(&self) -> bool {
        self.recent.span().is_some_and(|span| span.by_name)
    }
}

impl Past {
    fn ask(&mut self) -> Vec<ClientMessage> {
        let known = self.told.as_ref().and_then(|told| told.recent.span());
        if self.asked.is_some() || self.wanted.as_ref() == known {
            return Vec::new();
        }
        self.asked.clone_from(&self.wanted);
        self.asked
            .iter()
            .cloned()
            .map(ClientMessage::Span)
            .collect()
    }

    /// What was asked gets no answer, and what is known may not hold any more.
    pub(super) fn restart(&mut self) -> Vec<ClientMessage> {
        (self.asked, self.told) = (None, None);
        self.ask()
    }

    /// A question was refused; whose, nobody says.
    pub(super) fn give_up(&mut self) {
        self.asked = None;
    }
}

impl Session {
    /// Looks at another time, or at the present; returns whether something else is shown, and what to send.
    pub fn look_for(&mut self, span: Option<Span>) -> (bool, Vec<ClientMessage>) {
        self.past.wanted = span;
        let is_back = self.past.wanted.is_none() && self.past.told.take().is_some();
        (is_back, self.past.ask())
    }

    /// Takes the answer; returns the next question if that is another by now.
    pub(super) fn recall(&mut self, reply: SpanReply) -> Vec<ClientMessage> {
        self.past.asked = None;
        if self.past.wanted.as_ref() == Some(&reply.span) {
            let (asked, known) = (&reply.span, (reply.known_from_seq, reply.known_to_seq));
            let data = self.shown();
            self.past.told = Some(Told {
                times: (known.0 <= known.1).then_some((reply.start_ms as f64, reply.end_ms as f64)),
                is_cut: known.0 > asked.from_seq || known.1 < asked.to_seq,
                more: (reply.more.into(), reply.more_waits),
                recent: Recent::of_span(data.scopes.series(), reply, &data.recent),
            });
        }
        self.past.ask()
    }

    /// Who waited in the time that is looked at, where that is not the present.
    pub fn told(&self) -> Option<&Told> {
        self.past.told.as_ref()
    }

    /// The series of the list.
    pub fn listed(&self) -> &Recent {
        self.told()
            .map_or(&self.shown().recent, |told| &told.recent)
    }

    /// Whether an answer is awaited.
    pub fn is_asking(&self) -> bool {
        self.past.asked.is_some()
    }
}
