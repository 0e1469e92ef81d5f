//! What a viewer asks, and what it is answered.

use super::{Answer, Connection, Over};
use crate::history::History;
use crate::server::reply::Refusal;
use crate::server::together;
use axum::extract::ws::Message;
use runqlat_common::name;
use runqlat_common::wire::{ClientMessage, Format, ServerMessage, SetScope};

impl Connection {
    /// Answers a message; true when a new snapshot is asked for.
    pub(super) async fn answer(&mut self, message: Message) -> Result<bool, Over> {
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
            Ok(ClientMessage::Series { key, start }) => {
                self.send_series(key, start).await?;
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
            Ok(ClientMessage::Span(span)) => {
                let shared = self.shared.clone();
                let answer = async move { shared.span(span).await.map(ServerMessage::Span) };
                self.spans.ask(answer);
                Ok(false)
            }
            Ok(told) => {
                let who = (&self.peer, &self.rights);
                let answer = together::tell(&self.shared, who, &mut self.viewer, told);
                if let Some(answer) = answer.transpose() {
                    self.send_answer(answer).await?;
                }
                Ok(false)
            }
            Err(error) => self.complain(&error.0).await,
        }
    }

    pub(super) async fn send_answer(&mut self, answer: Answer) -> Result<(), Over> {
        let refused = |refusal: Refusal| {
            let (reason, hint) = refusal.told();
            ServerMessage::Error { reason, hint }
        };
        self.send(&answer.unwrap_or_else(refused)).await
    }

    /// What was changed everybody is told; what was not, only who asked.
    async fn set_scope(&mut self, request: SetScope) -> Result<(), Over> {
        let by = self.viewer.name();
        let who = (&self.peer, &self.rights);
        match self.shared.set_scope(who, request, by).await {
            Ok(_) => Ok(()),
            Err(refusal) => {
                let (reason, hint) = refusal.told();
                self.send(&ServerMessage::ScopeRefused { reason, hint })
                    .await
            }
        }
    }

    async fn send_series(&mut self, key: u64, start: Option<u64>) -> Result<(), Over> {
        let newest = |history: &History| history.newest(key).map(|newest| newest.start);
        let known = |history: &History| (history.past(), start.or_else(|| newest(history)));
        let (past, start) = self.shared.hub.with_history(known);
        // Decoding takes milliseconds and must not hold up other viewers.
        let series = tokio::task::spawn_blocking(move || past.series(key, start)).await;
        let series = series.map_err(|_| Over)?;
        self.send(&ServerMessage::Series(series)).await
    }

    async fn complain(&mut self, problem: &str) -> Result<bool, Over> {
        self.send(&ServerMessage::Error {
            reason: name::text(format!("message not understood: {problem}").as_bytes()),
            hint: format!(
                "this connection speaks {}: docs/protocol.md lists the messages",
                self.format.subprotocol()
            ),
        })
        .await?;
        Ok(false)
    }
}
