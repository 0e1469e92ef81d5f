//! What a viewer knows of the time before its snapshot.

use super::{id, interval, snapshot, totals, waits};
use crate::session::Session;
use runqlat_common::wire::{Earlier, SeriesHistory, ServerMessage};

/// A link that is opened late shows an hour, the older part of it in longer columns: of the whole scope
/// alone.
#[test]
fn older_columns_are_the_whole_scopes() {
    let mut session = Session::default();
    session.apply(snapshot(vec![interval(9, &[(7, 2)])]));
    session.pause();
    session.apply(ServerMessage::Earlier(Earlier {
        sums: false,
        columns: vec![interval(8, &[(7, 2)]).column],
    }));
    let mut sum = interval(7, &[(7, 14)]).column;
    sum.duration_us *= 7;
    session.apply(ServerMessage::Earlier(Earlier {
        sums: true,
        columns: vec![sum],
    }));
    let paused = totals(&session);
    session.resume();
    assert_eq!(totals(&session), [Some(14), Some(2), Some(2)]);
    assert_eq!(totals(&session), paused);
    assert_eq!(session.known().unwrap().start_ms, 0.0);
    session.select(Some(id(7)));
    session.apply(ServerMessage::Series(SeriesHistory {
        key: 7,
        start: 0,
        from_seq: 1,
        to_seq: 9,
        columns: (1..=9).map(|seq| (seq, waits(2))).collect(),
    }));
    assert_eq!(totals(&session), [None, Some(2), Some(2)]);
}
