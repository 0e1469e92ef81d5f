//! How a viewer comes in: whether it may, in which format, and what it is told when it may not.

use super::Shared;
use super::crowd::{Party, Place, count};
use super::peer::Peer;
use super::reply::Refusal;
use super::seats::Seat;
use super::throttle::Meter;
use super::ws::Connection;
use crate::access::Rights;
use crate::hub::Viewer;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::http::header::{ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use runqlat_common::wire::{
    CLOSE_FULL, CLOSE_NO_TOKEN, CLOSE_OLD_PAGE, Format, MAX_CLIENT_MESSAGE,
};
use std::time::Duration;
use tokio::time::timeout;

/// A longer message ends the connection; up to here, one that is too long is only refused.
const MAX_FRAME: usize = 16 * MAX_CLIENT_MESSAGE;

/// Bytes that are read ahead: as long as a message of a viewer's. The usual 128 kB would be most of what a
/// viewer costs.
const READ_BUFFER: usize = MAX_CLIENT_MESSAGE;

/// How long somebody who is turned away gets to read why.
const FAREWELL: Duration = Duration::from_secs(2);

/// Those who read it at a time; more are told as programs are.
pub(super) const MAX_FAREWELLS: usize = 64;

pub(super) async fn upgrade(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    (Extension(meter), Extension(seat)): (Extension<Meter>, Extension<Seat>),
    rights: Option<Rights>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|rejection| not_an_upgrade(&headers, &rejection))?;
    let spoken = negotiate(&headers)?;
    let former = Format::ALL.map(Format::former_subprotocol);
    let upgrade = upgrade
        .protocols(
            Format::ALL
                .map(Format::subprotocol)
                .into_iter()
                .chain(former),
        )
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .read_buffer_size(READ_BUFFER);
    let Spoken::Now(format) = spoken else {
        return turn_away(&shared, TurnedAway::old(), upgrade);
    };
    meter.belongs_to(Party::of(&peer));
    // A browser's page is told nothing of a refused upgrade, so it is let in as far as the door.
    let is_page = headers.contains_key(ORIGIN);
    let Some(rights) = rights else {
        return match is_page {
            true => {
                let stranger = shared.stranger(Some(&peer), &headers);
                Ok(ask(shared, format, (peer, meter, stranger), seat, upgrade))
            }
            false => {
                let refusal = shared.unknown(Some(&peer), &headers);
                shared.strangers_told.refused(&peer, &refusal);
                Err(refusal)
            }
        };
    };
    match admit(&shared, rights, peer) {
        Ok((admitted, place)) => Ok(upgrade.on_upgrade(move |socket| async move {
            Connection::new(socket, format, shared, (peer, meter), admitted)
                .run()
                .await;
            drop(place);
        })),
        Err(turned) if is_page => turn_away(&shared, turned, upgrade),
        Err(turned) => Err(turned.refusal),
    }
}

/// A browser puts a key into each WebSocket request. What says so and asks for no upgrade has met a proxy that passes on
/// the one and not the other, which belongs to each connection by itself.
fn not_an_upgrade(headers: &HeaderMap, rejection: &WebSocketUpgradeRejection) -> Refusal {
    let (error, hint) =
        match headers.contains_key(SEC_WEBSOCKET_KEY) && !headers.contains_key(UPGRADE) {
            true => (
                "a proxy on the way took the Upgrade header out of this WebSocket request".into(),
                "have it pass Upgrade and Connection on; docs/proxy.md has settings that work",
            ),
            false => (
                format!("not a WebSocket request: {}", rejection.body_text()),
                "open it with a WebSocket client, as ws://…/ws",
            ),
        };
    Refusal {
        status: StatusCode::UPGRADE_REQUIRED,
        error,
        hint: hint.into(),
    }
}

/// Accepts the upgrade and waits for a page to say who it is. Meanwhile it is a stranger: it keeps its connection's seat,
/// may have to make room like others who have shown nothing, and has no place among the viewers.
fn ask(
    shared: Shared,
    format: Format,
    (peer, meter, refusal): (Peer, Meter, Refusal),
    seat: Seat,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(move |mut socket| async move {
        let mut stop = shared.stop.clone();
        let rights = tokio::select! {
            () = stop.requested() => return,
            () = seat.evicted() => Err(TurnedAway::evicted()),
            rights = shared.first_message(&mut socket, format, &peer) => {
                rights.map_err(|shown| TurnedAway::unknown(shown.unwrap_or(refusal)))
            }
        };
        drop(seat);
        let admitted = rights.and_then(|rights| admit(&shared, rights, peer));
        match admitted {
            Ok((admitted, place)) => {
                Connection::new(socket, format, shared, (peer, meter), admitted)
                    .run()
                    .await;
                drop(place);
            }
            Err(turned) => turned.tell(socket).await,
        }
    })
}

/// Accepts the upgrade and closes at once, so that the page learns why.
fn turn_away(
    shared: &Shared,
    turned: TurnedAway,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    let farewell = shared.farewells.clone().try_acquire_owned();
    let farewell = farewell.map_err(|_| turned.refusal.clone())?;
    Ok(upgrade.on_upgrade(move |socket| async move {
        turned.tell(socket).await;
        drop(farewell);
    }))
}

