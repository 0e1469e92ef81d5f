//! The selected series, and series that a link names: by number and start, by number alone, or one that has ended.

use super::{asked_for, id, interval, restart, scope_change, started, totals, waits};
use crate::keys::Linked;
use crate::session::{Another, Session};
use runqlat_common::counts::Counts;
use runqlat_common::wire::{
    ClientMessage, Interval, Scope, SeriesHistory, SeriesKey, SeriesName, ServerMessage,
};

/// Number 5 was used twice.
const OLD: SeriesKey = SeriesKey { key: 5, start: 100 };
const NEW: SeriesKey = SeriesKey { key: 5, start: 900 };

fn linked(text: &str) -> Option<Linked> {
    Some(Linked::parse(text).expect("a link"))
}

fn asked(key: u64, start: Option<u64>) -> Vec<ClientMessage> {
    vec![ClientMessage::Series { key, start }]
}

/// Interval `seq`, in which `id` waits for the first time.
fn first(seq: u64, id: SeriesKey, name: &str) -> Interval {
    let mut interval = interval(seq, &[(id.key, 3)]);
    interval.series[0].start = id.start;
    interval.names = vec![SeriesName {
        key: id.key,
        start: id.start,
        name: name.into(),
        name_hex: None,
    }];
    interval
}

fn goes_on(seq: u64, id: SeriesKey) -> Interval {
    Interval {
        names: Vec::new(),
        ..first(seq, id, "")
    }
}

/// The server's answer, with or without an interval with waits.
fn history(id: SeriesKey, waits: Option<u64>) -> SeriesHistory {
    let columns = waits.map(|seq| (seq, Counts::default()));
    SeriesHistory {
        key: id.key,
        start: id.start,
        from_seq: 1,
        to_seq: 2,
        columns: columns.into_iter().collect(),
    }
}

fn answer(session: &mut Session, id: SeriesKey, waits: Option<u64>) {
    let asked = session.apply(ServerMessage::Series(history(id, waits)));
    assert_eq!(asked, []);
}

/// A page that was opened by a link and then gets its snapshot; returns what it requests.
fn opened(link: &str, intervals: Vec<Interval>) -> (Session, Vec<ClientMessage>) {
    let mut session = Session::default();
    session.follow_link(linked(link));
    let scopes = vec![scope_change(1, 1, Scope::default())];
    let asked = restart(&mut session, scopes, intervals);
    (session, asked)
}

#[test]
fn a_selected_series_has_its_own_columns() {
    let mut session = started(vec![interval(1, &[(7, 3)]), interval(2, &[(8, 5)])]);
    assert_eq!(session.select(Some(id(7))), [asked_for(7)]);
    assert_eq!(session.select(Some(id(7))), []);
    assert_eq!(session.selection.as_ref().unwrap().name, "postgres");
    assert_eq!(totals(&session), [None, None]);
    session.apply(ServerMessage::Interval(interval(3, &[(7, 2), (8, 1)])));
    session.apply(ServerMessage::Series(SeriesHistory {
        key: 7,
        start: 0,
        from_seq: 2,
        to_seq: 3,
        columns: vec![(3, waits(2))],
    }));
    assert_eq!(totals(&session), [None, Some(0), Some(2)]);
    session.select(None);
    assert_eq!(totals(&session), [Some(3), Some(5), Some(3)]);
}

#[test]
fn a_link_to_one_that_is_there_shows_it() {
    let (mut session, sent) = opened("5@900", vec![first(1, NEW, "nginx")]);
    assert_eq!(sent, asked(5, Some(900)));
    answer(&mut session, NEW, Some(1));
    assert_eq!(
        (session.selected_key(), &session.another),
        (Some(NEW), &None)
    );
    let name = session.selection.as_ref().map(|s| s.name.as_str());
    assert_eq!(name, Some("nginx"));
}

