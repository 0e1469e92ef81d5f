//! The WebSocket: a snapshot, then one message an interval. A viewer that is too slow gets a new
//! snapshot; one that sends nonsense is told; one that does not read at all is dropped. None of it
//! is felt by the others.

use super::Shared;
use super::latest::Latest;
use super::reply::Refusal;
use super::together;
use crate::hub::{News, Viewer};
use crate::shutdown::Stop;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use runqlat_common::wire::{ClientMessage, Format, MAX_CLIENT_MESSAGE, ServerMessage, SetScope};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

/// A longer message ends the connection; up to here, one that is too long is only refused.
const MAX_FRAME: usize = 16 * MAX_CLIENT_MESSAGE;

/// A viewer that takes nothing for this long is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn upgrade(
    State(shared): State<Shared>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|rejection| {
        Refusal::bad_request(
            format!("not a WebSocket request: {}", rejection.body_text()),
            "open it with a WebSocket client, as ws://…/ws",
        )
    })?;
    let format = negotiate(&headers)?;
    let upgrade = upgrade
        .protocols(Format::ALL.map(Format::subprotocol))
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME);
    Ok(upgrade
        .on_upgrade(move |socket| async move {
            let stop = shared.stop.clone();
            Connection {
                socket,
                format,
                viewer: shared.hub.enter(),
                shared,
                targets: Latest::default(),
                regions: Latest::default(),
            }
            .run(stop)
            .await;
        })
        .into_response())
}

/// The first sub-protocol asked for that is known; JSON when none is asked for.
fn negotiate(headers: &HeaderMap) -> Result<Format, Refusal> {
    let offered: Vec<&str> = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .collect();
    if offered.is_empty() && !headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
        return Ok(Format::Json);
    }
    let known = |name: &&str| Format::ALL.into_iter().find(|f| f.subprotocol() == *name);
    offered.iter().find_map(known).ok_or_else(|| {
        let [a, b] = Format::ALL.map(Format::subprotocol);
        Refusal::bad_request(
            format!("unknown WebSocket sub-protocol {:?}", offered.join(", ")),
            format!("{a} and {b} are spoken here; without any, the first"),
        )
    })
}

struct Connection {
    socket: WebSocket,
    format: Format,
    shared: Shared,
    viewer: Viewer,
    targets: Latest<Answer>,
    regions: Latest<Answer>,
}

/// The answer to a question.
type Answer = Result<ServerMessage, Refusal>;

/// The connection is over.
struct Over;

impl Connection {
    async fn run(mut self, mut stop: Stop) {
        let _ = self.converse(&mut stop).await;
    }

