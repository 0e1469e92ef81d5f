//! Questions that take a while: who could be measured, whose waits lie in a region, and who waited in a span. Over
//! HTTP and the WebSocket alike.

use super::Shared;
use super::reply::Refusal;
use crate::access::Rights;
use crate::directory::Directory;
use crate::region::{self, RegionError};
use crate::span;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use runqlat_common::wire::{MAX_QUERY, Region, RegionReply, Span, SpanReply, Targets};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What it takes to answer them. One question of each kind is worked on at a time, whoever asks:
/// viewers must not take the CPUs from those whose waits are measured.
#[derive(Clone)]
pub(super) struct Questions {
    directory: Arc<dyn Directory>,
    targets: Arc<Semaphore>,
    regions: Arc<Semaphore>,
    spans: Arc<Semaphore>,
}

impl Questions {
    pub(super) fn new(directory: Arc<dyn Directory>) -> Self {
        let one = || Arc::new(Semaphore::new(1));
        Self {
            directory,
            targets: one(),
            regions: one(),
            spans: one(),
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
    rights: Rights,
    query: Result<Query<TargetsQuery>, QueryRejection>,
) -> Result<Json<Targets>, Refusal> {
    let Query(query) = query.map_err(|rejection| {
        Refusal::bad_request(rejection.body_text(), "the parameter is q=WORDS")
    })?;
    Ok(Json(shared.targets(&rights, query.q).await?))
}

pub(super) async fn region(
    State(shared): State<Shared>,
    query: Result<Query<Region>, QueryRejection>,
) -> Result<Json<RegionReply>, Refusal> {
    let Query(region) = query.map_err(|rejection| {
        Refusal::bad_request(
            rejection.body_text(),
            "parameters are from_seq, to_seq, from_slot, to_slot, context_from_seq, context_to_seq \
             and, if not both, cause=woken|preempted",
        )
    })?;
    Ok(Json(shared.region(region).await?))
}

pub(super) async fn span(
    State(shared): State<Shared>,
    query: Result<Query<Span>, QueryRejection>,
) -> Result<Json<SpanReply>, Refusal> {
    let Query(span) = query.map_err(|rejection| {
        Refusal::bad_request(
            rejection.body_text(),
            "parameters are from_seq, to_seq and, if series of one name are to be one, by_name=true",
        )
    })?;
    Ok(Json(shared.span(span).await?))
}

impl Shared {
    /// Who could be measured; command lines may hold secrets, so not for everybody.
    pub(super) async fn targets(&self, rights: &Rights, query: String) -> Result<Targets, Refusal> {
        self.only_controllers(rights, "processes and their command lines are seen")?;
        if query.chars().count() > MAX_QUERY {
            return Err(Refusal::bad_request(
                format!("the query is longer than {MAX_QUERY} characters"),
                "a tgid, or parts of a comm, a command line or a cgroup's path",
            ));
        }
        let directory = self.questions.directory.clone();
        let list = move || directory.list().map(|listing| listing.matching(&query));
        let listed = alone(&self.questions.targets, list).await?;
        listed.map_err(|error| Refusal {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error: format!("processes can't be listed: {error}"),
            hint: "/proc must be mounted and readable".into(),
        })
    }

    /// Whose waits lie in a region.
    pub(super) async fn region(&self, region: Region) -> Result<RegionReply, Refusal> {
        region::check(&region)?;
        let hub = self.hub.clone();
        let answer = move || {
            // Under one lock: a change of the scope in between would give keys the names of others.
            let (past, names) = hub.with_history(|history| (history.past(), history.names()));
            region::answer(&past, &names, &region)
        };
        alone(&self.questions.regions, answer).await
    }

    /// Who waited in a span of time.
    pub(super) async fn span(&self, span: Span) -> Result<SpanReply, Refusal> {
        span::check(&span)?;
        let hub = self.hub.clone();
        let answer = move || {
            let (past, names) = hub.with_history(|history| (history.past(), history.names()));
            span::answer(&past, names, &span)
        };
        alone(&self.questions.spans, answer).await
    }
}

/// Does `work` off the I/O threads, when nobody else is at such work.
async fn alone<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    let failed = || Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE,
        error: "the question could not be answered".into(),
        hint: "ask again in a moment".into(),
    };
    let turn = turns.clone().acquire_owned().await.map_err(|_| failed())?;
    let work = tokio::task::spawn_blocking(move || {
        // Held until the work is done, also when who asked is gone.
        let _turn = turn;
        work()
    });
    work.await.map_err(|_| failed())
}

impl From<RegionError> for Refusal {
    fn from(error: RegionError) -> Self {
        Self::bad_request(error.to_string(), error.hint())
    }
}
