//! Others: who presents, who is followed, whose notes are kept.

use super::{interval, scope_change, snapshot, started};
use crate::address::Address;
use crate::session::notice::Notice;
use crate::session::together::Together;
use runqlat_common::wire::{
    self, ClientMessage, Company, Introduction, Note, Person, Scope, ServerMessage, Showing, Shown,
};

fn person(id: u32) -> Person {
    let name = format!("p{id}");
    Person { id, name }
}

fn company(presenter: Option<u32>) -> ServerMessage {
    ServerMessage::Company(Company {
        viewers: 3,
        presenter: presenter.map(person),
        ..Company::default()
    })
}

fn shown(by: u32, query: &str) -> ServerMessage {
    let query = query.to_owned();
    let view = Showing { query, cell: None };
    ServerMessage::Shown(Shown { by, view })
}

fn joined(you: u32, presenter: Option<u32>) -> ServerMessage {
    let (ServerMessage::Snapshot(mut snapshot), ServerMessage::Company(company)) =
        (snapshot(vec![interval(1, &[])]), company(presenter))
    else {
        unreachable!("as they were made");
    };
    snapshot.together = wire::Together {
        you,
        company,
        ..wire::Together::default()
    };
    ServerMessage::Snapshot(snapshot)
}

/// Hears a message; returns what to send.
fn hear(together: &mut Together, mut message: ServerMessage) -> Vec<ClientMessage> {
    let (told, answers) = together.hear(&mut message);
    assert!(told);
    answers
}

fn query(together: &Together) -> Option<&str> {
    together.driven().map(|view| view.query.as_str())
}

#[test]
fn a_presenter_is_followed_until_he_or_the_follower_lets_go() {
    let mut together = Together::default();
    assert_eq!(together.follow(true), [], "there is nobody");
    hear(&mut together, joined(9, Some(7)));
    hear(&mut together, shown(7, "last=60"));
    assert_eq!(query(&together), None, "nobody is made to follow");
    let follow = |on| ClientMessage::Follow { on };
    assert_eq!(together.follow(true), [follow(true)]);
    assert_eq!(query(&together), Some("last=60"));
    assert_eq!(together.follow(true), []);
    // Another takes over: what the one before looked at does not drive any more.
    hear(&mut together, company(Some(8)));
    assert_eq!((query(&together), together.is_following()), (None, true));
    hear(&mut together, shown(8, "last=5"));
    assert_eq!(query(&together), Some("last=5"));
    assert_eq!(together.follow(false), [follow(false)]);
    assert_eq!(query(&together), None);
    together.follow(true);
    hear(&mut together, company(None));
    assert!(!together.is_following());
    // And is not followed again when somebody else begins.
    hear(&mut together, company(Some(8)));
    assert_eq!(query(&together), None);
}

#[test]
fn who_presents_follows_nobody() {
    let mut together = Together::default();
    hear(&mut together, joined(9, Some(7)));
    together.follow(true);
    hear(&mut together, company(Some(9)));
    assert!(together.presents() && !together.is_following());
    assert_eq!(together.follow(true), []);
    hear(&mut together, shown(9, "last=60"));
    assert_eq!(query(&together), None);
}

#[test]
fn a_new_connection_is_told_who_this_is_and_whom_it_follows() {
    let mut together = Together::default();
    assert_eq!(hear(&mut together, joined(1, None)), [], "nothing to tell");
    let introduction = Introduction {
        name: "Ada".into(),
        secret: "s".into(),
    };
    together.introduction = Some(introduction.clone());
    let introduce = ClientMessage::Introduce(introduction);
    let mut again = |you, presenter| hear(&mut together, joined(you, presenter));
    assert_eq!(again(2, Some(7)), std::slice::from_ref(&introduce));
    together.follow(true);
    let follow = ClientMessage::Follow { on: true };
    let mut again = |you, presenter| hear(&mut together, joined(you, presenter));
    assert_eq!(again(3, Some(7)), [introduce.clone(), follow]);
    // The presenter went meanwhile.
    assert_eq!(again(4, None), [introduce]);
    assert_eq!(together.rename("Bob".into()).len(), 1);
    assert_eq!(together.name(), "Bob");
}

#[test]
fn notes_come_and_go() {
    let mut together = Together::default();
    let note = |id, at_ms| {
        ServerMessage::Note(Note {
            id,
            at_ms,
            text: "up".into(),
            by: String::new(),
        })
    };
    hear(&mut together, note(1, 900));
    hear(&mut together, note(2, 300));
    let ids = |together: &Together| together.notes.iter().map(|n| n.id).collect::<Vec<_>>();
    assert_eq!(ids(&together), [2, 1]);
    let may = |together: &Together, may_control| {
        [Some(1), Some(2), Some(3), None].map(|id| together.may_delete(id, may_control))
    };
    assert_eq!(may(&together, true), [true, true, false, false]);
    assert_eq!(may(&together, false), [false; 4]);
    let ids_of_own = vec![2, 3];
    hear(&mut together, ServerMessage::OwnNotes { ids: ids_of_own });
    assert_eq!(may(&together, false), [false, true, false, false]);
    hear(&mut together, ServerMessage::NoteDeleted { id: 1 });
    hear(&mut together, ServerMessage::NoteDeleted { id: 1 });
    assert_eq!(ids(&together), [2]);
    // What a snapshot does not hold is gone.
    hear(&mut together, joined(9, None));
    assert!(ids(&together).is_empty());
}

/// What others do must not draw every picture anew, nor an interval what others do.
#[test]
fn an_interval_tells_nothing_of_the_others() {
    let mut together = Together::default();
    let mut message = ServerMessage::Interval(interval(1, &[]));
    assert_eq!(together.hear(&mut message), (false, Vec::new()));
    assert_eq!(message, ServerMessage::Interval(interval(1, &[])));
}

#[test]
fn who_changed_what_is_measured_is_said() {
    let mut session = started(vec![interval(1, &[])]);
    let mut by = |number, by: &str| {
        let mut change = scope_change(number, 2, Scope::default());
        change.by = by.into();
        session.apply(ServerMessage::Scope(change));
        session.notice().cloned()
    };
    assert_eq!(by(2, ""), None);
    assert_eq!(by(3, "Bob"), Some(Notice::Changed { by: "Bob".into() }));
}

#[test]
fn ones_own_change_is_not_told_as_anothers() {
    let mut session = started(vec![interval(1, &[])]);
    session.together.rename("Ada".into());
    session.set_scope(Scope::default());
    let mut by = |number, by: &str| {
        let mut change = scope_change(number, 2, Scope::default());
        change.by = by.into();
        session.apply(ServerMessage::Scope(change));
        session.notice().cloned()
    };
    assert_eq!(by(2, "Ada"), Some(Notice::OwnChange));
    // Asked once, told once: another Ada is another.
    assert_eq!(by(3, "Ada"), Some(Notice::Changed { by: "Ada".into() }));
}

#[test]
fn a_hand_is_told_by_the_address() {
    let mut together = Together::default();
    let address = |query: &str| Address::parse(query);
    assert!(!together.is_moved(&address("last=60")), "nothing drives it");
    let query = "last=60&series=7";
    together.driven_by = Some((query.into(), address(query)));
    assert!(!together.is_moved(&address("last=60&series=7")));
    assert!(together.is_moved(&address("last=30&series=7")));
    assert!(together.is_moved(&address("last=60&series=8")));
    // It ended; whoever chooses one then does move.
    assert!(!together.is_moved(&address("last=60")));
    assert!(together.is_moved(&address("last=60&series=8")));
}
