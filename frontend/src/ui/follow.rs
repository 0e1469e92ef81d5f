//! Presenting and following: what a presenter looks at goes to the server, and what comes from there
//! drives this page until its hand does something else.

use super::once::once_in;
use super::state::App;
use crate::address::Address;
use crate::browser;
use crate::chart::cursor::{Cursor, Target};
use crate::chart::view::{End, View};
use crate::words;
use leptos::prelude::*;
use runqlat_common::wire::{Cell, ClientMessage, Introduction, MAX_VIEW, Showing};
use std::time::Duration;

/// What a presenter looks at is told at this pace.
const PACE: Duration = Duration::from_millis(100);

/// Where the browser keeps who this is.
const NAME: &str = "runqlat-web.name";
const SECRET: &str = "runqlat-web.secret";

/// What drives this page: as it came, and as the address was when it had been followed.
type Driven = StoredValue<Option<(String, Address)>>;

impl App {
    pub(crate) fn rename(self, name: String) {
        browser::store(NAME, &name);
        let messages = self.together.try_update(|together| together.rename(name));
        self.send(&messages.unwrap_or_default());
    }

    /// Takes the presenter's place, or leaves it.
    pub(crate) fn toggle_presenting(self) {
        let message = match self.together.read_untracked().presents() {
            true => ClientMessage::StopPresenting,
            false => ClientMessage::Present {
                // The button says from whom.
                take_over: self.together.read_untracked().presenter().is_some(),
            },
        };
        self.send(&[message]);
    }

    fn follow(self, on: bool) {
        let messages = self.together.try_update(|together| together.follow(on));
        self.send(&messages.unwrap_or_default());
    }

    pub(crate) fn toggle_following(self) {
        self.follow(!self.is_following());
    }

    pub(crate) fn is_following(self) -> bool {
        self.together.read_untracked().is_following()
    }

    /// Follows nobody any more; true if it did.
    pub(crate) fn let_go(self) -> bool {
        let followed = self.is_following();
        if followed {
            self.follow(false);
        }
        followed
    }

    /// What this page looks at, for those who follow.
    fn showing(self) -> Showing {
        let session = self.session.read();
        let view = self
            .view
            .get()
            .zip(session.known())
            .map(|(view, known)| View {
                // What is paused stands still.
                end: match session.is_paused() {
                    true => End::At(view.end_ms(&known)),
                    false => view.end,
                },
                ..view
            });
        drop(session);
        let mut address = Address {
            view,
            ..self.address()
        };
        if address.query().len() > MAX_VIEW {
            // Nothing else in it is long.
            address.filter.clear();
        }
        Showing {
            query: address.query(),
            cell: self.cell(),
        }
    }

    fn cell(self) -> Option<Cell> {
        let Target::Cell { column, slot } = self.target.get()? else {
            return None;
        };
        Some(Cell {
            seq: self.frame.get()?.grid.columns.get(column)?.last_seq,
            slot: slot as u8,
            frozen: self.cursor.get().is_frozen(),
        })
    }

    /// Looks at what the presenter looks at.
    fn be_driven(self, driven: Driven, view: Showing) {
        let is_new = driven.with_value(|driven| {
            let before = driven.as_ref().map(|(query, _)| query);
            before != Some(&view.query)
        });
        if is_new {
            self.follow_address(Address::parse(&view.query));
            driven.set_value(Some((view.query, untrack(|| self.address()))));
        }
        let cursor = view.cell.map_or(Cursor::Nothing, |cell| Cursor::Cell {
            seq: cell.seq,
            slot: cell.slot.into(),
            frozen: cell.frozen,
        });
        if self.cursor.get_untracked() != cursor {
            self.cursor.set(cursor);
        }
    }
}

/// Introduces this page to the others, and lets it present and follow from now on.
pub(crate) fn keep_together(app: App) {
    let secret = browser::stored(SECRET).unwrap_or_else(|| {
        let secret = browser::secret();
        browser::store(SECRET, &secret);
        secret
    });
    let name = browser::stored(NAME).unwrap_or_default();
    let introduction = Some(Introduction { name, secret });
    app.together
        .update(|together| together.introduction = introduction);
    present(app);
    follow(app);
}

fn present(app: App) {
    let presents = Memo::new(move |_| app.together.read().presents());
    let showing = Memo::new(move |_| presents.get().then(|| app.showing()));
    let show = once_in(PACE, move || {
        if let Some(showing) = showing.get_untracked() {
            app.send(&[ClientMessage::Show(showing)]);
        }
    });
    Effect::new(move |_| {
        if showing.read().is_some() {
            show();
        }
    });
}

fn follow(app: App) {
    let driven: Driven = StoredValue::new(None);
    let driver = Memo::new(move |_| app.together.read().driven().cloned());
    Effect::new(move |_| match driver.get() {
        Some(view) => app.be_driven(driven, view),
        None => driven.set_value(None),
    });
    // Whatever the hand changes lets go. That a series ends is nobody's hand.
    let address = Memo::new(move |_| app.address());
    Effect::new(move |_| {
        let own = address.get();
        let moved = driven.with_value(|driven| {
            driven.as_ref().is_some_and(|(_, expected)| {
                let series = own.series.or(expected.series);
                Address { series, ..own } != *expected
            })
        });
        if moved {
            app.let_go();
        }
    });
}

/// Who presents, and what this page has to do with it.
#[component]
pub(crate) fn Presence() -> impl IntoView {
    let app = expect_context::<App>();
    let text = move || words::together::presence(&app.together.read());
    let class = move || {
        let together = app.together.read();
        match together.company.presenter {
            None => "presence",
            Some(_) if together.presents() || together.is_following() => "presence on strong",
            Some(_) => "presence on",
        }
    };
    let button = move || {
        let together = app.together.read();
        match (together.presents(), together.is_following()) {
            (true, _) => "Stop",
            (_, true) => "Let go",
            _ => "Follow",
        }
    };
    let press = move |_| match app.together.read_untracked().presents() {
        true => app.toggle_presenting(),
        false => app.toggle_following(),
    };
    view! {
        <p class=class data-testid="presence">
            <span role="status">{text}</span>
            <button
                class="button"
                data-testid="follow-presenter"
                title="F: follow who presents, or let go; Esc, moving in time or choosing lets go too"
                on:click=press
            >
                {button}
            </button>
        </p>
    }
}
