//! The others who watch: who is here, what they wrote on the time axis, and who presents what. Messages
//! about them are heard apart from the others: most are no reason to draw a picture anew.

use crate::address::Address;
use runqlat_common::wire::{
    self, ClientMessage, Company, Introduction, Note, Person, ServerMessage, Showing, Shown,
    keep_note,
};

/// What is known of the others, and this page's part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Together {
    /// Who this page is to the others; nothing is told of it before it is set.
    pub introduction: Option<Introduction>,
    pub company: Company,
    /// By ascending time.
    pub notes: Vec<Note>,
    /// What this page is driven by: as it came, and what its address was when it had followed.
    pub driven_by: Option<(String, Address)>,
    you: u32,
    /// Notes of this page's.
    own_notes: Vec<u32>,
    shown: Option<Shown>,
    following: bool,
    /// Nobody may give a name or write notes.
    pub read_only: bool,
}

impl Together {
    /// Takes from a message what it tells of the others; true if it told anything, and what to send.
    pub fn hear(&mut self, message: &mut ServerMessage) -> (bool, Vec<ClientMessage>) {
        match message {
            ServerMessage::Snapshot(snapshot) => {
                self.read_only = snapshot.server.read_only;
                let together = std::mem::take(&mut snapshot.together);
                return (true, self.restart(together));
            }
            ServerMessage::Company(company) => self.meet(std::mem::take(company)),
            ServerMessage::Note(note) => keep_note(&mut self.notes, note.clone()),
            ServerMessage::NoteDeleted { id } => self.notes.retain(|note| note.id != *id),
            ServerMessage::Shown(shown) => self.shown = Some(shown.clone()),
            ServerMessage::OwnNotes { ids } => self.own_notes = std::mem::take(ids),
            _ => return (false, Vec::new()),
        }
        (true, Vec::new())
    }

    /// Whether a message is about the others alone.
    pub fn has_all_of(message: &ServerMessage) -> bool {
        matches!(
            message,
            ServerMessage::Company(_)
                | ServerMessage::Note(_)
                | ServerMessage::NoteDeleted { .. }
                | ServerMessage::Shown(_)
                | ServerMessage::OwnNotes { .. }
        )
    }

    /// Whether a message is about what the picture shows.
    pub fn is_drawn(message: &ServerMessage) -> bool {
        matches!(
            message,
            ServerMessage::Note(_) | ServerMessage::NoteDeleted { .. }
        )
    }

    /// Takes what a snapshot tells, of another connection perhaps; returns what to send.
    fn restart(&mut self, together: wire::Together) -> Vec<ClientMessage> {
        self.you = together.you;
        // Told again after the introduction.
        self.own_notes.clear();
        self.notes = together.notes;
        self.shown = together.shown;
        self.meet(together.company);
        let mut messages: Vec<_> = self.introduced().collect();
        if self.following {
            messages.push(ClientMessage::Follow { on: true });
        }
        messages
    }

    /// Takes who is here. Without a presenter nobody is followed.
    fn meet(&mut self, company: Company) {
        self.company = company;
        self.following &= self.presenter().is_some();
    }

    /// Gives this page another name; returns what to send.
    pub fn rename(&mut self, name: String) -> Vec<ClientMessage> {
        self.introduction.get_or_insert_default().name = name;
        self.introduced().collect()
    }

    fn introduced(&self) -> impl Iterator<Item = ClientMessage> {
        let introduction = self.introduction.clone().filter(|_| !self.read_only);
        introduction.map(ClientMessage::Introduce).into_iter()
    }

    /// This page's name; empty if not given.
    pub fn name(&self) -> &str {
        let introduction = self.introduction.as_ref();
        introduction.map_or("", |introduction| &introduction.name)
    }

    /// Whether this page may delete the note, which is there, as its author or because it may control.
    pub fn may_delete(&self, note: Option<u32>, may_control: bool) -> bool {
        let is_there = |id: &u32| self.notes.iter().any(|note| note.id == *id);
        note.filter(is_there)
            .is_some_and(|id| may_control || self.own_notes.contains(&id))
    }

    pub fn is_you(&self, person: &Person) -> bool {
        person.id == self.you
    }

    /// Whether this page presents, as the server confirmed.
    pub fn presents(&self) -> bool {
        let presenter = self.company.presenter.as_ref();
        presenter.is_some_and(|presenter| self.is_you(presenter))
    }

    /// Somebody else who presents.
    pub fn presenter(&self) -> Option<&Person> {
        let presenter = self.company.presenter.as_ref();
        presenter.filter(|presenter| !self.is_you(presenter))
    }

    pub fn is_following(&self) -> bool {
        self.following
    }

    /// Follows the presenter, if there is one, or lets go; returns what to send.
    pub fn follow(&mut self, on: bool) -> Vec<ClientMessage> {
        let on = on && self.presenter().is_some();
        if self.following == on {
            return Vec::new();
        }
        self.following = on;
        vec![ClientMessage::Follow { on }]
    }

    /// Whether this page's address shows that a hand has changed what it looks at since it followed. That
    /// a series ends is nobody's hand.
    pub fn is_moved(&mut self, own: &Address) -> bool {
        self.driven_by.as_mut().is_some_and(|(_, expected)| {
            let is_same = match (own.series, expected.series) {
                (Some(own), Some(expected)) => own.fits(expected),
                (own, _) => own.is_none(),
            };
            if is_same {
                expected.series = own.series;
            }
            expected != own
        })
    }

    /// What the presenter looks at, while this page follows.
    pub fn driven(&self) -> Option<&Showing> {
        let presenter = self.presenter().filter(|_| self.following)?;
        let shown = self.shown.as_ref();
        let shown = shown.filter(|shown| shown.by == presenter.id)?;
        Some(&shown.view)
    }
}
