//! The prefix of the public address. Some proxies pass it on and some take it off, so both ways of asking are answered:
//! as `/runqlat/ws` and as `/ws`. The page's own paths are relative, so it need not know which.

use crate::reach::Reach;
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The path as this server's own routes have it.
pub(super) fn own<'a>(prefix: &str, path: &'a str) -> &'a str {
    match path.strip_prefix(prefix) {
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

/// Takes the prefix off. Without the slash after it, the page's relative paths would begin a step too high: browsers are
/// sent to the address with one.
pub(super) async fn take_off(
    State(reach): State<Arc<Reach>>,
    mut request: Request,
    next: Next,
) -> Response {
    let (prefix, uri) = (reach.prefix(), request.uri());
    if prefix.is_empty() {
        return next.run(request).await;
    }
    if uri.path() == prefix {
        let query = uri.query().map(|query| format!("?{query}"));
        let to = format!("{prefix}/{}", query.unwrap_or_default());
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)]).into_response();
    }
    if let Some(uri) = without(prefix, uri) {
        *request.uri_mut() = uri;
    }
    next.run(request).await
}

fn without(prefix: &str, uri: &Uri) -> Option<Uri> {
    let rest = own(prefix, uri.path());
    let query = uri.query().map(|query| format!("?{query}"));
    let path = format!("{rest}{}", query.unwrap_or_default());
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::{own, without};
    use axum::http::Uri;

    #[test]
    fn a_prefix_is_whole_segments() {
        let table = [
            ("/runqlat", "/runqlat/", "/"),
            ("/runqlat", "/runqlat/ws", "/ws"),
            ("/runqlat", "/runqlat/runqlat/ws", "/runqlat/ws"),
            ("/runqlat", "/runqlat", "/runqlat"),
            ("/runqlat", "/runqlatex/ws", "/runqlatex/ws"),
            ("/runqlat", "/ws", "/ws"),
            ("/a/b", "/a/b/api/v1/state", "/api/v1/state"),
            ("", "/ws", "/ws"),
        ];
        for (prefix, path, expected) in table {
            assert_eq!(own(prefix, path), expected, "{prefix} {path}");
        }
        let uri: Uri = "/runqlat/?by=share&x=%2F".parse().unwrap();
        assert_eq!(without("/runqlat", &uri).unwrap(), "/?by=share&x=%2F");
        let uri: Uri = "http://ops.example/runqlat/ws".parse().unwrap();
        assert_eq!(without("/runqlat", &uri).unwrap(), "http://ops.example/ws");
    }
}
