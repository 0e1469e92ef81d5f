//! Other tokens: who has the old ones is out, and so is who came in by them.

use super::Shared;
use super::peer::Peer;
use super::reply::{Refusal, outcome};
use crate::access::{Rights, Tokens};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde::Serialize;
use std::io;

/// The new links; and a new session, for who asked by one that has ended with this.
#[derive(Serialize)]
pub(super) struct Links {
    view: String,
    control: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

/// Makes new tokens, which only who asked is told. All who came in by the old ones have to come in anew.
pub(super) async fn rotate(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    rights: Rights,
) -> Result<Json<Links>, Refusal> {
    let links = shared.rotate(&rights);
    let who = peer.with(Some(&rights));
    who.did("tokens rotated", "", &outcome(&links));
    Ok(Json(links?))
}

impl Shared {
    fn rotate(&self, rights: &Rights) -> Result<Links, Refusal> {
        self.only_controllers(rights, "tokens can be changed")?;
        let made = Tokens::random().and_then(|new| {
            let by_session = rights.are_a_sessions();
            let session = by_session.then(|| new.control_session()).transpose()?;
            Ok((new, session))
        });
        let (new, session) = made.map_err(|error| Refusal::no_randomness(&error))?;
        let links = Links {
            view: self.reach.link(&new.view),
            control: self.reach.link(&new.control),
            session,
        };
        self.access.replace(new);
        Ok(links)
    }
}

impl Refusal {
    pub(super) fn no_randomness(error: &io::Error) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error: format!("the system gives no randomness: {error}"),
            hint: "nothing has changed; ask again in a moment".into(),
        }
    }
}
