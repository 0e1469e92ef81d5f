//! Behind a proxy all connections come from the proxy, which says whose they are in `X-Forwarded-For`. Its last hop is the
//! one that the proxy saw itself; those before it anybody can write. It counts for limits and is named in the audit, and
//! gives nobody any right.

use super::peer::Peer;
use crate::reach::Reach;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Notes in the request's [`Peer`] whose it is. Only where people come through a proxy, and only from this host, where
/// that proxy is: from elsewhere anybody could write it.
pub(super) async fn note(
    State(reach): State<Arc<Reach>>,
    mut request: Request,
    next: Next,
) -> Response {
    if reach.public.is_some() {
        let hop = last_hop(request.headers());
        if let Some(peer) = request.extensions_mut().get_mut::<Peer>()
            && peer.end.is_local()
        {
            peer.forwarded = hop;
        }
    }
    next.run(request).await
}

/// The last address of the last header; none where that is no address.
fn last_hop(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED_FOR).iter().next_back()?;
    let hop = last.to_str().ok()?.rsplit(',').next()?.trim();
    // Some write a port, and some the brackets of IPv6 alone.
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse().ok();
    address.or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use super::last_hop;
    use axum::http::HeaderMap;

    #[test]
    fn the_last_hop_counts() {
        let table = [
            (&[][..], None),
            (&["203.0.113.7"], Some("203.0.113.7")),
            (&["198.51.100.1, 203.0.113.7"], Some("203.0.113.7")),
            (&["198.51.100.1", "203.0.113.7"], Some("203.0.113.7")),
            (&["198.51.100.1,203.0.113.7 "], Some("203.0.113.7")),
            (&["2001:db8::1"], Some("2001:db8::1")),
            (&["[2001:db8::1]"], Some("2001:db8::1")),
            (&["[2001:db8::1]:4711"], Some("2001:db8::1")),
            (&["203.0.113.7:4711"], Some("203.0.113.7")),
            // Not the one before: that may be anybody's word.
            (&["203.0.113.7, unknown"], None),
            (&["203.0.113.7,"], None),
            (&["203.0.113.7", ""], None),
        ];
        for (lines, expected) in table {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let expected = expected.map(|address: &str| address.parse().unwrap());
            assert_eq!(last_hop(&headers), expected, "{lines:?}");
        }
    }
}
