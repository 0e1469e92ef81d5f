//! A page that comes back to another server.

use super::{interval, snapshot, started};
use crate::session::Notice;
use runqlat_common::wire::ServerMessage;

#[test]
fn a_server_that_was_started_anew_is_told_for_ten_minutes() {
    let mut session = started(vec![interval(1, &[]), interval(2, &[])]);
    // The same one: nothing is lost.
    session.apply(snapshot(vec![interval(1, &[]), interval(2, &[])]));
    assert_eq!(session.notice(), None);
    let ServerMessage::Snapshot(mut anew) = snapshot(vec![interval(1, &[])]) else {
        unreachable!("a snapshot is made");
    };
    anew.server.started_ms = 5;
    anew.scopes[0].scope.interval_ms = 60_000;
    session.apply(ServerMessage::Snapshot(anew));
    for seq in 2..=12 {
        assert_eq!(session.notice(), Some(&Notice::Restarted { at_ms: 5 }));
        session.apply(ServerMessage::Interval(interval(seq, &[])));
    }
    for seq in 13..=21 {
        session.apply(ServerMessage::Interval(interval(seq, &[])));
    }
    assert_eq!(session.notice(), None);
}
