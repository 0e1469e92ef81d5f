//! Other tokens: who has the old ones is out.

use super::Shared;
use super::entry::cookie;
use super::reply::Refusal;
use crate::access::{Rights, Tokens};
use axum::Json;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The new links.
#[derive(Serialize)]
struct Links {
    view: String,
    control: String,
}

/// Makes new tokens, which only who asked is told. All viewers have to come in anew.
pub(super) async fn rotate(
    State(shared): State<Shared>,
    rights: Rights,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    shared.only_controllers(&rights, "tokens can be changed")?;
    let new = Tokens::random().map_err(|error| Refusal {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        error: format!("the system gives no randomness: {error}"),
        hint: "the tokens stay as they are; ask again in a moment".into(),
    })?;
    let links = Links {
        view: shared.reach.link(&new.view),
        control: shared.reach.link(&new.control),
    };
    let mut response = Json(links).into_response();
    // A page that asks goes on with its new token; a program finds it in the answer.
    if !headers.contains_key(AUTHORIZATION) {
        let cookie = cookie(&headers, new.control.text(), shared.reach.tls);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    shared.access.turn(new);
    Ok(response)
}
