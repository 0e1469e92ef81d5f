//! What people who watch tell each other: names, notes, what a presenter looks at. Over the WebSocket,
//! and notes over HTTP too, for scripts.

use super::Shared;
use super::peer::Peer;
use super::reply::{Refusal, outcome};
use crate::access::Rights;
use crate::hub::{Hub, Viewer};
use crate::together::{self, TogetherError};
use axum::Json;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use runqlat_common::wire::{ClientMessage, NewNote, Note, ServerMessage};
use serde::Deserialize;
use std::sync::Arc;

/// A note to make, and who makes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Posted {
    text: String,
    at_ms: Option<u64>,
    #[serde(default)]
    by: String,
}

/// The notes that are kept.
pub(super) async fn notes(State(hub): State<Arc<Hub>>, _: Rights) -> Response {
    Json(hub.with_history(|history| history.notes.all().to_vec())).into_response()
}

pub(super) async fn add_note(
    State(shared): State<Shared>,
    _: Rights,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Note>), Refusal> {
    const HINT: &str = r#"for example {"text": "deployed 1.2", "by": "deploy hook"}; docs/protocol.md lists the fields"#;
    let body = body.map_err(|rejection| Refusal::unread(&rejection, HINT))?;
    let Posted { text, at_ms, by } = serde_json::from_slice(&body)
        .map_err(|error| Refusal::bad_request(format!("not a note: {error}"), HINT))?;
    shared.only_writable("write notes")?;
    let hub = shared.hub;
    let by = together::name(&by)?;
    let at_ms = at_ms.map(|at_ms| hub.at_wall_clock(at_ms));
    let note = hub.add_note(NewNote { text, at_ms }, by, String::new())?;
    Ok((StatusCode::CREATED, Json(note)))
}

/// Any note, for whoever may change what is measured: over HTTP nobody is an author.
pub(super) async fn delete_note(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    rights: Rights,
    id: Result<Path<u32>, PathRejection>,
) -> Result<StatusCode, Refusal> {
    shared.only_controllers(&rights, "notes are deleted over HTTP")?;
    let Path(id) = id.map_err(|rejection| {
        Refusal::bad_request(rejection.body_text(), "/api/v1/notes lists the notes' ids")
    })?;
    let deleted = shared.hub.delete_note(id, "", true).map_err(Refusal::from);
    let who = peer.with(Some(&rights));
    who.did("note deleted", &id.to_string(), &outcome(&deleted));
    deleted.map(|()| StatusCode::NO_CONTENT)
}

/// Does what a viewer tells the others, and returns what he alone is answered; a message that is about something
/// else is none of this.
pub(super) fn tell(
    shared: &Shared,
    (peer, rights): (&Peer, &Rights),
    viewer: &mut Viewer,
    message: ClientMessage,
) -> Result<Option<ServerMessage>, Refusal> {
    let own_notes = |viewer: &Viewer| {
        let ids = viewer.own_notes();
        Ok(Some(ServerMessage::OwnNotes { ids }))
    };
    let did = |what: &str, detail: &str, result: String| {
        peer.with(Some(rights)).did(what, detail, &result);
    };
    match message {
        ClientMessage::Introduce(introduction) => {
            if !introduction.name.is_empty() {
                shared.only_writable("give a name")?;
            }
            viewer.introduce(introduction)?;
            return own_notes(viewer);
        }
        ClientMessage::AddNote(note) => {
            shared.only_writable("write notes")?;
            viewer.add_note(note)?;
            return own_notes(viewer);
        }
        ClientMessage::DeleteNote { id } => {
            let deleted = viewer.delete_note(id, rights.may_control);
            let deleted = deleted.map_err(Refusal::from);
            did("note deleted", &id.to_string(), outcome(&deleted));
            deleted?;
        }
        ClientMessage::Present { take_over } => {
            let presents = viewer.present(take_over).map_err(Refusal::from);
            did("present", "", outcome(&presents));
            presents?;
        }
        ClientMessage::Show(view) => viewer.show(view)?,
        ClientMessage::StopPresenting => viewer.stop_presenting()?,
        ClientMessage::Follow { on } => viewer.follow(on)?,
        ClientMessage::Snapshot
        | ClientMessage::Series { .. }
        | ClientMessage::SetScope(_)
        | ClientMessage::Targets { .. }
        | ClientMessage::Region(_)
        | ClientMessage::Span(_)
        // Who is here has signed in.
        | ClientMessage::SignIn { .. } => {}
    }
    Ok(None)
}

impl Shared {
    /// Refuses what others would see where nobody may change anything.
    fn only_writable(&self, what: &str) -> Result<(), Refusal> {
        if !self.access.is_read_only() {
            return Ok(());
        }
        Err(Refusal {
            status: StatusCode::FORBIDDEN,
            error: format!("this server is read-only: nobody may {what}"),
            hint: "it was started with --read-only".into(),
        })
    }
}

impl From<TogetherError> for Refusal {
    fn from(error: TogetherError) -> Self {
        Self {
            status: match error {
                TogetherError::Fast => StatusCode::TOO_MANY_REQUESTS,
                TogetherError::NoNote(_) => StatusCode::NOT_FOUND,
                TogetherError::NotYours => StatusCode::FORBIDDEN,
                TogetherError::Taken(_) => StatusCode::CONFLICT,
                TogetherError::Future | TogetherError::Past => StatusCode::UNPROCESSABLE_ENTITY,
                TogetherError::Long { .. } | TogetherError::Control(_) | TogetherError::Empty => {
                    StatusCode::BAD_REQUEST
                }
            },
            error: error.to_string(),
            hint: error.hint(),
        }
    }
}
