//! What every request passes: no foreign site may speak to this server through somebody's browser,
//! and the browser is told what the page may do.

use super::peer::{End, Peer};
use super::reply::Refusal;
use crate::reach::Reach;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The page runs its own scripts and WASM, and talks to its own server: nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

pub(super) async fn check(
    State(reach): State<Arc<Reach>>,
    request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<Peer>();
    let is_tls = reach.tls && !peer.is_some_and(|peer| peer.end == End::Unix);
    let mut response = match verdict(request.method(), request.headers(), &reach, is_tls) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What says nothing of caches is of this moment.
    let unsaid = headers.entry(CACHE_CONTROL);
    unsaid.or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A name that somebody's DNS points here must not do (DNS rebinding), so the Host is one of the
/// server's own; and a request that a page made comes from this server's page.
fn verdict(
    method: &Method,
    headers: &HeaderMap,
    reach: &Reach,
    is_tls: bool,
) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST).unwrap_or_default();
    if headers.get_all(HOST).iter().count() > 1 || !reach.is_called(host) {
        return Err(Refusal {
            status: StatusCode::MISDIRECTED_REQUEST,
            error: format!("this server is not called {host:?}"),
            hint: format!(
                "open it by its address, as {}, or as localhost; --host-name gives it a name",
                reach.address()
            ),
        });
    }
    let own = |origin: &str| {
        let scheme = if is_tls { "https" } else { "http" };
        origin.split_once("://") == Some((scheme, host))
    };
    let foreign = match headers.contains_key(ORIGIN) {
        true => !text(ORIGIN).is_some_and(own),
        false => is_from_elsewhere(method, text),
    };
    if foreign {
        return Err(Refusal {
            status: StatusCode::FORBIDDEN,
            error: "the request comes from a page of another site".into(),
            hint: "use the page of this server, or a program that sends no Origin".into(),
        });
    }
    Ok(())
}

/// Whether the browser says that another site's page is behind a request without Origin. A link to
/// this page may be anywhere, so opening it is no such request. `same-site` is another port of this host.
fn is_from_elsewhere<'a>(method: &Method, text: impl Fn(HeaderName) -> Option<&'a str>) -> bool {
    let fetch = |name| text(HeaderName::from_static(name));
    let other =
        matches!(fetch("sec-fetch-site"), Some(site) if site != "same-origin" && site != "none");
    let opens = (method == Method::GET || method == Method::HEAD)
        && fetch("sec-fetch-mode") == Some("navigate")
        && fetch("sec-fetch-dest") == Some("document");
    other && !opens
}

#[cfg(test)]
mod tests {
    use super::verdict;
    use crate::reach::Reach;
    use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

    fn refused(method: Method, tls: bool, headers: &[(&'static str, &'static str)]) -> Option<u16> {
        let reach = Reach {
            listening: "127.0.0.1:8080".parse().unwrap(),
            all: vec!["127.0.0.1:8080".parse().unwrap()],
            host: "127.0.0.1".parse().unwrap(),
            names: Vec::new(),
            tls,
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let refusal = verdict(&method, &map, &reach, tls).err();
        refusal.map(|refusal| refusal.status.as_u16())
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let table = [
            (None, false, None),
            (Some("http://localhost:8080"), false, None),
            (Some("https://localhost:8080"), true, None),
            (Some("https://localhost:8080"), false, Some(403)),
            (Some("http://localhost:8080"), true, Some(403)),
            (Some("http://localhost:8081"), false, Some(403)),
            (Some("http://localhost:8080.evil.example"), false, Some(403)),
            (Some("https://evil.example"), false, Some(403)),
            (Some("null"), false, Some(403)),
            (Some(""), false, Some(403)),
        ];
        for (origin, tls, expected) in table {
            let mut headers = vec![("host", "localhost:8080")];
            headers.extend(origin.map(|origin| ("origin", origin)));
            assert_eq!(refused(Method::GET, tls, &headers), expected, "{origin:?}");
        }
    }

    #[test]
    fn without_origin_the_browser_says_who_asks() {
        let own = ("host", "localhost:8080");
        let table = [
            (Method::GET, &["same-origin", "cors", "empty"][..], None),
            (Method::GET, &["none", "navigate", "document"], None),
            // A link in a chat or on another site.
            (Method::GET, &["cross-site", "navigate", "document"], None),
            (
                Method::GET,
                &["cross-site", "navigate", "iframe"],
                Some(403),
            ),
            (Method::GET, &["cross-site", "no-cors", "image"], Some(403)),
            (Method::GET, &["same-site", "no-cors", "script"], Some(403)),
            (Method::GET, &["cross-site", "websocket"], Some(403)),
            (Method::GET, &["cross-site"], Some(403)),
            (Method::PUT, &["cross-site"], Some(403)),
            (
                Method::POST,
                &["cross-site", "navigate", "document"],
                Some(403),
            ),
            (Method::POST, &["something-new"], Some(403)),
            (Method::PUT, &["same-origin"], None),
            (Method::PUT, &[], None),
        ];
        let names = ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"];
        for (method, values, expected) in table {
            let mut headers = vec![own];
            headers.extend(names.into_iter().zip(values.iter().copied()));
            assert_eq!(refused(method, false, &headers), expected, "{values:?}");
        }
    }

    #[test]
    fn a_request_has_one_host() {
        let misdirected = Some(StatusCode::MISDIRECTED_REQUEST.as_u16());
        assert_eq!(refused(Method::GET, false, &[]), misdirected);
        let two = [("host", "localhost:8080"), ("host", "evil.example")];
        assert_eq!(refused(Method::GET, false, &two), misdirected);
        assert_eq!(refused(Method::GET, false, &two[..1]), None);
    }
}
