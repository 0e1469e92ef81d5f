//! The WebSocket: a snapshot, then one message an interval, and the past in pieces between them. A viewer that is too slow gets a new
//! snapshot; one that sends nonsense is told; one that does not read at all is dropped. None of it
//! is felt by the others.

use super::Shared;
use super::allowance::{Allowance, Verdict};
use super::latest::Latest;
use super::pulse::{BEAT, Pulse};
use super::reply::Refusal;
use super::together;
use crate::access::Rights;
use crate::hub::{Joined, News, Viewer};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use bytes::Bytes;
use runqlat_common::wire::{
    CLOSE_NO_TOKEN, CLOSE_TOO_MANY_MESSAGES, ClientMessage, Format, MAX_CLIENT_MESSAGE,
    ServerMessage, SetScope,
};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval_at, timeout};

/// A viewer that takes nothing for this long is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Connection {
    socket: WebSocket,
    format: Format,
    shared: Shared,
    rights: Rights,
    viewer: Viewer,
    allowance: Allowance,
    pulse: Pulse,
    /// The first interval that it knows, while there are earlier ones to send.
    earlier: Option<u64>,
    targets: Latest<Answer>,
    regions: Latest<Answer>,
}

/// The answer to a question.
type Answer = Result<ServerMessage, Refusal>;

/// The connection is over.
struct Over;

/// The first after a while, and none made up for.
fn beats() -> Interval {
    let mut beats = interval_at(tokio::time::Instant::now() + BEAT, BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}

impl Connection {
    pub(super) fn new(
        socket: WebSocket,
        format: Format,
        shared: Shared,
        (rights, viewer): (Rights, Viewer),
    ) -> Self {
        Self {
            socket,
            format,
            shared,
            rights,
            viewer,
            allowance: Allowance::new(Instant::now()),
            pulse: Pulse::default(),
            earlier: None,
            targets: Latest::default(),
            regions: Latest::default(),
        }
    }

    /// Until the viewer leaves, is silent, or has to go.
    pub(super) async fn run(mut self) {
        let _ = self.converse().await;
    }

    async fn converse(&mut self) -> Result<(), Over> {
        let (mut stop, mut rights) = (self.shared.stop.clone(), self.rights.clone());
        let mut beats = beats();
        let mut news = self.seed().await?;
        loop {
            tokio::select! {
                () = stop.requested() => {
                    return self.close(close_code::AWAY, "the server is stopping").await;
                }
                () = rights.revoked() => {
                    return self.close(CLOSE_NO_TOKEN, "the tokens of this server were changed").await;
                }
                _ = beats.tick() => self.beat().await?,
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
                        self.pulse.heard();
                        if self.may_speak().await? && self.answer(message).await? {
                            news = self.seed().await?;
                        }
                    }
                    Some(Err(error)) => return self.broken(&error).await,
                    None => return Ok(()),
                },
                () = std::future::ready(()), if self.earlier.is_some() => {
                    self.send_earlier().await?;
                }
                answer = self.targets.done() => self.send_answer(answer).await?,
                answer = self.regions.done() => self.send_answer(answer).await?,
            }
        }
    }

    /// Sends a snapshot; what comes after it is in the result.
    async fn seed(&mut self) -> Result<News, Over> {
        let Joined {
            snapshot,
            recent,
            from_seq,
            news,
        } = self.viewer.join(self.rights.may_control);
        self.send(&snapshot).await?;
        for frame in recent {
            self.send_bytes(frame.bytes(self.format)).await?;
        }
        self.earlier = Some(from_seq);
        Ok(news)
    }

    /// Sends a piece of the past. Between the others' turns: what is new goes on meanwhile.
    async fn send_earlier(&mut self) -> Result<(), Over> {
        let before = self.earlier.unwrap_or_default();
        let earlier = self.shared.hub.earlier(before);
        let first = earlier.as_ref().and_then(|earlier| earlier.columns.first());
        self.earlier = first.map(|column| column.seq);
        match earlier {
            Some(earlier) => self.send(&ServerMessage::Earlier(earlier)).await,
            None => Ok(()),
        }
    }

    /// Asks whether anybody is there; one who has long said nothing is not waited for.
    async fn beat(&mut self) -> Result<(), Over> {
        if !self.pulse.beat() {
            tracing::debug!("a viewer is silent, and dropped");
            return Err(Over);
        }
        self.transmit(Message::Ping(Bytes::new())).await
    }

    /// Whether the viewer's next message is within its allowance.
    async fn may_speak(&mut self) -> Result<bool, Over> {
        match self.allowance.take(Instant::now()) {
            Verdict::Taken => return Ok(true),
            Verdict::Dropped => {}
            Verdict::Told => {
                let message = ServerMessage::Error {
                    reason: "too many messages a second: those above the limit are dropped".into(),
                    hint: "docs/protocol.md says how many there may be".into(),
                };
                self.send(&message).await?;
            }
            Verdict::Over => {
                let reason = "too many messages a second";
                self.close(CLOSE_TOO_MANY_MESSAGES, reason).await?;
            }
        }
        Ok(false)
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
                let (shared, rights) = (self.shared.clone(), self.rights.clone());
                let answer = async move {
                    let targets = shared.targets(&rights, query).await;
                    targets.map(ServerMessage::Targets)
                };
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
                if let Err(refusal) =
                    together::tell(self.rights.may_control, &mut self.viewer, told)
                {
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
        let by = self.viewer.name();
        match self.shared.set_scope(&self.rights, request, by).await {
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
        self.transmit(message).await
    }

    async fn transmit(&mut self, message: Message) -> Result<(), Over> {
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
