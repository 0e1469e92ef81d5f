//! Another time than the present: who waited in it is asked for one at a time, and told with its time.

use super::{Cell, Scope, Session, id, interval, scope_change, snapshot, started, waits};
use runqlat_common::wire::{ClientMessage, Key, ServerMessage, Span, SpanReply, SpanSeries};

fn span(from_seq: u64, to_seq: u64) -> Span {
    Span {
        from_seq,
        to_seq,
        by_name: false,
    }
}

/// The server keeps what came from interval 3 on.
fn answer(session: &mut Session, span: Span, series: &[(u64, &str, u64)]) -> Vec<ClientMessage> {
    let known_from_seq = span.from_seq.max(3);
    session.apply(ServerMessage::Span(SpanReply {
        known_from_seq,
        known_to_seq: span.to_seq,
        start_ms: known_from_seq * 1_000 - 1_000,
        end_ms: span.to_seq * 1_000,
        measured_us: 4_000_000,
        series: series
            .iter()
            .map(|&(key, name, n)| SpanSeries {
                key,
                start: 0,
                name: name.into(),
                name_hex: None,
                members: 1,
                counts: waits(n),
                levels: vec![2, 0],
            })
            .collect(),
        more: 0,
        more_waits: 0,
        span,
    }))
}

fn listed(session: &Session) -> Vec<(u64, u64)> {
    let mut listed: Vec<_> = session
        .listed()
        .listed()
        .map(|(id, t)| (id.key, t.waits))
        .collect();
    listed.sort_unstable();
    listed
}

#[test]
fn who_waited_then_is_listed_until_one_looks_at_the_present_again() {
    let mut session = started((1..=9).map(|seq| interval(seq, &[(7, 3)])).collect());
    let asked = session.look_for(Some(span(2, 5)));
    assert_eq!(asked, (false, vec![ClientMessage::Span(span(2, 5))]));
    // Until the answer comes, the list is what it says it is.
    assert!(session.is_asking() && session.told().is_none());
    assert_eq!(listed(&session), [(7, 27)]);
    assert_eq!(
        answer(
            &mut session,
            span(2, 5),
            &[(7, "postgres", 2), (8, "cc", 90)]
        ),
        []
    );
    assert_eq!(listed(&session), [(7, 2), (8, 90)]);
    let told = session.told().expect("an answer");
    assert_eq!((told.times, told.is_cut), (Some((2_000.0, 5_000.0)), true));
    assert_eq!(
        (told.recent.seconds(), told.recent.name_of(id(8))),
        (4.0, "cc".to_owned())
    );
    // Who has gone since says so; the strip ends with the span.
    assert_eq!(
        (told.recent.is_gone(id(7)), told.recent.is_gone(id(8))),
        (false, true)
    );
    let strip = told.recent.strip(id(8));
    let expected = [Cell::Unknown, Cell::Quiet, Cell::Longest(1), Cell::Quiet];
    assert_eq!(strip[116..], expected);
    session.select(Some(id(8)));
    assert_eq!(
        session.selection.as_ref().map(|s| s.name.as_str()),
        Some("cc")
    );
    assert_eq!(session.look_for(None), (true, Vec::new()));
    assert_eq!(listed(&session), [(7, 27)]);
}

#[test]
fn one_question_at_a_time_and_the_newest_next() {
    let mut session = started((1..=9).map(|seq| interval(seq, &[(7, 3)])).collect());
    session.look_for(Some(span(3, 4)));
    for to in 5..9 {
        assert_eq!(session.look_for(Some(span(3, to))), (false, Vec::new()));
    }
    // What nobody looks at any more is not shown.
    let next = answer(&mut session, span(3, 4), &[(8, "cc", 1)]);
    assert_eq!(next, [ClientMessage::Span(span(3, 8))]);
    assert!(session.told().is_none());
    answer(&mut session, span(3, 8), &[(8, "cc", 1)]);
    assert!(session.told().is_some() && !session.is_asking());
    // It is known already.
    assert_eq!(session.look_for(Some(span(3, 8))), (false, Vec::new()));
}

#[test]
fn another_connection_is_asked_anew_and_a_refusal_is_no_answer() {
    let mut session = started((1..=9).map(|seq| interval(seq, &[(7, 3)])).collect());
    session.look_for(Some(span(3, 4)));
    let again = session.apply(snapshot(Vec::new()));
    assert_eq!(again, [ClientMessage::Span(span(3, 4))]);
    session.apply(ServerMessage::Error {
        reason: "busy".into(),
        hint: String::new(),
    });
    assert!(!session.is_asking());
    let another = session.look_for(Some(span(4, 5)));
    assert_eq!(another, (false, vec![ClientMessage::Span(span(4, 5))]));
}

#[test]
fn keys_of_another_kind_are_asked_about_anew_but_not_by_a_paused_page() {
    for paused in [false, true] {
        let mut session = started((1..=9).map(|seq| interval(seq, &[(7, 3)])).collect());
        session.look_for(Some(span(3, 4)));
        answer(&mut session, span(3, 4), &[(8, "cc", 1)]);
        if paused {
            session.pause();
        }
        let threads = Scope {
            key: Key::Thread,
            ..Scope::default()
        };
        let asked = session.apply(ServerMessage::Scope(scope_change(2, 10, threads)));
        let expected = (!paused).then(|| ClientMessage::Span(span(3, 4)));
        assert_eq!(asked, expected.into_iter().collect::<Vec<_>>());
        assert_eq!(session.told().is_some(), paused);
    }
}
