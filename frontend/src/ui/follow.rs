//! Presenting and following: what a presenter looks at goes to the server, and what comes from there
//! drives this page until its hand does something else.

use super::boxed::live;
use super::once::once_in;
use super::state::App;
use crate::address::Address;
use crate::browser;
use crate::chart::cursor::{Cursor, Target};
use crate::chart::view::{End, View};
use crate::session::Session;
use crate::words;
use leptos::prelude::*;
use runqlat_common::wire::{Cell, ClientMessage, Introduction, MAX_VIEW, Showing};
use std::time::Duration;

/// What a presenter looks at is told at this pace.
const PACE: Duration = Duration::from_millis(100);

/// Where the browser keeps who this is.
const NAME: &str = "runqlat-web.name";
const SECRET: &str = "runqlat-web.secret";

impl App {
    /// Tells the others who this is, once connected.
    pub(crate) fn introduce(self) {
        let secret = browser::stored(SECRET).unwrap_or_else(|| {
            let secret = browser::secret();
            browser::store(SECRET, &secret);
            secret
        });
        let name = Self::kept_name();
        let introduction = Some(Introduction { name, secret });
        self.tell(|together| {
            together.introduction = introduction;
            Vec::new()
        });
    }

    /// The name that this browser keeps.
    pub(super) fn kept_name() -> String {
        browser::stored(NAME).unwrap_or_default()
    }

    pub(crate) fn rename(self, name: String) {
        browser::store(NAME, &name);
        self.tell(|together| together.rename(name));
    }

    /// Takes the presenter's place, or leaves it.
    pub(crate) fn toggle_presenting(self) {
        let (presents, take_over) = self.session.with_untracked(|session| {
            let together = &session.together;
            // The button says from whom.
            (together.presents(), together.presenter().is_some())
        });
        self.send(&[match presents {
            true => ClientMessage::StopPresenting,
            false => ClientMessage::Present { take_over },
        }]);
    }

    fn follow(self, on: bool) {
        self.tell(|together| together.follow(on));
        self.be_driven();
    }

    pub(crate) fn toggle_following(self) {
        let presents = |session: &Session| session.together.company.presenter.is_some();
        if !self.session.with_untracked(presents) {
            return self.session.update(Session::tell_that_nobody_presents);
        }
        self.follow(!self.is_following());
    }

    pub(crate) fn is_following(self) -> bool {
        self.session
            .with_untracked(|session| session.together.is_following())
    }

    /// Follows nobody any more; true if it did.
    pub(crate) fn let_go(self) -> bool {
        let followed = self.is_following();
        if followed {
            self.follow(false);
        }
        followed
    }

    /// Lets go when a hand has changed the address.
    pub(super) fn notice_hand(self, own: &Address) {
        let moved = self
            .session
            .try_maybe_update(|session| (false, session.together.is_moved(own)));
        if moved == Some(true) {
            self.let_go();
        }
    }

    /// Looks at what the presenter looks at, while this page follows.
    pub(super) fn be_driven(self) {
        let (view, before) = self.session.with_untracked(|session| {
            let together = &session.together;
            let before = together.driven_by.as_ref().map(|(query, _)| query.clone());
            (together.driven().cloned(), before)
        });
        let Some(Showing { query, cell }) = view else {
            return self.set_driven_by(None);
        };
        if before.as_ref() != Some(&query) {
            self.follow_address(Address::parse(&query));
            let expected = untrack(|| self.address());
            self.set_driven_by(Some((query, expected)));
        }
        let cursor = cell.map_or(Cursor::Nothing, |cell| Cursor::Cell {
            seq: cell.seq,
            slot: cell.slot.into(),
            frozen: cell.frozen,
        });
        if self.cursor.get_untracked() != cursor {
            self.cursor.set(cursor);
        }
    }

    fn set_driven_by(self, driven_by: Option<(String, Address)>) {
        self.session.try_maybe_update(|session| {
            session.together.driven_by = driven_by;
            (false, ())
        });
    }

    /// What this page looks at, for those who follow.
    fn showing(self) -> Showing {
        let known = self
            .session
            .with(|session| session.known().map(|known| (known, session.is_paused())));
        let view = self.view.get().zip(known).map(|(view, known)| View {
            // What is paused stands still.
            end: match known {
                (known, true) => End::At(view.end_ms(&known)),
                _ => view.end,
            },
            ..view
        });
        let mut address = Address {
            view,
            ..self.address()
        };
        let mut query = address.query();
        if query.len() > MAX_VIEW {
            // Nothing else in it is long.
            address.filter.clear();
            query = address.query();
        }
        Showing {
            query,
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
}

/// Tells what this page looks at, at a pace, when it presents; called whenever that may have changed.
/// The server passes on what is new.
pub(super) fn present(app: App) -> impl Fn() + Clone + 'static {
    let show = once_in(PACE, move || {
        let showing = untrack(|| app.showing());
        app.send(&[ClientMessage::Show(showing)]);
    });
    move || {
        if app.others().together.presents() {
            app.track_measured();
            app.target.track();
            app.cursor.track();
            show();
        }
    }
}

/// Who presents, and what a click does about it.
#[component]
pub(crate) fn Presence() -> impl IntoView {
    let app = expect_context::<App>();
    let class = move || {
        let session = app.others();
        let together = &session.together;
        match together.company.presenter {
            None => "presence",
            Some(_) if together.presents() => "button presence strong",
            Some(_) if together.is_following() => "button presence strong driven",
            Some(_) => "button presence",
        }
    };
    let press = move |_| {
        let presents = |session: &Session| session.together.presents();
        match app.session.with_untracked(presents) {
            true => app.toggle_presenting(),
            false => app.toggle_following(),
        }
    };
    view! {
        <button
            class=class
            data-testid="presence"
            aria-live="polite"
            title="F: follow who presents, or let go; Esc, moving in time or choosing lets go too"
            on:click=press
        >
            {live(move || words::together::presence(&app.others().together))}
        </button>
    }
}
