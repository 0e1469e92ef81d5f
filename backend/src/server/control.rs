//! Changing what is measured: `PUT /api/v1/scope`, and the same over the WebSocket. Only for those who may
//! control.

use super::Shared;
use super::crowd::count;
use super::peer::Peer;
use super::reply::{Refusal, outcome};
use crate::access::Rights;
use crate::control::{self, RefusalKind};
use crate::together;
use axum::Json;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use runqlat_common::wire::{Scope, ScopeChange, SetScope};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScopeQuery {
    /// The number of the scope that must still be measured.
    expect: Option<u32>,
    /// Who asks, for the others to see.
    #[serde(default)]
    by: String,
}

/// What is measured, since when.
pub(super) async fn scope(State(shared): State<Shared>) -> Response {
    let now = shared.hub.with_history(|history| history.scope().cloned());
    Json(now).into_response()
}

/// Measures what the body says, for all viewers.
pub(super) async fn set_scope(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    rights: Rights,
    query: Result<Query<ScopeQuery>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ScopeChange>, Refusal> {
    const HINT: &str = r#"for example {"key": "process", "cgroup": "/system.slice"}; docs/protocol.md lists the fields"#;
    let Query(query) = query.map_err(|rejection| {
        Refusal::bad_request(rejection.body_text(), "expect=NUMBER, by=NAME")
    })?;
    let by = together::name(&query.by)?;
    let body = body.map_err(|rejection| Refusal::unread(&rejection, HINT))?;
    let scope: Scope = serde_json::from_slice(&body)
        .map_err(|error| Refusal::bad_request(format!("not a scope: {error}"), HINT))?;
    let request = SetScope {
        scope,
        expect: query.expect,
    };
    Ok(Json(shared.set_scope((&peer, &rights), request, by).await?))
}

impl Shared {
    /// Asks the collector for a change, for who may; `by` is the name of who asks.
    pub(super) async fn set_scope(
        &self,
        (peer, rights): (&Peer, &Rights),
        request: SetScope,
        by: String,
    ) -> Result<ScopeChange, Refusal> {
        let asked = serde_json::to_string(&request.scope).unwrap_or_default();
        let changed = match self.only_controllers(rights, "what is measured can be changed") {
            Ok(()) => self
                .control
                .set_scope(request, by)
                .await
                .map_err(Refusal::from),
            Err(refusal) => Err(refusal),
        };
        if matches!(&changed, Err(refusal) if refusal.status == StatusCode::TOO_MANY_REQUESTS) {
            count(&self.crowd.refused.scope_changes);
        }
        peer.with(Some(rights))
            .did("scope", &asked, &outcome(&changed));
        changed
    }

    /// Refuses what is not for everybody who may look.
    pub(super) fn only_controllers(&self, rights: &Rights, what: &str) -> Result<(), Refusal> {
        if rights.may_control {
            return Ok(());
        }
        let hint = match self.access.is_read_only() {
            true => "this server was started with --read-only: nobody may",
            false => {
                "use the link or the token to control; `runqlat-web link` prints it for whoever started the server"
            }
        };
        Err(Refusal {
            status: StatusCode::FORBIDDEN,
            error: format!("{what} only by those who may control"),
            hint: hint.into(),
        })
    }
}

impl From<control::Refusal> for Refusal {
    fn from(refusal: control::Refusal) -> Self {
        Self {
            status: match refusal.kind {
                RefusalKind::Target => StatusCode::UNPROCESSABLE_ENTITY,
                RefusalKind::Conflict => StatusCode::CONFLICT,
                RefusalKind::Fast => StatusCode::TOO_MANY_REQUESTS,
                RefusalKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                RefusalKind::Other => StatusCode::INTERNAL_SERVER_ERROR,
            },
            error: refusal.reason,
            hint: refusal.hint,
        }
    }
}
