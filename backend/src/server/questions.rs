//! Questions that take a while: who could be measured, what is kept of a series, whose waits lie in a region, and who
//! waited in a span. Over HTTP and the WebSocket alike.

use super::Shared;
use super::budget::{Asker, Budget, Wanted};
use super::crowd::{Party, count};
use super::peer::Peer;
use super::recent::{Recent, Source};
use super::reply::Refusal;
use crate::access::Rights;
use crate::directory::{Directory, Listing};
use crate::history::{History, Past};
use crate::hub::Hub;
use crate::region::{self, RegionError};
use crate::span;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use runqlat_common::wire::{
    MAX_QUERY, Region, RegionReply, SeriesHistory, SeriesName, Span, SpanReply, Targets,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What it takes to answer them.
#[derive(Clone)]
pub(super) struct Questions {
    directory: Arc<dyn Directory>,
    budget: Budget,
    regions: Arc<Recent<Region, RegionReply>>,
    spans: Arc<Recent<Span, SpanReply>>,
}

/// What intervals of the past are read from, all of one moment: a change of the scope in between would give keys the
/// names of others.
struct Kept {
    source: Source,
    past: Past,
    names: Vec<SeriesName>,
}

impl Kept {
    fn of(history: &History) -> Self {
        Self {
            source: source(history),
            past: history.past(),
            names: history.names(),
        }
    }
}

fn source(history: &History) -> Source {
    (
        history.seq(),
        history.scope().map_or(0, |scope| scope.number),
    )
}

impl Questions {
    pub(super) fn new(directory: Arc<dyn Directory>) -> Self {
        let budget = Budget::new();
        Self {
            directory,
            budget,
            regions: Arc::default(),
            spans: Arc::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetsQuery {
    /// Words to be found; everybody when not given.
    #[serde(default)]
    q: String,
}

pub(super) async fn targets(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    rights: Rights,
    query: Result<Query<TargetsQuery>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(query) = query.map_err(|rejection| {
        Refusal::bad_request(rejection.body_text(), "the parameter is q=WORDS")
    })?;
    shared.targets((asks(&peer), json), &rights, query.q).await
}

pub(super) async fn region(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    query: Result<Query<Region>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(region) = query.map_err(|rejection| {
        Refusal::bad_request(
            rejection.body_text(),
            "parameters are from_seq, to_seq, from_slot, to_slot, context_from_seq, context_to_seq \
             and, if not both, cause=woken|preempted",
        )
    })?;
    shared.region((asks(&peer), json), region).await
}

pub(super) async fn span(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    query: Result<Query<Span>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(span) = query.map_err(|rejection| {
        Refusal::bad_request(
            rejection.body_text(),
            "parameters are from_seq, to_seq and, if series of one name are to be one, by_name=true",
        )
    })?;
    shared.span((asks(&peer), json), span).await
}

/// An answer over HTTP.
fn json(answer: impl Serialize) -> Response {
    Json(answer).into_response()
}

/// Who asks over HTTP.
pub(super) fn asks(peer: &Peer) -> Asker {
    Asker::script(Party::of(peer))
}

/// Who asks, and in what form; bringing an answer into that is a part of its cost.
type As<F> = (Asker, F);

impl Shared {
    /// Has a question answered when its asker can pay for it.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        asker: Asker,
        work: impl FnOnce(Wanted) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let answer = self.questions.budget.spend(asker, work).await;
        if answer.is_err() {
            count(&self.crowd.refused.questions);
        }
        answer
    }

    /// What is kept of one series; without a start, of the newest with this key.
    pub(super) async fn series<T: Send + 'static>(
        &self,
        (asker, form): As<impl FnOnce(SeriesHistory) -> T + Send + 'static>,
        key: u64,
        start: Option<u64>,
    ) -> Result<T, Refusal> {
        let hub = self.hub.clone();
        let answer = move |wanted| {
            let newest = |history: &History| history.newest(key).map(|newest| newest.start);
            let known = |history: &History| (history.past(), start.or_else(|| newest(history)));
            let (past, start) = hub.with_history(known);
            form(past.while_wanted(wanted).series(key, start))
        };
        self.ask(asker, answer).await
    }

    /// Who could be measured; command lines may hold secrets, so not for everybody.
    pub(super) async fn targets<T: Send + 'static>(
        &self,
        (asker, form): As<impl FnOnce(Targets) -> T + Send + 'static>,
        rights: &Rights,
        query: String,
    ) -> Result<T, Refusal> {
        self.only_controllers(rights, "processes and their command lines are seen")?;
        if query.chars().count() > MAX_QUERY {
            return Err(Refusal::bad_request(
                format!("the query is longer than {MAX_QUERY} characters"),
                "a tgid, or parts of a comm, a command line or a cgroup's path",
            ));
        }
        let directory = self.questions.directory.clone();
        let matching = move |listing: Listing| form(listing.matching(&query));
        let list = move |_| directory.list().map(matching);
        let listed = self.ask(asker, list).await?;
        listed.map_err(|error| Refusal {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error: format!("processes can't be listed: {error}"),
            hint: "/proc must be mounted and readable".into(),
        })
    }

    /// Whose waits lie in a region.
    pub(super) async fn region<T: Send + 'static>(
        &self,
        (asker, form): As<impl FnOnce(RegionReply) -> T + Send + 'static>,
        region: Region,
    ) -> Result<T, Refusal> {
        region::check(&region)?;
        let (hub, recent) = (self.hub.clone(), self.questions.regions.clone());
        let answer = move |wanted: Wanted| {
            let read = |kept: Kept| {
                let past = kept.past.while_wanted(wanted.clone());
                region::answer(&past, &kept.names, &region)
            };
            form(recent.or_read(&hub, &region, &wanted, read))
        };
        self.ask(asker, answer).await
    }

    /// Who waited in a span of time.
    pub(super) async fn span<T: Send + 'static>(
        &self,
        (asker, form): As<impl FnOnce(SpanReply) -> T + Send + 'static>,
        span: Span,
    ) -> Result<T, Refusal> {
        span::check(&span)?;
        let (hub, recent) = (self.hub.clone(), self.questions.spans.clone());
        let answer = move |wanted: Wanted| {
            let read = |kept: Kept| {
                let past = kept.past.while_wanted(wanted.clone());
                span::answer(&past, kept.names, &span)
            };
            form(recent.or_read(&hub, &span, &wanted, read))
        };
        self.ask(asker, answer).await
    }
}

impl<Q: PartialEq + Clone, A: Clone> Recent<Q, A> {
    /// The answer that somebody else just got, or a new one.
    fn or_read(&self, hub: &Hub, question: &Q, wanted: &Wanted, read: impl FnOnce(Kept) -> A) -> A {
        if let Some(answer) = self.find(hub.with_history(source), question) {
            return A::clone(&answer);
        }
        let kept = hub.with_history(Kept::of);
        let source = kept.source;
        let answer = read(kept);
        // If nobody waits, it was not read to its end.
        if wanted.strong_count() > 0 {
            self.keep(source, question.clone(), &Arc::new(answer.clone()));
        }
        answer
    }
}

impl From<RegionError> for Refusal {
    fn from(error: RegionError) -> Self {
        Self::bad_request(error.to_string(), error.hint())
    }
}
