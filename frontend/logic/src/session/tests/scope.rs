//! What a change of what is measured does to the state.

use super::{asked_for, id, interval, restart, scope_change, seqs, started, totals, waits};
use crate::chart::grid::Missing;
use crate::session::Session;
use crate::session::notice::Notice;
use runqlat_common::buckets::Unit;
use runqlat_common::wire::{
    ClientMessage, Health, Key, Losses, Scope, SeriesHistory, ServerMessage,
};

fn threads() -> Scope {
    Scope {
        key: Key::Thread,
        ..Scope::default()
    }
}

fn in_ms() -> Scope {
    Scope {
        unit: Unit::Ms,
        ..Scope::default()
    }
}

fn one_process() -> Scope {
    Scope {
        tgid: Some(7),
        interval_ms: 100,
        ..Scope::default()
    }
}

/// Two intervals in which series 7 waited, and then another scope.
fn changed_to(scope: Scope) -> Session {
    let mut session = started(vec![interval(1, &[(7, 3)]), interval(2, &[(7, 4)])]);
    session.select(Some(id(7)));
    change(&mut session, 2, 3, scope);
    session
}

fn change(session: &mut Session, number: u32, from_seq: u64, scope: Scope) {
    let change = scope_change(number, from_seq, scope);
    assert_eq!(session.apply(ServerMessage::Scope(change)), []);
}

fn advance(session: &mut Session, seq: u64, series: &[(u64, u64)]) {
    session.apply(ServerMessage::Interval(interval(seq, series)));
}

fn missing(session: &Session) -> Vec<Option<Missing>> {
    let slices = session.slices(0.0);
    slices.map(|slice| slice.counts.err()).collect()
}

