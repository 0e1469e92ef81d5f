//! What a viewer knows of the time before the newest intervals.

use super::{interval, snapshot, waits};
use crate::session::Session;
use runqlat_common::counts::Counts;
use runqlat_common::wire::{SeriesHistory, ServerMessage};

/// A link that is opened late shows an hour, the older part of it in longer columns: of the whole scope
/// alone.
#[test]
fn older_columns_are_the_whole_scopes() {
    let newest = snapshot(vec![interval(8, &[(7, 2)]), interval(9, &[(7, 2)])]);
    let ServerMessage::Snapshot(mut snapshot) = newest else {
        unreachable!("it was made so");
    };
    let mut older = interval(7, &[(7, 14)]).column;
    older.duration_us *= 7;
    snapshot.older = vec![older];
    let mut session = Session::default();
    session.apply(ServerMessage::Snapshot(snapshot));
    let totals = |session: &Session| -> Vec<Option<u64>> {
        let slices = session.slices(0.0);
        slices
            .map(|slice| slice.counts.ok().map(Counts::total))
            .collect()
    };
    assert_eq!(totals(&session), [Some(14), Some(2), Some(2)]);
    assert_eq!(session.known().unwrap().start_ms, 0.0);
    session.select(Some(7));
    session.apply(ServerMessage::Series(SeriesHistory {
        key: 7,
        from_seq: 1,
        to_seq: 9,
        columns: (1..=9).map(|seq| (seq, waits(2))).collect(),
    }));
    assert_eq!(totals(&session), [None, Some(2), Some(2)]);
}
