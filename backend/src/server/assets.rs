//! The page, out of the binary: compressed beforehand, typed, and cached by content hash.

use super::Shared;
use super::peer::Peer;
use super::reply::Refusal;
use crate::access::Rights;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$PAGE_DIR"]
struct Page;

/// Content codings by preference, with the suffix of their files.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Names under /assets hold a hash of the content: what was fetched once is never asked for again.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// The page holds nothing of this host, so every browser gets it: which session it has, if any, only its scripts say.
pub(super) async fn index(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    rights: Option<Rights>,
    headers: HeaderMap,
) -> Response {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    if rights.is_none() && !accept.is_some_and(|types| types.contains("text/html")) {
        return shared.unknown(Some(&peer), &headers).into_response();
    }
    // Names of the assets change with a new version, so the page itself is always asked for.
    respond("index.html", "no-cache", &headers)
}

pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    // Names with a coding's suffix are how the files lie here, not resources.
    if CODINGS.iter().any(|(_, suffix)| name.ends_with(suffix)) {
        return missing(&name);
    }
    respond(&format!("assets/{name}"), FOREVER, &headers)
}

fn missing(name: &str) -> Response {
    Refusal::not_found(format!("there is no asset {name}")).into_response()
}

fn respond(path: &str, caching: &'static str, headers: &HeaderMap) -> Response {
    let Some((coding, file)) = choose(path, headers) else {
        return missing(path);
    };
    let etag = etag(&file);
    if headers.get(IF_NONE_MATCH) == Some(&etag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response();
    }
    let mut response = Response::new(Body::from(file.data.into_owned()));
    let answer = response.headers_mut();
    answer.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    answer.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    answer.insert(VARY, HeaderValue::from_static("accept-encoding"));
    answer.insert(ETAG, etag);
    if let Some(coding) = coding {
        answer.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

/// The best form of the file that the client takes.
fn choose(path: &str, headers: &HeaderMap) -> Option<(Option<&'static str>, EmbeddedFile)> {
    let accepted = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    for (coding, suffix) in CODINGS {
        if accepts(accepted.unwrap_or_default(), coding)
            && let Some(file) = Page::get(&format!("{path}{suffix}"))
        {
            return Some((Some(coding), file));
        }
    }
    Some((None, Page::get(path)?))
}

/// Whether an Accept-Encoding header takes `coding`: named, and not with a weight of zero.
fn accepts(header: &str, coding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|p| p.strip_prefix("q="));
        named && weight.is_none_or(|q| q.parse::<f32>().is_ok_and(|q| q > 0.0))
    })
}

fn etag(file: &EmbeddedFile) -> HeaderValue {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash[..16].iter().map(|b| format!("{b:02x}")).collect();
    HeaderValue::try_from(format!("\"{hex}\"")).expect("hexadecimal digits")
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn codings_are_taken_as_the_client_weighs_them() {
        let table = [
            ("gzip, deflate, br, zstd", "br", true),
            ("gzip;q=0.5, BR", "br", true),
            ("br;q=0, gzip", "br", false),
            ("br; q=0.1", "br", true),
            ("bro", "br", false),
            ("", "gzip", false),
        ];
        for (header, coding, taken) in table {
            assert_eq!(accepts(header, coding), taken, "{header}");
        }
    }
}
