//! In with a token, and out: `POST` and `DELETE /api/v1/session`; and the WebSocket's first message, for a page that
//! can show nothing before.

use super::Shared;
use super::entry::shown;
use super::peer::Peer;
use super::reply::Refusal;
use crate::access::Rights;
use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use runqlat_common::wire::{ClientMessage, Format};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::timeout;

/// For the first message of a page.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shows {
    token: String,
}

/// A new session, and what it gives.
#[derive(Serialize)]
pub(super) struct Opened {
    session: String,
    may_control: bool,
}

/// Exchanges a token for a session.
pub(super) async fn sign_in(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Opened>, Refusal> {
    const HINT: &str = r#"the body is {"token": "…"}"#;
    let body = body.map_err(|rejection| Refusal::unread(&rejection, HINT))?;
    let Shows { token } = serde_json::from_slice(&body)
        .map_err(|error| Refusal::bad_request(format!("not a sign-in: {error}"), HINT))?;
    match shared.access.sign_in(token.trim()) {
        Ok(Some((rights, session))) => {
            peer.with(Some(&rights)).did("sign-in", "", "done");
            let may_control = rights.may_control;
            Ok(Json(Opened {
                session,
                may_control,
            }))
        }
        Ok(None) => Err(shared.refuse(&peer, Refusal::wrong_token())),
        Err(error) => Err(Refusal::no_randomness(&error)),
    }
}

/// Ends the session that the request shows; its WebSockets are hung up on.
pub(super) async fn sign_out(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    rights: Option<Rights>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let mut shown = shown(&headers).into_iter();
    if shown.any(|session| shared.access.sign_out(session)) {
        peer.with(rights.as_ref()).did("sign-out", "", "done");
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refusal {
        status: StatusCode::UNAUTHORIZED,
        error: "this request shows no session of this server, or one that has ended".into(),
        hint:
            "send it as `Authorization: Bearer SESSION`; a token is ended by making new ones, with \
               POST /api/v1/tokens/rotate"
                .into(),
    })
}

impl Shared {
    /// What somebody gets who showed something that does not count; so many of them are written down.
    fn refuse(&self, peer: &Peer, refusal: Refusal) -> Refusal {
        let (refusal, line) = self.attempts.failed(refusal);
        if let Some(line) = line {
            peer.with(None).did("sign-in", "", &line);
        }
        refusal
    }

    /// The rights of somebody who has opened a WebSocket and was not known by the request: by its first message, which
    /// has to come in time. The refusal is of what it showed; none where it showed nothing.
    pub(super) async fn first_message(
        &self,
        socket: &mut WebSocket,
        format: Format,
        peer: &Peer,
    ) -> Result<Rights, Option<Refusal>> {
        let first = timeout(SIGN_IN_TIMEOUT, first(socket)).await;
        let shown = match first.ok().flatten().map(|message| decode(&message, format)) {
            Some(Some(ClientMessage::SignIn { session })) if !session.is_empty() => session,
            // Silence, another message, or none.
            _ => return Err(None),
        };
        let rights = self.access.admit([shown.as_str()]);
        rights.ok_or_else(|| Some(self.refuse(peer, Refusal::wrong_token())))
    }
}

/// The first message that says anything.
async fn first(socket: &mut WebSocket) -> Option<Message> {
    loop {
        match socket.recv().await?.ok()? {
            Message::Ping(_) | Message::Pong(_) => {}
            message => return Some(message),
        }
    }
}

fn decode(message: &Message, format: Format) -> Option<ClientMessage> {
    let bytes = match (message, format) {
        (Message::Text(text), Format::Json) => text.as_bytes(),
        (Message::Binary(bytes), Format::Postcard) => bytes,
        _ => return None,
    };
    format.decode_client(bytes).ok()
}
