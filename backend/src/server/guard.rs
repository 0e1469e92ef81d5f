//! What every request passes: no foreign site may speak to this server through somebody's browser,
//! and the browser is told what the page may do.

use super::reply::Refusal;
use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, SocketAddr};

/// The page runs its own scripts and WASM, and talks to its own server: nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
];

pub(super) async fn check(
    State(listening): State<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match verdict(request.headers(), listening) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

/// A name that somebody's DNS points here must not do (DNS rebinding), so the Host is an address or
/// `localhost`; and a request that a page made comes from this server's page.
fn verdict(headers: &HeaderMap, listening: SocketAddr) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST).unwrap_or_default();
    if !is_own_host(host, listening) {
        return Err(Refusal {
            status: StatusCode::MISDIRECTED_REQUEST,
            error: format!("this server is not called {host:?}"),
            hint: format!("open it by its address, as http://{listening}, or as localhost"),
        });
    }
    let same_origin = |origin: &str| origin.strip_prefix("http://") == Some(host);
    match headers.contains_key(ORIGIN) {
        true if !text(ORIGIN).is_some_and(same_origin) => Err(Refusal {
            status: StatusCode::FORBIDDEN,
            error: "the request comes from a page of another site".into(),
            hint: "use the page of this server, or a program that sends no Origin".into(),
        }),
        _ => Ok(()),
    }
}

/// Whether `host` names this server without a look-up: its address, any address when it listens on
/// all, or `localhost`. Ports are the sender's business: a tunnel's differs.
fn is_own_host(host: &str, listening: SocketAddr) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok_and(|address| {
        address == listening.ip() || address.is_loopback() || listening.ip().is_unspecified()
    })
}

#[cfg(test)]
mod tests {
    use super::{is_own_host, verdict};
    use axum::http::header::{HOST, ORIGIN};
    use axum::http::{HeaderMap, HeaderValue, StatusCode};

    #[test]
    fn only_own_names_are_answered() {
        let table = [
            ("127.0.0.1:8080", "127.0.0.1:8080", true),
            ("127.0.0.1:8080", "localhost:8080", true),
            ("127.0.0.1:8080", "LOCALHOST", true),
            ("127.0.0.1:8080", "localhost:9999", true),
            ("127.0.0.1:8080", "[::1]:8080", true),
            ("127.0.0.1:8080", "10.0.0.5:8080", false),
            ("127.0.0.1:8080", "rebound.example:8080", false),
            ("127.0.0.1:8080", "localhost.example", false),
            ("127.0.0.1:8080", "", false),
            ("10.0.0.5:8080", "10.0.0.5:8080", true),
            ("0.0.0.0:8080", "10.0.0.5:8080", true),
            ("0.0.0.0:8080", "rebound.example:8080", false),
            ("[::1]:8080", "[::1]", true),
        ];
        for (listening, host, own) in table {
            let listening = listening.parse().unwrap();
            assert_eq!(is_own_host(host, listening), own, "{listening} {host}");
        }
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let table = [
            (None, None),
            (Some("http://localhost:8080"), None),
            (Some("http://localhost:8081"), Some(StatusCode::FORBIDDEN)),
            (Some("https://evil.example"), Some(StatusCode::FORBIDDEN)),
            (Some("null"), Some(StatusCode::FORBIDDEN)),
        ];
        for (origin, refused) in table {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("localhost:8080"));
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            let verdict = verdict(&headers, "127.0.0.1:8080".parse().unwrap());
            assert_eq!(verdict.err().map(|r| r.status), refused, "{origin:?}");
        }
    }
}
