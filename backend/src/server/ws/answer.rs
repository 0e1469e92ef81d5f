//! What a viewer asks, and what it is answered.

use super::{Answer, Connection, Over};
use crate::server::together;
use axum::extract::ws::Message;
use bytes::Bytes;
use runqlat_common::name;
use runqlat_common::wire::{ClientMessage, Format, ServerMessage, SetScope};

impl Connection {
    /// Answers a message, or has it answered.
    pub(super) async fn answer(&mut self, message: Message) -> Result<(), Over> {
        let decoded = match (&message, self.format) {
            (Message::Ping(_) | Message::Pong(_), _) => return Ok(()),
            (Message::Close(_), _) => return Err(Over),
            (Message::Text(text), Format::Json) => self.format.decode_client(text.as_bytes()),
            (Message::Binary(bytes), Format::Postcard) => self.format.decode_client(bytes),
            (Message::Text(_), _) => return self.complain("text, where messages are binary").await,
            (Message::Binary(_), _) => {
                return self.complain("binary, where messages are text").await;
            }
        };
        match decoded {
            Ok(ClientMessage::SetScope(request)) => self.set_scope(request).await,
            Ok(
                question @ (ClientMessage::Snapshot
                | ClientMessage::Series { .. }
                | ClientMessage::Targets { .. }
                | ClientMessage::Region(_)
                | ClientMessage::Span(_)),
            ) => {
                self.ask(question);
                Ok(())
            }
            Ok(told) => {
                let who = (&self.peer, &self.rights);
                let answer = together::tell(&self.shared, who, &mut self.viewer, told);
                let encode = |message| self.format.encode_server(&message).into();
                match answer.transpose() {
                    Some(answer) => self.send_answer(answer.map(encode)).await,
                    None => Ok(()),
                }
            }
            Err(error) => self.complain(&error.0).await,
        }
    }

    /// Has a question answered when it can be paid for; other messages are none of this.
    fn ask(&mut self, question: ClientMessage) {
        let (shared, asker, format) = (self.shared.clone(), self.asker, self.format);
        let encode = move |message: ServerMessage| Bytes::from(format.encode_server(&message));
        match question {
            ClientMessage::Snapshot => self.snapshot = Some(self.may_have_snapshot),
            ClientMessage::Series { key, start } => self.series.ask(async move {
                let form = move |series| encode(ServerMessage::Series(series));
                shared.series((asker, form), key, start).await
            }),
            ClientMessage::Targets { query } => {
                let rights = self.rights.clone();
                self.targets.ask(async move {
                    let form = move |targets| encode(ServerMessage::Targets(targets));
                    shared.targets((asker, form), &rights, query).await
                });
            }
            ClientMessage::Region(region) => self.regions.ask(async move {
                let form = move |reply| encode(ServerMessage::Region(reply));
                shared.region((asker, form), region).await
            }),
            ClientMessage::Span(span) => self.spans.ask(async move {
                let form = move |reply| encode(ServerMessage::Span(reply));
                shared.span((asker, form), span).await
            }),
            _ => {}
        }
    }

    pub(super) async fn send_answer(&mut self, answer: Answer) -> Result<(), Over> {
        match answer {
            Ok(bytes) => self.send_bytes(bytes).await,
            Err(refusal) => {
                let (reason, hint) = refusal.told();
                self.send(&ServerMessage::Error { reason, hint }).await
            }
        }
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

    async fn complain(&mut self, problem: &str) -> Result<(), Over> {
        self.send(&ServerMessage::Error {
            reason: name::text(format!("message not understood: {problem}").as_bytes()),
            hint: format!(
                "this connection speaks {}: docs/protocol.md lists the messages",
                self.format.subprotocol()
            ),
        })
        .await
    }
}