/// A place among the viewers, for who may look.
fn admit(
    shared: &Shared,
    rights: Rights,
    peer: Peer,
) -> Result<((Rights, Viewer), Place), TurnedAway> {
    let crowd = &shared.crowd;
    let place = crowd.viewers.take(peer.counted()).ok_or_else(|| {
        count(&crowd.refused.viewers_of_address);
        TurnedAway::crowded(crowd.max.per_address())
    })?;
    let viewer = shared.hub.enter(crowd.max.all).ok_or_else(|| {
        count(&crowd.refused.viewers);
        TurnedAway::full(crowd.max.all)
    })?;
    Ok(((rights, viewer), place))
}

/// Somebody who may not come in, and why.
struct TurnedAway {
    code: u16,
    refusal: Refusal,
}

impl TurnedAway {
    fn unknown(refusal: Refusal) -> Self {
        Self {
            code: CLOSE_NO_TOKEN,
            refusal,
        }
    }

    fn evicted() -> Self {
        Self {
            code: CLOSE_FULL,
            refusal: Refusal {
                status: StatusCode::SERVICE_UNAVAILABLE,
                error: "others needed the place before this page had signed in".into(),
                hint: "try again in a few seconds".into(),
            },
        }
    }

    fn old() -> Self {
        Self {
            code: CLOSE_OLD_PAGE,
            refusal: Refusal {
                status: StatusCode::UPGRADE_REQUIRED,
                error: "the server is newer than this page: reload it".into(),
                hint: "docs/protocol.md describes the version of the protocol that is spoken here"
                    .into(),
            },
        }
    }

    fn full(most: u32) -> Self {
        Self {
            code: CLOSE_FULL,
            refusal: Refusal {
                status: StatusCode::SERVICE_UNAVAILABLE,
                error: format!("{most} viewers are connected, which is the most"),
                hint: "try again when one has left; --max-viewers allows more".into(),
            },
        }
    }

    fn crowded(most: u32) -> Self {
        Self {
            code: CLOSE_FULL,
            refusal: Refusal {
                status: StatusCode::TOO_MANY_REQUESTS,
                error: format!("{most} viewers from your address are connected, which is the most"),
                hint: "try again when one has left; --max-viewers-per-address allows more".into(),
            },
        }
    }

    async fn tell(self, mut socket: WebSocket) {
        let frame = CloseFrame {
            code: self.code,
            reason: self.refusal.error.into(),
        };
        let farewell = async {
            let _ = socket.send(Message::Close(Some(frame))).await;
            // Until it has hung up: closed from here, it might not get to read.
            while let Some(Ok(_)) = socket.recv().await {}
        };
        let _ = timeout(FAREWELL, farewell).await;
    }
}

/// The version of the protocol that a viewer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoken {
    /// The current version.
    Now(Format),
    /// An earlier version.
    Formerly,
}

/// The first sub-protocol asked for that is known; JSON when none is asked for.
fn negotiate(headers: &HeaderMap) -> Result<Spoken, Refusal> {
    let offered: Vec<&str> = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .collect();
    if offered.is_empty() && !headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
        return Ok(Spoken::Now(Format::Json));
    }
    let known = |name: &&str| Format::ALL.into_iter().find(|f| f.subprotocol() == *name);
    if let Some(format) = offered.iter().find_map(known) {
        return Ok(Spoken::Now(format));
    }
    let former = Format::ALL.map(Format::former_subprotocol);
    let is_former = offered.iter().any(|name| former.contains(name));
    is_former.then_some(Spoken::Formerly).ok_or_else(|| {
        let [a, b] = Format::ALL.map(Format::subprotocol);
        Refusal::bad_request(
            format!("unknown WebSocket sub-protocol {:?}", offered.join(", ")),
            format!("{a} and {b} are spoken here; without any, the first"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{Spoken, negotiate};
    use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
    use axum::http::{HeaderMap, HeaderValue};
    use runqlat_common::wire::Format;

    #[test]
    fn sub_protocols_are_chosen_or_refused() {
        let (json, postcard) = (Spoken::Now(Format::Json), Spoken::Now(Format::Postcard));
        let both = "runqlat-web.v1.json, runqlat-web.v2.postcard";
        let table = [
            (None, Some(json)),
            (Some("runqlat-web.v2.json"), Some(json)),
            (Some("runqlat-web.v2.postcard"), Some(postcard)),
            (Some("v9, runqlat-web.v2.postcard"), Some(postcard)),
            (Some(both), Some(postcard)),
            (Some("runqlat-web.v1.json"), Some(Spoken::Formerly)),
            (Some("runqlat-web.v1.postcard"), Some(Spoken::Formerly)),
            (Some("soap"), None),
            (Some(""), None),
        ];
        for (offered, chosen) in table {
            let mut headers = HeaderMap::new();
            if let Some(offered) = offered {
                headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(offered));
            }
            assert_eq!(negotiate(&headers).ok(), chosen, "{offered:?}");
        }
    }
}
