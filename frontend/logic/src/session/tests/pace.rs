//! When numbers are told anew.

use super::super::pace::Renews;
use super::{Scope, ScopeChange, ServerMessage, Session, interval, snapshot};

/// Which of ten intervals are to be read.
fn read(interval_ms: u32) -> Vec<u64> {
    let mut session = Session::default();
    session.apply(snapshot(Vec::new()));
    session.apply(ServerMessage::Scope(ScopeChange {
        number: 2,
        scope: Scope {
            interval_ms,
            ..Scope::default()
        },
        from_seq: 1,
        at_ms: 0,
        by: String::new(),
    }));
    let is_read = |seq: &u64| {
        let message = ServerMessage::Interval(interval(*seq, &[(1, 1)]));
        let is_read = session.renews(&message) == Renews::Measured;
        session.apply(message);
        is_read
    };
    (1..=10).filter(is_read).collect()
}

#[test]
fn what_is_read_changes_once_a_second_or_as_seldom_as_intervals_end() {
    let all: Vec<u64> = (1..=10).collect();
    assert_eq!(read(1_000), all);
    assert_eq!(read(60_000), all);
    assert_eq!(read(600), all);
    assert_eq!(read(500), [2, 4, 6, 8, 10]);
    assert_eq!(read(200), [5, 10]);
    assert_eq!(read(100), [10]);
}

#[test]
fn what_is_no_interval_is_told_at_once() {
    let session = Session::default();
    assert_eq!(session.renews(&snapshot(Vec::new())), Renews::All);
    assert_eq!(
        session.renews(&ServerMessage::Lagged { missed: 1 }),
        Renews::All
    );
}
