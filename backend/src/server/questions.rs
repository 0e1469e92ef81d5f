//! Questions that take a while: who could be measured, what is kept of a series, whose waits lie in a region, and who
//! waited in a span. Over HTTP and the WebSocket alike.

use super::Shared;
use super::budget::{Asker, Budget, Wanted};
use super::crowd::{Party, count};
use super::peer::Peer;
use super::reply::Refusal;
use crate::access::Rights;
use crate::directory::Directory;
use crate::history::History;
use crate::region::{self, RegionError};
use crate::span;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use runqlat_common::wire::{
    MAX_QUERY, Region, RegionReply, SeriesHistory, Span, SpanReply, Targets,
};
use serde::Deserialize;
use std::sync::Arc;

/// What it takes to answer them.
#[derive(Clone)]
pub(super) struct Questions {
    directory: Arc<dyn Directory>,
    budget: Budget,
}

impl Questions {
    pub(super) fn new(directory: Arc<dyn Directory>) -> Self {
        let budget = Budget::default();
        Self { directory, budget }
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
) -> Result<Json<Targets>, Refusal> {
    let Query(query) = query.map_err(|rejection| {
        Refusal::bad_request(rejection.body_text(), "the parameter is q=WORDS")
    })?;
    Ok(Json(shared.targets(asks(&peer), &rights, query.q).await?))
}

pub(super) async fn region(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    query: Result<Query<Region>, QueryRejection>,
) -> Result<Json<RegionReply>, Refusal> {
    let Query(region) = query.map_err(|rejection| {
        Refusal::bad_request(
            rejection.body_text(),
            "parameters are from_seq, to_seq, from_slot, to_slot, context_from_seq, context_to_seq \
             and, if not both, cause=woken|preempted",
        )
    })?;
    Ok(Json(shared.region(asks(&peer), region).await?))
}

pub(super) async fn span(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    query: Result<Query<Span>, QueryRejection>,
) -> Result<Json<SpanReply>, Refusal> {
    let Query(span) = query.map_err(|rejection| {
        Refusal::bad_request(
            rejection.body_text(),
            "parameters are from_seq, to_seq and, if series of one name are to be one, by_name=true",
        )
    })?;
    Ok(Json(shared.span(asks(&peer), span).await?))
}

/// Who asks over HTTP.
pub(super) fn asks(peer: &Peer) -> Asker {
    Asker::script(Party::of(peer))
}

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
    pub(super) async fn series(
        &self,
        asker: Asker,
        key: u64,
        start: Option<u64>,
    ) -> Result<SeriesHistory, Refusal> {
        let hub = self.hub.clone();
        let answer = move |wanted| {
            let newest = |history: &History| history.newest(key).map(|newest| newest.start);
            let known = |history: &History| (history.past(), start.or_else(|| newest(history)));
            let (past, start) = hub.with_history(known);
            past.while_wanted(wanted).series(key, start)
        };
        self.ask(asker, answer).await
    }

    /// Who could be measured; command lines may hold secrets, so not for everybody.
    pub(super) async fn targets(
        &self,
        asker: Asker,
        rights: &Rights,
        query: String,
    ) -> Result<Targets, Refusal> {
        self.only_controllers(rights, "processes and their command lines are seen")?;
        if query.chars().count() > MAX_QUERY {
            return Err(Refusal::bad_request(
                format!("the query is longer than {MAX_QUERY} characters"),
                "a tgid, or parts of a comm, a command line or a cgroup's path",
            ));
        }
        let directory = self.questions.directory.clone();
        let list = move |_| directory.list().map(|listing| listing.matching(&query));
        let listed = self.ask(asker, list).await?;
        listed.map_err(|error| Refusal {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error: format!("processes can't be listed: {error}"),
            hint: "/proc must be mounted and readable".into(),
        })
    }

    /// Whose waits lie in a region.
    pub(super) async fn region(
        &self,
        asker: Asker,
        region: Region,
    ) -> Result<RegionReply, Refusal> {
        region::check(&region)?;
        let hub = self.hub.clone();
        let answer = move |wanted| {
            // Under one lock: a change of the scope in between would give keys the names of others.
            let (past, names) = hub.with_history(|history| (history.past(), history.names()));
            region::answer(&past.while_wanted(wanted), &names, &region)
        };
        self.ask(asker, answer).await
    }

    /// Who waited in a span of time.
    pub(super) async fn span(&self, asker: Asker, span: Span) -> Result<SpanReply, Refusal> {
        span::check(&span)?;
        let hub = self.hub.clone();
        let answer = move |wanted| {
            let (past, names) = hub.with_history(|history| (history.past(), history.names()));
            span::answer(&past.while_wanted(wanted), names, &span)
        };
        self.ask(asker, answer).await
    }
}

impl From<RegionError> for Refusal {
    fn from(error: RegionError) -> Self {
        Self::bad_request(error.to_string(), error.hint())
    }
}
