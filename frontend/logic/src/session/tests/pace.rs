//! When numbers are told anew.

use super::super::pace::Renews;
use super::{Scope, ScopeChange, ServerMessage, Session, interval, snapshot};

/// At which of ten intervals the list is to be read, and at which numbers are.
fn read(interval_ms: u32) -> [Vec<u64>; 2] {
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
    let mut renews = |seq| {
        let message = ServerMessage::Interval(interval(seq, &[(1, 1)]));
        let renews = session.renews(&message);
        session.apply(message);
        (seq, renews)
    };
    let all: Vec<(u64, Renews)> = (1..=10).map(&mut renews).collect();
    let those = |is: fn(Renews) -> bool| {
        let those = all.iter().filter(|(_, renews)| is(*renews));
        those.map(|(seq, _)| *seq).collect()
    };
    [those(Renews::list), those(Renews::numbers)]
}

#[test]
fn what_is_read_changes_once_a_second_or_as_seldom_as_intervals_end() {
    let all: Vec<u64> = (1..=10).collect();
    for interval_ms in [600, 1_000, 60_000] {
        assert_eq!(read(interval_ms), [all.clone(), all.clone()]);
    }
    assert_eq!(read(500), [[2, 4, 6, 8, 10], [1, 3, 5, 7, 9]]);
    assert_eq!(read(200), [[5, 10], [2, 7]]);
    assert_eq!(read(100), [[10], [5]]);
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