#[test]
fn a_number_alone_is_the_newest_with_it() {
    let both = vec![first(1, OLD, "make"), first(2, NEW, "nginx")];
    let (mut session, sent) = opened("5", both.clone());
    assert_eq!(sent, asked(5, None));
    answer(&mut session, NEW, Some(2));
    assert_eq!(session.selected_key(), Some(NEW));
    assert_eq!(session.linked(), linked("5@900"));
    let selection = session.selection.as_ref().expect("a selection");
    assert_eq!(selection.name, "nginx");
    // An interval that arrived before the answer is requested again.
    let (mut session, _) = opened("5", both.clone());
    session.apply(ServerMessage::Interval(goes_on(3, NEW)));
    let history = ServerMessage::Series(history(NEW, Some(2)));
    assert_eq!(session.apply(history), asked(5, Some(900)));
    // If it is known already, and if it appears later.
    let mut session = started(both);
    assert_eq!(session.follow_link(linked("5")), asked(5, Some(900)));
    let (mut session, _) = opened("5", Vec::new());
    answer(&mut session, SeriesKey { key: 5, start: 0 }, None);
    assert_eq!(session.selected_key(), None);
    session.apply(ServerMessage::Interval(first(1, NEW, "nginx")));
    assert_eq!(session.selected_key(), Some(NEW));
}

#[test]
fn the_same_link_again_asks_for_nothing() {
    let mut session = started(vec![first(1, NEW, "nginx")]);
    assert_eq!(session.follow_link(linked("5@900")), asked(5, Some(900)));
    assert_eq!(session.follow_link(linked("5")), []);
    assert_eq!(session.follow_link(linked("5@900")), []);
    assert_eq!(session.follow_link(None), []);
    assert_eq!(session.linked(), None);
}

#[test]
fn where_another_has_the_number_the_whole_is_shown_and_it_is_said() {
    let (mut session, sent) = opened("5@100", vec![first(1, NEW, "nginx"), goes_on(2, NEW)]);
    assert_eq!(sent, asked(5, Some(100)));
    answer(&mut session, OLD, None);
    let another = Another {
        id: NEW,
        name: "nginx".into(),
    };
    assert_eq!(
        (session.linked(), session.another.clone()),
        (None, Some(another))
    );
    session.select(Some(NEW));
    assert_eq!(
        (session.selected_key(), &session.another),
        (Some(NEW), &None)
    );
}

#[test]
fn it_is_said_as_well_when_the_other_comes_later() {
    let (mut session, _) = opened("5@100", vec![interval(1, &[(8, 1)])]);
    answer(&mut session, OLD, None);
    assert_eq!(
        (session.selected_key(), &session.another),
        (Some(OLD), &None)
    );
    session.apply(ServerMessage::Interval(first(2, NEW, "nginx")));
    assert_eq!(session.another.as_ref().map(|other| other.id), Some(NEW));
}

#[test]
fn one_that_has_ended_is_shown_while_its_past_is_kept() {
    let mut ending = first(1, OLD, "make");
    ending.gone = vec![OLD];
    for (intervals, waits) in [
        (vec![ending, first(2, NEW, "nginx")], None),
        (vec![first(1, NEW, "nginx")], Some(1)),
    ] {
        let (mut session, _) = opened("5@100", intervals);
        answer(&mut session, OLD, waits);
        session.apply(ServerMessage::Interval(goes_on(
            session.live().seq + 1,
            NEW,
        )));
        assert_eq!(
            (session.selected_key(), &session.another),
            (Some(OLD), &None)
        );
    }
}

#[test]
fn a_series_keeps_to_the_one_that_was_chosen() {
    let mut session = started(vec![first(1, OLD, "make")]);
    session.select(Some(OLD));
    let mut last = goes_on(2, OLD);
    last.gone = vec![OLD];
    session.apply(ServerMessage::Interval(last));
    session.apply(ServerMessage::Interval(first(3, NEW, "nginx")));
    let selection = session.selection.as_ref().expect("a selection");
    assert_eq!(
        (selection.name.as_str(), selection.id()),
        ("make", Some(OLD))
    );
    let totals = [2, 3].map(|seq| selection.at(seq).map(Counts::total));
    assert_eq!(totals, [Some(3), Some(0)]);
    let recent = &session.live().recent;
    assert_eq!([OLD, NEW].map(|id| recent.is_gone(id)), [true, false]);
    assert_eq!([OLD, NEW].map(|id| recent.name_of(id)), ["make", "nginx"]);
    assert_eq!(recent.listed().count(), 2);
}
