//! Who watches, who presents and who follows; and what people may call themselves and write. Pure: no
//! clock, no sockets.

mod text;

pub use text::{name, note, secret};

use runqlat_common::wire::{
    Company, MAX_NAME, MAX_NOTE, MAX_PEOPLE, MAX_SECRET, MAX_VIEW, Person, Showing, Shown,
};
use std::collections::BTreeMap;

/// Why what somebody wants is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TogetherError {
    #[error("the {what} is longer than {most} {unit}")]
    Long {
        what: &'static str,
        most: usize,
        unit: &'static str,
    },
    #[error("the {0} holds control or invisible characters")]
    Control(&'static str),
    #[error("the note is empty")]
    Empty,
    #[error("the note's time is still to come")]
    Future,
    #[error("the note's time is older than all that is kept")]
    Past,
    #[error("there is no note {0}")]
    NoNote(u32),
    #[error("the note is somebody else's")]
    NotYours,
    #[error("{0} presents already")]
    Taken(String),
    #[error("that was too fast")]
    Fast,
}

impl TogetherError {
    pub fn hint(&self) -> String {
        match self {
            Self::Long { .. } => format!(
                "names have at most {MAX_NAME} characters and notes {MAX_NOTE}, secrets \
                 {MAX_SECRET} bytes and views {MAX_VIEW}"
            ),
            Self::Control(_) => "one line of plain text".into(),
            Self::Empty => "write what happened".into(),
            Self::Future => "leave the time out for now; it is in ms since 1970".into(),
            Self::Past => "notes are kept as long as the heatmap's columns".into(),
            Self::NoNote(_) => "it may be deleted already; /api/v1/notes lists them".into(),
            Self::NotYours => {
                "its author can delete it, and whoever may change what is measured".into()
            }
            Self::Taken(_) => "follow, or take over".into(),
            Self::Fast => "wait a few seconds".into(),
        }
    }
}

/// What somebody who gave no name is called in a sentence.
const SOMEBODY: &str = "somebody";

#[derive(Debug, Default)]
struct Member {
    name: String,
    secret: String,
    follows: bool,
}

/// Everybody who is connected.
#[derive(Debug, Default)]
pub struct Room {
    members: BTreeMap<u32, Member>,
    last: u32,
    presenter: Option<u32>,
    shown: Option<Shown>,
}

impl Room {
    /// Somebody comes; returns the id.
    pub fn enter(&mut self) -> u32 {
        self.last += 1;
        self.members.insert(self.last, Member::default());
        self.last
    }

    /// Somebody goes, and with him what he presents.
    pub fn leave(&mut self, id: u32) {
        self.members.remove(&id);
        self.stop(id);
    }

    /// Takes a name and a secret that were checked; true if anybody could notice.
    pub fn introduce(&mut self, id: u32, name: String, secret: String) -> bool {
        let Some(member) = self.members.get_mut(&id) else {
            return false;
        };
        member.secret = secret;
        let is_new = member.name != name;
        member.name = name;
        is_new
    }

    /// The name that somebody goes by; empty if not given.
    pub fn name(&self, id: u32) -> String {
        let member = self.members.get(&id);
        member.map_or_else(String::new, |member| member.name.clone())
    }

    pub fn secret(&self, id: u32) -> String {
        let member = self.members.get(&id);
        member.map_or_else(String::new, |member| member.secret.clone())
    }

    /// Makes somebody the one whom others follow.
    pub fn present(&mut self, id: u32, take_over: bool) -> Result<(), TogetherError> {
        if !self.members.contains_key(&id) {
            return Ok(());
        }
        match self.presenter {
            Some(presenter) if presenter == id => return Ok(()),
            Some(presenter) if !take_over => {
                let name = Some(self.name(presenter)).filter(|name| !name.is_empty());
                return Err(TogetherError::Taken(
                    name.unwrap_or_else(|| SOMEBODY.to_owned()),
                ));
            }
            _ => {}
        }
        self.presenter = Some(id);
        self.shown = None;
        self.follow(id, false);
        Ok(())
    }

    /// Takes what the presenter looks at; true if it came from the presenter and is new.
    pub fn show(&mut self, id: u32, view: Showing) -> Result<bool, TogetherError> {
        if view.query.len() > MAX_VIEW {
            return Err(TogetherError::Long {
                what: "view",
                most: MAX_VIEW,
                unit: "bytes",
            });
        }
        let shown = Some(Shown { by: id, view });
        if self.presenter != Some(id) || self.shown == shown {
            return Ok(false);
        }
        self.shown = shown;
        Ok(true)
    }

    /// Ends what somebody presents, if he does. Whoever followed is free.
    pub fn stop(&mut self, id: u32) {
        if self.presenter != Some(id) {
            return;
        }
        (self.presenter, self.shown) = (None, None);
        for member in self.members.values_mut() {
            member.follows = false;
        }
    }

    /// Counts somebody among those who follow, or no longer. Nobody follows himself, or nobody.
    pub fn follow(&mut self, id: u32, on: bool) {
        let can = self.presenter.is_some_and(|presenter| presenter != id);
        if let Some(member) = self.members.get_mut(&id) {
            member.follows = on && can;
        }
    }

    /// What everybody is told.
    pub fn company(&self) -> Company {
        let person = |(&id, member): (&u32, &Member)| Person {
            id,
            name: member.name.clone(),
        };
        let named = self.members.iter().filter(|(_, m)| !m.name.is_empty());
        let presenter = self
            .presenter
            .and_then(|id| self.members.get_key_value(&id));
        let followers = self.members.values().filter(|member| member.follows);
        Company {
            viewers: self.members.len() as u32,
            people: named.take(MAX_PEOPLE).map(person).collect(),
            presenter: presenter.map(person),
            followers: followers.count() as u32,
        }
    }

    /// What the presenter looks at.
    pub fn shown(&self) -> Option<&Shown> {
        self.shown.as_ref()
    }
}

#[cfg(test)]
mod tests;
