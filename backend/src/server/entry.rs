//! The door: what every request shows to be let in, and the exchange of a token for a cookie. The page
//! and its program are for everybody; what is measured is not.

use super::Shared;
use super::reply::Refusal;
use super::seats::Seat;
use crate::access::Rights;
use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderValue, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// What is answered without a token: the page itself holds nothing of this host, and health checks ask
/// from outside. The WebSocket refuses by itself, for a browser is told nothing of an upgrade's status.
fn is_open(path: &str) -> bool {
    path.starts_with("/assets/") || ["/", "/ws", "/healthz", SESSION].contains(&path)
}

/// Where a token is exchanged for a cookie.
pub(super) const SESSION: &str = "/api/v1/session";

/// Lets in who may look, with their rights in the request's extensions.
pub(super) async fn check(
    State(shared): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    match shared.access.admit(shown(request.headers())) {
        Some(rights) => {
            if let Some(seat) = request.extensions().get::<Seat>() {
                seat.known();
            }
            request.extensions_mut().insert(rights);
            next.run(request).await
        }
        None if is_open(request.uri().path()) => next.run(request).await,
        None => Refusal::unknown(request.headers()).into_response(),
    }
}

/// The tokens that a request shows: the one in its Authorization, or else all in this server's cookie.
fn shown(headers: &HeaderMap) -> Vec<&str> {
    if let Some(authorization) = headers.get(AUTHORIZATION) {
        let text = authorization.to_str().unwrap_or_default();
        let (scheme, token) = text.split_once(' ').unwrap_or_default();
        let bearer = scheme.eq_ignore_ascii_case("bearer");
        return bearer.then(|| token.trim()).into_iter().collect();
    }
    let name = cookie_name(headers);
    let texts = headers.get_all(COOKIE).iter();
    let cookies = texts.filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';'));
    let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    pairs
        .filter(|(found, _)| *found == name)
        .map(|(_, token)| token)
        .collect()
}

/// Browsers share cookies between all ports of a host, so the port that the browser sees is in the name:
/// tunnels to two servers end on one host.
fn cookie_name(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let port = host.and_then(|host| host.rsplit_once(':')?.1.parse::<u16>().ok());
    match port {
        Some(port) => format!("runqlat-web-{port}"),
        None => "runqlat-web".into(),
    }
}

/// A cookie with this token, for the page alone: no script reads it, no other site's request carries it.
pub(super) fn cookie(headers: &HeaderMap, token: &str, tls: bool) -> HeaderValue {
    let name = cookie_name(headers);
    let secure = if tls { "; Secure" } else { "" };
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::try_from(text).expect("tokens are letters, digits and -_.~")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    token: String,
}

/// What somebody may.
#[derive(Serialize)]
pub(super) struct May {
    pub(super) may_control: bool,
}

/// Exchanges a token for a cookie.
pub(super) async fn sign_in(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    const HINT: &str = r#"the body is {"token": "…"}"#;
    let body = body.map_err(|rejection| Refusal::unread(&rejection, HINT))?;
    let SignIn { token } = serde_json::from_slice(&body)
        .map_err(|error| Refusal::bad_request(format!("not a sign-in: {error}"), HINT))?;
    let rights = shared.access.admit([token.trim()]);
    let rights = rights.ok_or_else(Refusal::wrong_token)?;
    let may_control = rights.may_control;
    let mut response = Json(May { may_control }).into_response();
    if shared.access.asks() {
        let cookie = cookie(&headers, token.trim(), shared.reach.tls);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

impl Refusal {
    /// For who showed a token that is none of this server's, or showed none. Who did is to know that showing it again is
    /// of no use.
    pub(super) fn unknown(headers: &HeaderMap) -> Self {
        match shown(headers).is_empty() {
            true => Self::no_token(),
            false => Self::wrong_token(),
        }
    }

    pub(super) fn no_token() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "this server asks for a token".into(),
            hint:
                "open one of the links that it printed when it started; programs send the header \
                   `Authorization: Bearer TOKEN`"
                    .into(),
        }
    }

    fn wrong_token() -> Self {
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
    use super::{cookie, shown};
    use axum::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName};
    use axum::http::{HeaderMap, HeaderValue};

    fn headers(list: &[(HeaderName, &'static str)]) -> HeaderMap {
        let pairs = list.iter();
        pairs
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn tokens_are_found_where_they_may_be() {
        let ours = "runqlat-web-8080=a; other=x; runqlat-web-8080=b; runqlat-web-9090=c; =; y";
        let table = [
            (None, None, &[][..]),
            (Some("Bearer t"), None, &["t"]),
            (Some("bearer  t "), None, &["t"]),
            (Some("Basic dDp0"), Some(ours), &[]),
            (Some("Bearer"), Some(ours), &[]),
            (None, Some(ours), &["a", "b"]),
            (None, Some("runqlat-web=a"), &[]),
        ];
        for (authorization, cookies, expected) in table {
            let mut list = vec![(HOST, "localhost:8080")];
            list.extend(authorization.map(|value| (AUTHORIZATION, value)));
            list.extend(cookies.map(|value| (COOKIE, value)));
            assert_eq!(shown(&headers(&list)), expected, "{list:?}");
        }
    }

    #[test]
    fn the_cookie_is_for_this_page_alone() {
        let tunnel = headers(&[(HOST, "localhost:9000")]);
        assert_eq!(
            cookie(&tunnel, "t", false),
            "runqlat-web-9000=t; Path=/; HttpOnly; SameSite=Strict"
        );
        let plain = headers(&[(HOST, "db1.example")]);
        assert_eq!(
            cookie(&plain, "t", true),
            "runqlat-web=t; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
    }
}
