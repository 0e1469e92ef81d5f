//! What comes over the connection changes the state, and what people do goes over it.

use super::state::App;
use crate::browser;
use crate::net::{Event, Net};
use crate::session::Session;
use crate::session::pace::Renews;
use crate::session::together::Together;
use leptos::ev::Custom;
use leptos::prelude::*;
use runqlat_common::wire::{ClientMessage, ProbeState, ServerMessage};
use wasm_bindgen::prelude::Closure;

impl App {
    /// Opens the connection and lets what comes change the state.
    pub(crate) fn connect(self) {
        let net = Net::connect(move |mut event| {
            if let Event::Message(message) = &mut event {
                self.hear(message);
                if Together::has_all_of(message) {
                    return self.be_driven();
                }
            }
            let starts_anew = matches!(&event, Event::Message(message) if matches!(**message, ServerMessage::Snapshot(_)));
            let taken = self.session.try_maybe_update(|session| {
                let renews = match &event {
                    Event::Message(message) => session.renews(message),
                    _ => Renews::All,
                };
                (renews == Renews::All, (renews, take(session, event)))
            });
            let (renews, messages) = taken.unwrap_or_default();
            self.came.update(|n| *n += 1.0);
            if renews.list() {
                self.listed_anew.update(|n| *n += 1.0);
            }
            if renews.numbers() {
                self.counted_anew.update(|n| *n += 1.0);
            }
            self.now.set(browser::now_ms());
            self.settle_view();
            self.send(&messages);
            if starts_anew {
                self.be_driven();
            }
        });
        self.net.set_value(Some(net));
        // This page has signed in, maybe with other rights; or another tab has, which lets this one in again.
        self.on_window("signed-in", Net::reconnect);
        self.on_window("session-renewed", Net::retry_now);
    }

    fn on_window(self, event: &'static str, act: fn(&Net)) {
        let event = Custom::<leptos::ev::Event>::new(event);
        let listener = window_event_listener(event, move |_| self.with_net(act));
        on_cleanup(move || listener.remove());
    }

    /// Takes what a message tells of the others; where the picture shows it, it is drawn anew.
    fn hear(self, message: &mut ServerMessage) {
        let heard = self.session.try_maybe_update(|session| {
            let heard = session.together.hear(message);
            (Together::is_drawn(message), heard)
        });
        if let Some((true, answers)) = heard {
            self.heard.update(|n| *n += 1.0);
            self.send(&answers);
        }
    }

    /// Changes what is known of the others.
    pub(super) fn tell(self, change: impl FnOnce(&mut Together) -> Vec<ClientMessage>) {
        let answers = self
            .session
            .try_maybe_update(|session| (false, change(&mut session.together)));
        self.heard.update(|n| *n += 1.0);
        self.send(&answers.unwrap_or_default());
    }

    /// The others, for those who show them.
    pub(super) fn others(self) -> impl std::ops::Deref<Target = Session> {
        self.heard.track();
        self.session.read_untracked()
    }

    /// What is known, for those who show what intervals tell: counts, losses, what time is known. They come once a
    /// second at the most, and others who read the session hear nothing of them.
    pub(super) fn measured(self) -> impl std::ops::Deref<Target = Session> {
        self.track_measured();
        self.session.read_untracked()
    }

    /// The same for those who read it in another way.
    pub(super) fn track_measured(self) {
        self.counted_anew.track();
        self.session.track();
    }

    /// The same for the list of series, which is renewed as often.
    pub(super) fn measured_series(self) -> impl std::ops::Deref<Target = Session> {
        self.listed_anew.track();
        self.session.track();
        self.session.read_untracked()
    }

    pub(crate) fn send(self, messages: &[ClientMessage]) {
        self.with_net(|net| messages.iter().for_each(|message| net.send(message)));
    }

    fn with_net(self, act: impl FnOnce(&Net)) {
        // Cloned out: what it does may come back here.
        if let Some(net) = self.net.get_value() {
            act(&net);
        }
    }

    pub(crate) fn retry_now(self) {
        self.with_net(Net::retry_now);
    }

    /// Changes the tokens, if somebody at this page says so once more, and goes on with its new one.
    pub(crate) fn turn_tokens(self) {
        let reconnect = move || self.with_net(Net::reconnect);
        let reconnect: Closure<dyn FnMut()> = Closure::new(reconnect);
        browser::turn_tokens(reconnect.into_js_value());
    }

    /// Once a second: the countdown, and a connection that has fallen silent.
    pub(crate) fn tick(self) {
        self.now.set(browser::now_ms());
        let silence_ms = self.session.with_untracked(|session| {
            let measures = matches!(
                session.probe,
                Some(ProbeState::Attached { .. } | ProbeState::Changing { .. })
            );
            let scope = session.scope().filter(|_| measures)?;
            Some(f64::from(scope.interval_ms) * 3.0 + 10_000.0)
        });
        self.with_net(|net| {
            if silence_ms.is_some_and(|limit| net.silent_ms() > limit) {
                net.give_up();
            }
        });
    }
}

/// Changes what is known by what came; returns what to send.
fn take(session: &mut Session, event: Event) -> Vec<ClientMessage> {
    match event {
        Event::Connecting => {}
        Event::Message(message) => return session.apply(*message),
        Event::Garbled(reason) => session.garbled(reason),
        Event::Lost {
            retry_at_ms,
            farewell,
        } => session.lost(retry_at_ms, farewell),
        Event::Explained { why } => session.explained(why),
        Event::Refused { farewell } => session.turned_away(farewell),
    }
    Vec::new()
}
