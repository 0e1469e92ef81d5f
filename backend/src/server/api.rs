//! The API for scripts: the state, and histograms as JSON or as runqlat's text.

use super::Shared;
use super::budget::Wanted;
use super::crowd::Refused;
use super::peer::Peer;
use super::questions;
use super::reply::Refusal;
use crate::access::Rights;
use crate::confine::Confinement;
use crate::history::History;
use crate::hub::Hub;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use runqlat_common::counts::Counts;
use runqlat_common::wire::{Health, ProbeState, Scope, ScopeChange, SeriesKey, ServerInfo};
use runqlat_common::{buckets, name, text};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize)]
struct StateReply<'a> {
    server: &'a ServerInfo,
    scope: Option<ScopeChange>,
    probe: ProbeState,
    /// Number of the newest interval, 0 before the first.
    seq: u64,
    /// As of the newest interval.
    health: Option<Health>,
    viewers: u32,
    /// Who was turned away since the start.
    refused: Turned<'a>,
    confinement: &'a Confinement,
    /// Whether who asks may change what is measured.
    may_control: bool,
}

#[derive(Serialize)]
struct Turned<'a> {
    #[serde(flatten)]
    refused: &'a Refused,
    /// Connections of strangers that made room for others.
    evicted: u64,
}

pub(super) async fn state(State(shared): State<Shared>, rights: Rights) -> Response {
    let hub = &shared.hub;
    let newest = |history: &History| {
        (
            history.seq(),
            history
                .recent_intervals()
                .next_back()
                .map(|i| i.health.clone()),
            history.scope().cloned(),
        )
    };
    let (seq, health, scope) = hub.with_history(newest);
    Json(StateReply {
        server: hub.server(),
        scope,
        probe: hub.probe(),
        seq,
        health,
        viewers: hub.viewers(),
        refused: Turned {
            refused: &shared.crowd.refused,
            evicted: shared.crowd.connections.evicted(),
        },
        confinement: hub.confinement(),
        may_control: rights.may_control,
    })
    .into_response()
}

