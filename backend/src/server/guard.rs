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
use axum::http::{Method, StatusCode};
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
    let mut response = match verdict(&request, &reach) {
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

/// A name that somebody's DNS points here must not do (DNS rebinding), so the Host is one of the server's own; and a
/// request that a page made comes from this server's page. A health check says one word to anybody: balancers send no
/// name, or their own.
fn verdict<B>(request: &axum::http::Request<B>, reach: &Reach) -> Result<(), Refusal> {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if headers.get_all(HOST).iter().count() > 1 {
        return Err(Refusal::bad_request(
            "the request has more than one Host header",
            "a proxy on the way adds a Host and has to replace it; docs/proxy.md has settings that work",
        ));
    }
    let host = text(HOST).unwrap_or_default();
    let is_health_check = super::prefix::own(reach.prefix(), request.uri().path()) == "/healthz";
    if !is_health_check && !reach.is_called(host) {
        return Err(misdirected(host, reach));
    }
    let over_unix = |peer: &Peer| peer.end == End::Unix;
    let is_plain = request.extensions().get().is_some_and(over_unix);
    let scheme = if is_plain { "http" } else { reach.scheme() };
    let foreign = match headers.contains_key(ORIGIN) {
        true => !text(ORIGIN).is_some_and(|origin| reach.is_own_page(origin, (scheme, host))),
        false => is_from_elsewhere(request.method(), text),
    };
    if foreign {
        return Err(Refusal {
            status: StatusCode::FORBIDDEN,
            error: "the request comes from a page of another site".into(),
            hint: elsewhere(text(ORIGIN), host, reach),
        });
    }
    Ok(())
}

fn misdirected(host: &str, reach: &Reach) -> Refusal {
    let hint = match &reach.public {
        Some(public) => format!(
            "open it at {}; the proxy there passes its own Host on, or this server's address",
            public.url()
        ),
        None => format!(
            "open it by its address, as {}, or as localhost; --host-name gives it a name, --public-url a proxy's",
            reach.address()
        ),
    };
    Refusal {
        status: StatusCode::MISDIRECTED_REQUEST,
        error: format!("this server is not called {host:?}"),
        hint,
    }
}

/// What to do about an Origin that is another's. One that has the Host's name and another scheme or port is the page of
/// this server, opened through a proxy that it was not told of.
fn elsewhere(origin: Option<&str>, host: &str, reach: &Reach) -> String {
    let name = |host: &str| host.split(':').next().unwrap_or_default().to_owned();
    let after = origin.and_then(|origin| origin.split_once("://"));
    match (&reach.public, after, origin) {
        (Some(public), ..) => format!("open the page at {}", public.url()),
        (None, Some((_, opened)), Some(origin)) if name(opened) == name(host) => format!(
            "if {origin} is a proxy before this server, start it with --public-url and the address that people open"
        ),
        _ => "use the page of this server, or a program that sends no Origin".into(),
    }
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
    use crate::public_url::PublicUrl;
    use crate::reach::Reach;
    use axum::http::{Method, Request, StatusCode};

    fn reach(tls: bool, public: Option<&str>) -> Reach {
        Reach {
            listening: "127.0.0.1:8080".parse().unwrap(),
            all: vec!["127.0.0.1:8080".parse().unwrap()],
            host: "127.0.0.1".parse().unwrap(),
            names: Vec::new(),
            public: public.map(|url| PublicUrl::parse(url).unwrap()),
            tls,
        }
    }

    fn asked(
        reach: &Reach,
        (method, path): (Method, &str),
        headers: &[(&'static str, &'static str)],
    ) -> Option<u16> {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let refusal = verdict(&request.body(()).unwrap(), reach).err();
        refusal.map(|refusal| refusal.status.as_u16())
    }

    fn refused(method: Method, tls: bool, headers: &[(&'static str, &'static str)]) -> Option<u16> {
        asked(&reach(tls, None), (method, "/"), headers)
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
        let two = [("host", "localhost:8080"), ("host", "localhost:8080")];
        assert_eq!(refused(Method::GET, false, &two), Some(400));
        assert_eq!(refused(Method::GET, false, &two[..1]), None);
    }

    #[test]
    fn a_health_check_needs_no_host() {
        let url = Some("https://ops.example/runqlat/");
        let table = [
            (None, "/healthz", &[][..], None),
            (None, "/healthz", &[("host", "balancer.example")], None),
            (None, "/healthz", &[("host", "a"), ("host", "b")], Some(400)),
            (
                None,
                "/healthz",
                &[("origin", "https://evil.example")],
                Some(403),
            ),
            (None, "/runqlat/healthz", &[], Some(421)),
            (url, "/runqlat/healthz", &[], None),
            (url, "/healthz", &[], None),
            (None, "/healthz/", &[], Some(421)),
            (None, "/", &[], Some(421)),
        ];
        for (public, path, headers, expected) in table {
            let found = asked(&reach(false, public), (Method::GET, path), headers);
            assert_eq!(found, expected, "{path} {headers:?}");
        }
    }

    #[test]
    fn behind_a_proxy_pages_are_those_of_the_public_address() {
        let reach = reach(false, Some("https://ops.example/runqlat/"));
        let table = [
            ("ops.example", Some("https://ops.example"), None),
            ("127.0.0.1:8080", Some("https://ops.example"), None),
            ("127.0.0.1:8080", None, None),
            ("127.0.0.1:8080", Some("http://127.0.0.1:8080"), Some(403)),
            ("ops.example", Some("http://ops.example"), Some(403)),
            ("evil.example", Some("https://ops.example"), Some(421)),
        ];
        for (host, origin, expected) in table {
            let mut headers = vec![("host", host)];
            headers.extend(origin.map(|origin| ("origin", origin)));
            let found = asked(&reach, (Method::GET, "/runqlat/ws"), &headers);
            assert_eq!(found, expected, "{headers:?}");
        }
    }
}