    async fn converse(&mut self, stop: &mut Stop) -> Result<(), Over> {
        let mut news = self.seed().await?;
        loop {
            tokio::select! {
                () = stop.requested() => {
                    return self.close(close_code::AWAY, "the server is stopping").await;
                }
                frame = news.next() => match frame {
                    Ok(frame) => self.send_bytes(frame.bytes(self.format)).await?,
                    Err(RecvError::Lagged(missed)) => {
                        self.send(&ServerMessage::Lagged { missed }).await?;
                        news = self.seed().await?;
                    }
                    Err(RecvError::Closed) => return Ok(()),
                },
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => {
                        if self.answer(message).await? {
                            news = self.seed().await?;
                        }
                    }
                    Some(Err(error)) => return self.broken(&error).await,
                    None => return Ok(()),
                },
                answer = self.targets.done() => self.send_answer(answer).await?,
                answer = self.regions.done() => self.send_answer(answer).await?,
            }
        }
    }

    /// Sends a snapshot; what comes after it is in the result.
    async fn seed(&mut self) -> Result<News, Over> {
        let (snapshot, news) = self.viewer.join();
        self.send(&snapshot).await?;
        Ok(news)
    }

    /// Answers a message; true when a new snapshot is asked for.
    async fn answer(&mut self, message: Message) -> Result<bool, Over> {
        let decoded = match (&message, self.format) {
            (Message::Ping(_) | Message::Pong(_), _) => return Ok(false),
            (Message::Close(_), _) => return Err(Over),
            (Message::Text(text), Format::Json) => self.format.decode_client(text.as_bytes()),
            (Message::Binary(bytes), Format::Postcard) => self.format.decode_client(bytes),
            (Message::Text(_), _) => return self.complain("text, where messages are binary").await,
            (Message::Binary(_), _) => {
                return self.complain("binary, where messages are text").await;
            }
        };
        match decoded {
            Ok(ClientMessage::Snapshot) => Ok(true),
            Ok(ClientMessage::Series { key }) => {
                self.send_series(key).await?;
                Ok(false)
            }
            Ok(ClientMessage::SetScope(request)) => {
                self.set_scope(request).await?;
                Ok(false)
            }
            Ok(ClientMessage::Targets { query }) => {
                let shared = self.shared.clone();
                let answer = async move { shared.targets(query).await.map(ServerMessage::Targets) };
                self.targets.ask(answer);
                Ok(false)
            }
            Ok(ClientMessage::Region(region)) => {
                let shared = self.shared.clone();
                let answer = async move { shared.region(region).await.map(ServerMessage::Region) };
                self.regions.ask(answer);
                Ok(false)
            }
            Ok(told) => {
                if let Err(refusal) = together::tell(&self.shared, &mut self.viewer, told) {
                    self.send_answer(Err(refusal)).await?;
                }
                Ok(false)
            }
            Err(error) => self.complain(&error.0).await,
        }
    }

    async fn send_answer(&mut self, answer: Answer) -> Result<(), Over> {
        let refused = |Refusal { error, hint, .. }| {
            let reason = error;
            ServerMessage::Error { reason, hint }
        };
        self.send(&answer.unwrap_or_else(refused)).await
    }

    /// What was changed everybody is told; what was not, only who asked.
    async fn set_scope(&mut self, request: SetScope) -> Result<(), Over> {
        match self.shared.set_scope(request, self.viewer.name()).await {
            Ok(_) => Ok(()),
            Err(Refusal { error, hint, .. }) => {
                let reason = error;
                self.send(&ServerMessage::ScopeRefused { reason, hint })
                    .await
            }
        }
    }

    async fn send_series(&mut self, key: u64) -> Result<(), Over> {
        let past = self.shared.hub.past();
        // Decoding takes milliseconds and must not hold up other viewers.
        let series = tokio::task::spawn_blocking(move || past.series(key)).await;
        let series = series.map_err(|_| Over)?;
        self.send(&ServerMessage::Series(series)).await
    }

    async fn complain(&mut self, problem: &str) -> Result<bool, Over> {
        self.send(&ServerMessage::Error {
            reason: format!("message not understood: {problem}"),
            hint: format!(
                "this connection speaks {}: docs/protocol.md lists the messages",
                self.format.subprotocol()
            ),
        })
        .await?;
        Ok(false)
    }

    async fn send(&mut self, message: &ServerMessage) -> Result<(), Over> {
        self.send_bytes(self.format.encode_server(message).into())
            .await
    }

    async fn send_bytes(&mut self, bytes: Bytes) -> Result<(), Over> {
        let message = match self.format {
            Format::Json => Message::Text(Utf8Bytes::try_from(bytes).map_err(|_| Over)?),
            Format::Postcard => Message::Binary(bytes),
        };
        match timeout(SEND_TIMEOUT, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over),
        }
    }

    /// A frame that can't be read ends the connection; the peer is told why if it still listens.
    async fn broken(&mut self, error: &axum::Error) -> Result<(), Over> {
        tracing::debug!("a viewer's connection broke: {error}");
        let text = error.to_string();
        if text.contains("too long") || text.contains("too big") {
            let reason = format!("messages have at most {MAX_CLIENT_MESSAGE} bytes");
            return self.close(close_code::SIZE, &reason).await;
        }
        self.close(close_code::PROTOCOL, "not a valid WebSocket frame")
            .await
    }

    async fn close(&mut self, code: u16, reason: &str) -> Result<(), Over> {
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        let _ = timeout(SEND_TIMEOUT, self.socket.send(Message::Close(Some(frame)))).await;
        Err(Over)
    }
}

#[cfg(test)]
mod tests {
    use super::negotiate;
    use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
    use axum::http::{HeaderMap, HeaderValue};
    use runqlat_common::wire::Format;

    #[test]
    fn sub_protocols_are_chosen_or_refused() {
        let table = [
            (None, Some(Format::Json)),
            (Some("runqlat-web.v1.json"), Some(Format::Json)),
            (Some("runqlat-web.v1.postcard"), Some(Format::Postcard)),
            (Some("v9, runqlat-web.v1.postcard"), Some(Format::Postcard)),
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
