//! The WebSocket: a snapshot, then one message an interval, and the past in pieces between them. A viewer that is too slow gets a new
//! snapshot; one that sends nonsense is told; one that does not read at all is dropped. None of it
//! is felt by the others.

mod answer;

use super::Shared;
use super::budget::Asker;
use super::crowd::{Party, count};
use super::flood::{Flood, Verdict};
use super::latest::Latest;
use super::peer::Peer;
use super::pulse::{BEAT, Pulse};
use super::reply::Refusal;
use super::throttle::{self, Meter};
use crate::access::{Ended, Rights};
use crate::hub::{News, Viewer};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use bytes::Bytes;
use runqlat_common::wire::{
    CLOSE_NO_TOKEN, CLOSE_TOO_MANY_MESSAGES, Format, MAX_CLIENT_MESSAGE, ServerMessage,
};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval_at, sleep_until, timeout};

/// A viewer that takes nothing for this long is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// A viewer gets another snapshot this long after the last one that it asked for: with all the past that comes after it,
/// it is 30,000 times as long as the question.
const SNAPSHOT_PACE: Duration = Duration::from_secs(1);

/// Series whose past a viewer may wait for; of more the newest are answered. A page asks for one at a time.
const SERIES: usize = 16;

/// What those are told whose token is another now.
const TURNED: &str = "the tokens of this server were changed; ask who changed them for a new link";

/// What those are told whose session was signed out of.
const SIGNED_OUT: &str = "this browser has signed out";

pub(super) struct Connection {
    socket: WebSocket,
    format: Format,
    shared: Shared,
    peer: Peer,
    rights: Rights,
    viewer: Viewer,
    /// Who pays for the answers.
    asker: Asker,
    meter: Meter,
    flood: Flood,
    pulse: Pulse,
    /// When another snapshot is sent, if one was asked for.
    snapshot: Option<tokio::time::Instant>,
    may_have_snapshot: tokio::time::Instant,
    /// The first interval that it knows, while there are earlier ones to send.
    earlier: Option<u64>,
    series: Latest<Answer>,
    targets: Latest<Answer>,
    regions: Latest<Answer>,
    spans: Latest<Answer>,
}

/// The answer to a question, as it is sent.
type Answer = Result<Bytes, Refusal>;

/// The connection is over.
struct Over;

/// At this time, or never.
async fn at(time: Option<tokio::time::Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

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
        (peer, meter): (Peer, Meter),
        (rights, viewer): (Rights, Viewer),
    ) -> Self {
        Self {
            socket,
            format,
            shared,
            peer,
            rights,
            viewer,
            asker: Asker::viewer(Party::of(&peer)),
            meter,
            flood: Flood::new(),
            pulse: Pulse::default(),
            snapshot: None,
            may_have_snapshot: tokio::time::Instant::now(),
            earlier: None,
            series: Latest::of(SERIES),
            targets: Latest::default(),
            regions: Latest::default(),
            spans: Latest::default(),
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
                ended = rights.ended() => {
                    let reason = match ended {
                        Ended::Changed => TURNED,
                        Ended::SignedOut => SIGNED_OUT,
                    };
                    return self.close(CLOSE_NO_TOKEN, reason).await;
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
                        self.meter.charge(throttle::MESSAGE);
                        if self.may_speak().await? {
                            self.answer(message).await?;
                        }
                    }
                    Some(Err(error)) => return self.broken(&error).await,
                    None => return Ok(()),
                },
                () = std::future::ready(()), if self.earlier.is_some() => {
                    self.send_earlier().await?;
                }
                () = at(self.snapshot) => {
                    self.snapshot = None;
                    self.may_have_snapshot = tokio::time::Instant::now() + SNAPSHOT_PACE;
                    news = self.seed().await?;
                }
                answer = self.series.done() => self.send_answer(answer).await?,
                answer = self.targets.done() => self.send_answer(answer).await?,
                answer = self.regions.done() => self.send_answer(answer).await?,
                answer = self.spans.done() => self.send_answer(answer).await?,
            }
        }
    }

    /// Sends a snapshot; what comes after it is in the result.
    async fn seed(&mut self) -> Result<News, Over> {
        let mut joined = self.viewer.join(self.rights.may_control);
        let snapshot = joined.snapshot(self.format, self.viewer.id());
        self.send_bytes(snapshot).await?;
        for frame in joined.recent {
            self.send_bytes(frame.bytes(self.format)).await?;
        }
        self.earlier = Some(joined.from_seq);
        Ok(joined.news)
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
        if self.meter.is_relentless() {
            return self.hang_up("too many bytes a second").await;
        }
        if !self.pulse.beat() {
            tracing::debug!("a viewer is silent, and dropped");
            return Err(Over);
        }
        self.transmit(Message::Ping(Bytes::new())).await
    }

    /// Whether the viewer's next message is within its allowance.
    async fn may_speak(&mut self) -> Result<bool, Over> {
        match self.flood.take(Instant::now()) {
            Verdict::Taken => return Ok(true),
            Verdict::Dropped => {}
            Verdict::Told => {
                let message = ServerMessage::Error {
                    reason: "too many messages a second: those above the limit are dropped".into(),
                    hint: "docs/protocol.md says how many there may be".into(),
                };
                self.send(&message).await?;
            }
            Verdict::Over => self.hang_up("too many messages a second").await?,
        }
        Ok(false)
    }

    /// On one who goes on sending too much.
    async fn hang_up(&mut self, why: &str) -> Result<(), Over> {
        count(&self.shared.crowd.refused.too_much);
        self.close(CLOSE_TOO_MANY_MESSAGES, why).await
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