fn listed(session: &Session) -> Vec<u64> {
    let recent = &session.shown().recent;
    let mut keys: Vec<_> = recent.listed().map(|(id, _)| id.key).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn with_a_filter_or_interval_alone_series_go_on() {
    let mut session = changed_to(one_process());
    advance(&mut session, 3, &[(7, 5)]);
    assert_eq!(session.selected_key(), Some(id(7)));
    assert_eq!(session.scope(), Some(&one_process()));
    assert_eq!(session.live().recent.total(id(7)).unwrap().waits, 12);
    let past = SeriesHistory {
        key: 7,
        start: 0,
        from_seq: 1,
        to_seq: 3,
        columns: vec![(2, waits(4)), (3, waits(5))],
    };
    session.apply(ServerMessage::Series(past));
    assert_eq!(totals(&session), [Some(0), Some(4), Some(5)]);
    let changes: Vec<_> = session.shown().changes().collect();
    assert_eq!((changes.len(), changes[0].at_ms), (1, 2_000.0));
}

#[test]
fn with_another_key_the_list_starts_anew_and_columns_stay() {
    let mut session = changed_to(threads());
    assert_eq!(session.selected_key(), None);
    assert!(listed(&session).is_empty());
    assert_eq!(totals(&session), [Some(3), Some(4)]);
    advance(&mut session, 3, &[(7, 5)]);
    assert_eq!(session.live().recent.total(id(7)).unwrap().waits, 5);
    assert_eq!(session.live().recent.name_of(id(7)), "thread 7");
    assert_eq!(session.live().recent.waits(), 5);
    // A thread's past begins where threads were counted, whatever an answer says.
    assert_eq!(session.select(Some(id(7))), [asked_for(7)]);
    let past = SeriesHistory {
        key: 7,
        start: 0,
        from_seq: 1,
        to_seq: 3,
        columns: vec![(1, waits(3)), (2, waits(4)), (3, waits(5))],
    };
    session.apply(ServerMessage::Series(past));
    let by_process = Some(Missing::Key(Key::Process));
    assert_eq!(missing(&session), [by_process, by_process, None]);
    assert_eq!(totals(&session), [None, None, Some(5)]);
}

#[test]
fn columns_of_another_unit_are_missing_until_it_is_theirs_again() {
    let mut session = changed_to(in_ms());
    assert!(listed(&session).is_empty());
    advance(&mut session, 3, &[(7, 5)]);
    let in_us = Some(Missing::Unit(Unit::Us));
    assert_eq!(missing(&session), [in_us, in_us, None]);
    change(&mut session, 3, 4, Scope::default());
    advance(&mut session, 4, &[(7, 6)]);
    assert_eq!(
        missing(&session),
        [None, None, Some(Missing::Unit(Unit::Ms)), None]
    );
    // The series of before are not those of now, though key and unit are the same.
    session.select(Some(id(7)));
    advance(&mut session, 5, &[]);
    let in_ms = Some(Missing::Unit(Unit::Ms));
    let unknown = Some(Missing::Unknown);
    assert_eq!(missing(&session), [unknown, unknown, in_ms, unknown, None]);
}

#[test]
fn the_last_intervals_of_the_scope_before_stay_out_of_the_list() {
    let mut session = started(vec![interval(1, &[(7, 3)])]);
    change(&mut session, 2, 3, threads());
    advance(&mut session, 2, &[(7, 4)]);
    assert!(listed(&session).is_empty());
    advance(&mut session, 3, &[(8, 1)]);
    assert_eq!((listed(&session), seqs(&session)), (vec![8], vec![1, 2, 3]));
}

/// A snapshot with these scopes comes, and these intervals; the answer.
fn told(
    session: &mut Session,
    scopes: &[(u32, u64, Scope)],
    seqs: std::ops::RangeInclusive<u64>,
) -> Vec<ClientMessage> {
    let change =
        |(number, seq, scope): &(u32, u64, Scope)| scope_change(*number, *seq, scope.clone());
    let intervals = seqs.map(|seq| interval(seq, &[(7, seq)])).collect();
    restart(session, scopes.iter().map(change).collect(), intervals)
}

#[test]
fn a_snapshot_tells_what_was_measured_when() {
    let scopes = [(1, 1, Scope::default()), (2, 4, threads())];
    let mut session = Session::default();
    told(&mut session, &scopes, 1..=5);
    assert_eq!(session.live().recent.total(id(7)).unwrap().waits, 4 + 5);
    assert_eq!(session.scope(), Some(&threads()));
    // A change that the snapshot told already.
    change(&mut session, 2, 4, threads());
    assert_eq!(session.shown().changes().count(), 1);
    // What a new snapshot goes on with stays selected; what was changed meanwhile does not.
    session.select(Some(id(7)));
    let answer = told(&mut session, &scopes[1..], 2..=6);
    assert_eq!(answer, [asked_for(7)]);
    let answer = told(&mut session, &[(3, 7, in_ms())], 2..=7);
    assert_eq!((answer, session.selected_key()), (vec![], None));
}

#[test]
fn a_paused_page_keeps_what_it_shows_and_chooses_nothing_of_old() {
    let mut session = started(vec![interval(1, &[(7, 3), (8, 1)])]);
    session.select(Some(id(7)));
    session.pause();
    change(&mut session, 2, 2, threads());
    advance(&mut session, 2, &[(7, 9)]);
    assert_eq!((seqs(&session), listed(&session)), (vec![1], vec![7, 8]));
    assert_eq!(session.shown().scopes.series().key, Key::Process);
    assert_eq!(session.selected_key(), Some(id(7)));
    assert_eq!(session.select(Some(id(8))), []);
    assert_eq!(session.notice(), Some(&Notice::Outdated));
    assert_eq!(session.selected_key(), Some(id(7)));
    session.resume();
    assert_eq!((session.selected_key(), listed(&session)), (None, vec![7]));
    assert_eq!(session.live().recent.total(id(7)).unwrap().waits, 9);
}

#[test]
fn losses_of_other_programs_are_not_new_ones() {
    let mut session = started(vec![]);
    let lost = [10, 12, 3, 4];
    for (seq, unmatched) in (1..).zip(lost) {
        let mut next = interval(seq, &[]);
        let losses = Losses {
            unmatched,
            ..Losses::default()
        };
        next.health = Health {
            losses,
            ..Health::default()
        };
        if seq == 3 {
            change(&mut session, 2, 3, one_process());
        }
        session.apply(ServerMessage::Interval(next));
    }
    assert_eq!(session.live().recent.newly_lost(), 2 + 1);
}

#[test]
fn what_is_measured_is_gone_until_something_else_is() {
    let mut session = changed_to(one_process());
    let seq = session.live().seq;
    let mut next = interval(seq + 1, &[]);
    next.health.target_gone_ms = Some(9);
    session.apply(ServerMessage::Interval(next));
    assert_eq!(session.gone(), Some((&one_process(), 9.0)));
    change(&mut session, 3, seq + 2, Scope::default());
    assert_eq!(session.gone(), None);
}

#[test]
fn a_refusal_changes_nothing_and_is_told() {
    let mut session = changed_to(one_process());
    let (reason, hint) = ("no such cgroup".to_owned(), "look".to_owned());
    let refused = ServerMessage::ScopeRefused {
        reason: reason.clone(),
        hint: hint.clone(),
    };
    assert_eq!(session.apply(refused), []);
    assert_eq!(
        session.notice(),
        Some(&Notice::ScopeRefused { reason, hint })
    );
    assert_eq!(session.selected_key(), Some(id(7)));
}
