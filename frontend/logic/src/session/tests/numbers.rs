//! Numbers that no server sends, for a page may not panic whatever comes.

use super::{id, interval, seqs, started, waits};
use runqlat_common::wire::{SeriesHistory, ServerMessage};

#[test]
fn a_past_that_never_ends_takes_what_comes() {
    let mut session = started(vec![interval(1, &[(7, 3)])]);
    session.select(Some(id(7)));
    session.apply(ServerMessage::Series(SeriesHistory {
        key: 7,
        start: 0,
        from_seq: 1,
        to_seq: u64::MAX,
        columns: vec![(u64::MAX, waits(1))],
    }));
    session.apply(ServerMessage::Interval(interval(2, &[(7, 1)])));
    assert_eq!(seqs(&session), [1, 2]);
}

#[test]
fn intervals_may_be_longer_than_all_time() {
    let long = |seq| {
        let mut interval = interval(seq, &[(7, 1)]);
        interval.column.duration_us = u64::MAX;
        interval
    };
    let session = started(vec![long(1), long(2)]);
    assert!(session.live().recent.seconds() > 1e13);
}