/// For health checks, which have no token; why it failed is for those who may look.
pub(super) async fn healthz(State(hub): State<Arc<Hub>>, rights: Option<Rights>) -> Response {
    match hub.probe() {
        ProbeState::Attached { .. } | ProbeState::Changing { .. } => "ok\n".into_response(),
        ProbeState::Attaching => (StatusCode::SERVICE_UNAVAILABLE, "attaching\n").into_response(),
        ProbeState::Failed { .. } if rights.is_none() => {
            (StatusCode::SERVICE_UNAVAILABLE, "failed\n").into_response()
        }
        ProbeState::Failed { reason, .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("failed: {reason}\n"),
        )
            .into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HistogramQuery {
    /// One series instead of the whole scope.
    key: Option<u64>,
    /// The start of the series; without it, the newest series with that key.
    start: Option<u64>,
    /// How many of the newest intervals are summed, back to the last change of the scope; 1 when not
    /// given.
    intervals: Option<usize>,
    /// `json` or `text`; else as the Accept header asks.
    format: Option<TextOrJson>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum TextOrJson {
    Json,
    Text,
}

/// The answer in JSON. Bucket n holds waits of 2^n to 2^(n+1)-1 units, bucket 0 those of 0 and 1.
#[derive(Serialize)]
struct HistogramReply {
    key: Option<u64>,
    start: Option<u64>,
    name: Option<String>,
    /// Its bytes in hex, if they differ from the displayed form.
    name_hex: Option<String>,
    scope: Scope,
    /// What the buckets count, in runqlat's word.
    unit: &'static str,
    from_seq: u64,
    to_seq: u64,
    /// Wall clock, in ms since 1970.
    from_ms: u64,
    to_ms: u64,
    /// What was measured of that time: without the host's sleep.
    duration_us: u64,
    waits: u64,
    sum_ns: u64,
    /// Waits per bucket, both causes.
    counts: Vec<u64>,
    by_cause: Counts,
    buckets: usize,
}

pub(super) async fn histogram(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    query: Result<Query<HistogramQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Query(query) = query.map_err(|rejection| {
        Refusal::bad_request(
            rejection.body_text(),
            "parameters are key=N, start=N, intervals=N and format=json|text",
        )
    })?;
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let plain = accept.is_some_and(|types| types.starts_with("text/plain"));
    let format = query.format.unwrap_or(if plain {
        TextOrJson::Text
    } else {
        TextOrJson::Json
    });
    let of = asked(&query)?;
    let reply = collect(&shared, &peer, of, query.intervals.unwrap_or(1)).await?;
    Ok(match format {
        TextOrJson::Json => Json(reply).into_response(),
        TextOrJson::Text => as_text(&reply),
    })
}

/// One series, as it was asked for.
#[derive(Clone, Copy)]
struct Asked {
    key: u64,
    start: Option<u64>,
}

fn asked(query: &HistogramQuery) -> Result<Option<Asked>, Refusal> {
    let start = query.start;
    match query.key {
        Some(key) => Ok(Some(Asked { key, start })),
        None if start.is_some() => Err(Refusal::bad_request(
            "a start without a key",
            "key=N&start=N is one series, key=N the newest with that key",
        )),
        None => Ok(None),
    }
}

async fn collect(
    shared: &Shared,
    peer: &Peer,
    asked: Option<Asked>,
    intervals: usize,
) -> Result<HistogramReply, Refusal> {
    if intervals == 0 {
        let hint = "intervals=1 is the newest interval alone";
        return Err(Refusal::bad_request("intervals is zero", hint));
    }
    let hub = shared.hub.clone();
    if asked.is_some() && !hub.scope().key.has_series() {
        return Err(Refusal::bad_request(
            "the whole system is counted in one histogram, without keys",
            "start runqlat-web with --by process, or PUT another scope to /api/v1/scope",
        ));
    }
    // A process' past is decoded from what was sent: milliseconds, so not here.
    let work = move |wanted| sum(&hub, asked, intervals, wanted);
    let none = || Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE,
        error: "the first interval is not over yet".into(),
        hint: "ask again in a moment".into(),
    };
    let summed = shared.ask(questions::asks(peer), work).await?;
    summed.ok_or_else(none)
}

fn sum(
    hub: &Hub,
    asked: Option<Asked>,
    intervals: usize,
    wanted: Wanted,
) -> Option<HistogramReply> {
    let key = asked.map(|asked| asked.key);
    let mut reply = hub.with_history(|history| {
        let id = asked.and_then(|Asked { key, start }| match start {
            Some(start) => Some(SeriesKey { key, start }),
            None => history.newest(key),
        });
        let mut reply: Option<HistogramReply> = None;
        let now = history.scope().cloned();
        let since = now.as_ref().map_or(0, |now| now.from_seq);
        let scope = now.map(|now| now.scope).unwrap_or_default();
        let newest = history.columns().newest().rev().take(intervals);
        for column in newest.take_while(|column| column.seq >= since) {
            let reply = reply.get_or_insert_with(|| HistogramReply {
                key,
                start: id.map(|id| id.start),
                name: id.and_then(|id| Some(history.name(id)?.to_owned())),
                name_hex: id.and_then(|id| name::shown_hex(history.name(id)?)),
                unit: text::word(scope.unit),
                scope: scope.clone(),
                from_seq: column.seq,
                to_seq: column.seq,
                from_ms: 0,
                to_ms: column.end_ms,
                duration_us: 0,
                waits: 0,
                sum_ns: 0,
                counts: Vec::new(),
                by_cause: Counts::default(),
                buckets: buckets::SLOTS,
            });
            reply.from_seq = column.seq;
            reply.from_ms = column.end_ms.saturating_sub(column.duration_us / 1_000);
            reply.duration_us += column.duration_us;
            if key.is_none() {
                reply.by_cause.add(&column.counts);
            }
        }
        reply
    })?;
    if let Some(key) = key {
        let past = hub.past().while_wanted(wanted).series(key, reply.start);
        let is_known = reply.start.is_some() || !past.columns.is_empty();
        reply.start = is_known.then_some(past.start);
        // What is not known any more is not claimed.
        reply.from_seq = reply.from_seq.max(past.from_seq);
        let asked = reply.from_seq..=reply.to_seq;
        for (_, counts) in past.columns.iter().filter(|(seq, _)| asked.contains(seq)) {
            reply.by_cause.add(counts);
        }
    }
    let used = reply.by_cause.max_slot().map_or(0, |slot| slot + 1);
    reply.counts = (0..used).map(|slot| reply.by_cause.at(slot)).collect();
    reply.waits = reply.by_cause.total();
    reply.sum_ns = reply.by_cause.sum_ns();
    Some(reply)
}

/// As runqlat prints it; with a key, under the line that runqlat puts before each.
fn as_text(reply: &HistogramReply) -> Response {
    let head = reply.key.map(|key| {
        let name = reply.name.as_deref().unwrap_or_default();
        text::heading(reply.scope.key, key, name)
    });
    let body = head.unwrap_or_default() + &text::runqlat(&reply.by_cause, reply.scope.unit);
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}
