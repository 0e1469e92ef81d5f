//! The door: what every request shows to be let in. The page and its program are for everybody; what is measured is not.

use super::Shared;
use super::peer::Peer;
use super::reply::Refusal;
use super::seats::Seat;
use crate::access::Rights;
use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;

/// What is answered without a token: the page itself holds nothing of this host, and health checks ask
/// from outside. The WebSocket asks by itself, for a browser can show nothing with its request.
fn is_open(path: &str) -> bool {
    path.starts_with("/assets/") || ["/", "/ws", "/healthz", SESSION].contains(&path)
}

/// Where a token is exchanged for a session, and the session is ended.
pub(super) const SESSION: &str = "/api/v1/session";

/// Where the page shows its session. A proxy that asks for a password of its own has the browser show that in
/// Authorization, in place of which a page can't put anything else.
const OWN_HEADER: HeaderName = HeaderName::from_static("runqlat-session");

/// Lets in who may look, with their rights in the request's extensions.
pub(super) async fn check(
    State(shared): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    let of_user = shared.of_user(&mut request);
    let by_token = shared.access.admit(shown(request.headers()));
    match greatest(of_user, by_token) {
        Some(rights) => {
            if let Some(seat) = request.extensions().get::<Seat>() {
                seat.known();
            }
            request.extensions_mut().insert(rights);
            next.run(request).await
        }
        None if is_open(request.uri().path()) => next.run(request).await,
        None => {
            let peer = request.extensions().get::<Peer>();
            let refusal = shared.unknown(peer, request.headers());
            if let Some(peer) = peer {
                shared.strangers_told.refused(peer, &refusal);
            }
            refusal.into_response()
        }
    }
}

/// Either is enough; of two, the one that gives more counts, and the user's where they give the same: it does not end.
fn greatest(of_user: Option<Rights>, by_token: Option<Rights>) -> Option<Rights> {
    match (of_user, by_token) {
        (Some(user), Some(token)) if token.may_control && !user.may_control => Some(token),
        (of_user, by_token) => of_user.or(by_token),
    }
}

/// The tokens and sessions that a request shows. An Authorization that is no Bearer is not for this server.
pub(super) fn shown(headers: &HeaderMap) -> Vec<&str> {
    let texts = |name| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
    };
    let bearer = |text| {
        let (scheme, token) = str::split_once(text, ' ').unwrap_or_default();
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    };
    let bearers = texts(AUTHORIZATION).filter_map(bearer);
    bearers.chain(texts(OWN_HEADER).map(str::trim)).collect()
}

impl Shared {
    /// For who showed nothing that counts, or nothing. Who did show something is to know that showing it again is of no
    /// use.
    pub(super) fn unknown(&self, peer: Option<&Peer>, headers: &HeaderMap) -> Refusal {
        match shown(headers).is_empty() {
            true => self.stranger(peer, headers),
            false => Refusal::wrong_token(),
        }
    }
}

impl Refusal {
    pub(super) fn no_token() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "this server asks for a token".into(),
            hint:
                "open one of its links, which `runqlat-web link` prints for whoever started it; programs send the header \
                   `Authorization: Bearer TOKEN`"
                    .into(),
        }
    }

    pub(super) fn wrong_token() -> Self {
        Self {
            error: "this is no token of this server, or not any more: it makes new ones when it starts, unless they \
                    are in files"
                .into(),
            ..Self::no_token()
        }
    }
}

/// A handler that asks for rights is never reached without.
impl<S: Send + Sync> FromRequestParts<S> for Rights {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let rights = parts.extensions.get().cloned();
        rights.ok_or_else(|| Refusal::no_token().into_response())
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Rights {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::{OWN_HEADER, shown};
    use axum::http::header::{AUTHORIZATION, COOKIE};
    use axum::http::{HeaderMap, HeaderValue};

    #[test]
    fn tokens_are_found_where_they_may_be() {
        let table = [
            (&[][..], None, &[][..]),
            (&["Bearer t"], None, &["t"]),
            (&["bearer  t "], None, &["t"]),
            (&["Bearer t"], Some("s"), &["t", "s"]),
            // A proxy's own hides nothing.
            (&["Basic dDp0"], Some("s"), &["s"]),
            (&["Basic dDp0", "Bearer t"], None, &["t"]),
            (&["Bearer"], Some(" s "), &["s"]),
            (&["Basic dDp0"], None, &[]),
        ];
        for (authorizations, own, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_static("runqlat-web=c"));
            for value in authorizations {
                headers.append(AUTHORIZATION, HeaderValue::from_static(value));
            }
            if let Some(own) = own {
                headers.insert(OWN_HEADER, HeaderValue::from_static(own));
            }
            assert_eq!(shown(&headers), expected, "{authorizations:?} {own:?}");
        }
    }
}
