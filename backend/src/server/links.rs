//! Links for others: `POST /api/v1/links`, which `runqlat-web link` asks.

use super::Shared;
use super::peer::Peer;
use super::reply::{Refusal, outcome};
use crate::access::Rights;
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Links {
    view: String,
    /// None where nobody may control.
    control: Option<String>,
}

/// Links with the tokens that count now: for root and those users who need none, and for who may control.
pub(super) async fn links(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    rights: Rights,
) -> Result<Json<Links>, Refusal> {
    let links = match rights.may_control || shared.is_local(&peer) {
        true => Ok(Json(shared.links())),
        false => Err(Refusal {
            status: StatusCode::FORBIDDEN,
            error: "links are made for those only who may control".into(),
            hint: "use the link or the token to control; `runqlat-web link` prints it for whoever started the server".into(),
        }),
    };
    peer.with(Some(&rights)).did("links", "", &outcome(&links));
    links
}

impl Shared {
    fn links(&self) -> Links {
        let tokens = self.access.tokens();
        let control = || self.reach.link(&tokens.control);
        Links {
            view: self.reach.link(&tokens.view),
            control: (!self.access.is_read_only()).then(control),
        }
    }
}
