//! What messages do to the state.

mod gone;
mod linked;
mod numbers;
mod older;
mod pace;
mod past;
mod restarted;
mod scope;
mod together;

use super::recent::INTERVALS;
use super::strip::{CELLS, Cell};
use super::{Link, Notice, Session};
use proptest::prelude::{prop_assert_eq, proptest};
use runqlat_common::counts::{Counts, Waits};
use runqlat_common::wire::{
    ClientMessage, Column, Health, Interval, PROTOCOL_VERSION, ProbeState, Programs, Scope,
    ScopeChange, Series, SeriesKey, SeriesName, ServerInfo, ServerMessage, Snapshot,
};

/// When the server was started.
const STARTED_MS: u64 = 1;

fn id(key: u64) -> SeriesKey {
    SeriesKey { key, start: 0 }
}

fn asked_for(key: u64) -> ClientMessage {
    ClientMessage::Series {
        key,
        start: Some(0),
    }
}

fn waits(n: u64) -> Counts {
    Counts {
        woken: Waits {
            counts: vec![0, n],
            sum_ns: n * 2_500,
        },
        preempted: Waits::default(),
    }
}

/// One interval in which each of `series` waited that often.
fn interval(seq: u64, series: &[(u64, u64)]) -> Interval {
    let mut all = Counts::default();
    for (_, n) in series {
        all.add(&waits(*n));
    }
    Interval {
        column: Column {
            seq,
            end_ms: seq * 1_000,
            duration_us: 1_000_000,
            counts: all,
        },
        series: series
            .iter()
            .map(|&(key, n)| Series {
                key,
                start: 0,
                counts: waits(n),
            })
            .collect(),
        names: Vec::new(),
        gone: Vec::new(),
        health: Health::default(),
    }
}

fn snapshot(intervals: Vec<Interval>) -> ServerMessage {
    ServerMessage::Snapshot(Snapshot {
        protocol: PROTOCOL_VERSION,
        server: ServerInfo {
            version: String::new(),
            hostname: "db1".into(),
            kernel: "6.18".into(),
            cpus: 2,
            demo: false,
            tokens: true,
            started_ms: STARTED_MS,
            caveats: Vec::new(),
            read_only: false,
        },
        scopes: vec![scope_change(1, 1, Scope::default())],
        probe: ProbeState::Attached {
            programs: Programs::Typed,
        },
        seq: intervals.last().map_or(0, |i| i.column.seq),
        columns: intervals.into_iter().map(|i| i.column).collect(),
        names: vec![SeriesName {
            key: 7,
            start: 0,
            name: "postgres".into(),
            name_hex: None,
        }],
        together: Default::default(),
        may_control: true,
    })
}

/// As the server does: a snapshot with these scopes ends before the newest intervals, which follow in
/// full. Returns the answer to it.
fn restart(
    session: &mut Session,
    scopes: Vec<ScopeChange>,
    intervals: Vec<Interval>,
) -> Vec<ClientMessage> {
    let ServerMessage::Snapshot(snapshot) = snapshot(Vec::new()) else {
        unreachable!("a snapshot is made");
    };
    let seq = intervals.first().map_or(0, |first| first.column.seq - 1);
    let answer = session.apply(ServerMessage::Snapshot(Snapshot {
        scopes,
        seq,
        ..snapshot
    }));
    for interval in intervals {
        assert_eq!(session.apply(ServerMessage::Interval(interval)), []);
    }
    answer
}

/// The interval `from_seq` is the first of a scope.
fn scope_change(number: u32, from_seq: u64, scope: Scope) -> ScopeChange {
    ScopeChange {
        number,
        scope,
        from_seq,
        at_ms: from_seq * 1_000 - 1_000,
        by: String::new(),
    }
}

fn started(intervals: Vec<Interval>) -> Session {
    let mut session = Session::default();
    assert_eq!(session.link, Link::Connecting);
    let scopes = vec![scope_change(1, 1, Scope::default())];
    assert_eq!(restart(&mut session, scopes, intervals), []);
    assert_eq!(session.link, Link::Live);
    session
}

fn seqs(session: &Session) -> Vec<u64> {
    session.slices(0.0).map(|slice| slice.seq).collect()
}

fn totals(session: &Session) -> Vec<Option<u64>> {
    let slices = session.slices(0.0);
    slices
        .map(|slice| slice.counts.ok().map(Counts::total))
        .collect()
}

#[test]
fn intervals_follow_the_snapshot() {
    let mut session = started(vec![interval(1, &[(7, 3)])]);
    assert_eq!(session.apply(ServerMessage::Interval(interval(2, &[]))), []);
    // A repeated interval changes nothing.
    assert_eq!(
        session.apply(ServerMessage::Interval(interval(2, &[(7, 9)]))),
        []
    );
    assert_eq!(seqs(&session), [1, 2]);
    let known = session.known().unwrap();
    assert_eq!((known.start_ms, known.end_ms), (0.0, 2_000.0));
}

#[test]
fn a_gap_asks_once_for_a_snapshot_and_waits_for_it() {
    let mut session = started(vec![interval(1, &[])]);
    let answer = session.apply(ServerMessage::Interval(interval(3, &[])));
    assert_eq!(answer, [ClientMessage::Snapshot]);
    assert_eq!(session.apply(ServerMessage::Interval(interval(4, &[]))), []);
    assert_eq!(seqs(&session), [1]);
    session.apply(snapshot(vec![interval(3, &[]), interval(4, &[])]));
    session.apply(ServerMessage::Interval(interval(5, &[])));
    assert_eq!(seqs(&session), [3, 4, 5]);
}

#[test]
fn a_lagging_page_says_so_and_keeps_its_selection() {
    let mut session = started(vec![interval(1, &[(7, 3)])]);
    session.select(Some(id(7)));
    session.apply(ServerMessage::Lagged { missed: 4 });
    assert_eq!(session.apply(ServerMessage::Interval(interval(6, &[]))), []);
    let answer = session.apply(snapshot(vec![interval(5, &[]), interval(6, &[])]));
    assert_eq!(answer, [asked_for(7)]);
    assert_eq!(session.notice(), Some(&Notice::Lagged { missed: 4 }));
    for seq in 7..=16 {
        session.apply(ServerMessage::Interval(interval(seq, &[])));
    }
    assert_eq!(session.notice(), None);
    // Nor does it come back with a server that was started anew.
    session.apply(snapshot(vec![interval(1, &[])]));
    assert_eq!(session.notice(), None);
}

#[test]
fn a_paused_page_stands_still_and_catches_up() {
    let mut session = started(vec![interval(1, &[(7, 3)])]);
    session.pause();
    session.apply(ServerMessage::Interval(interval(2, &[(9, 1)])));
    session.apply(ServerMessage::Interval(interval(3, &[])));
    assert_eq!(seqs(&session), [1]);
    assert_eq!(session.behind(), 2);
    assert!(session.shown().recent.total(id(9)).is_none());
    session.resume();
    assert_eq!((seqs(&session), session.behind()), (vec![1, 2, 3], 0));
    assert!(session.shown().recent.total(id(9)).is_some());
}

#[test]
fn percentiles_of_recent_waits_are_those_of_their_sum() {
    let mut session = started(vec![interval(1, &[(7, 98)])]);
    let mut tail = interval(2, &[(7, 0)]);
    tail.series[0].counts = Counts {
        woken: Waits::default(),
        preempted: Waits {
            counts: vec![0, 0, 0, 0, 2],
            sum_ns: 40_000,
        },
    };
    session.apply(ServerMessage::Interval(tail));
    let total = session.live().recent.total(id(7)).unwrap();
    let found = [50, 98, 99].map(|percent| total.percentile_slot(percent));
    assert_eq!(found, [Some(1), Some(1), Some(4)]);
    assert_eq!((total.waits, total.max_slot()), (100, Some(4)));
}

#[test]
fn a_strip_knows_each_interval_since_the_first_and_none_before() {
    let mut session = started(vec![interval(4, &[(7, 3)])]);
    session.apply(ServerMessage::Interval(interval(5, &[(8, 1)])));
    session.apply(ServerMessage::Interval(interval(6, &[(7, 1)])));
    let recent = &session.live().recent;
    let last = |key| recent.strip(id(key))[CELLS - 4..].to_vec();
    let (unknown, quiet, short) = (Cell::Unknown, Cell::Quiet, Cell::Longest(1));
    assert_eq!(last(7), [unknown, short, quiet, short]);
    assert_eq!(last(8), [unknown, quiet, short, quiet]);
    assert_eq!(last(99), [unknown, quiet, quiet, quiet], "pinned and gone");
    let empty = Session::default();
    assert_eq!(empty.live().recent.strip(id(7)), [unknown; CELLS]);
}

proptest! {
    /// Adding and subtracting must give the same as summing the last intervals.
    #[test]
    fn recent_sums_are_those_of_the_last_intervals(
        rows in proptest::collection::vec(proptest::collection::btree_map(1..6_u64, 1..100_u64, 0..5), 1..40),
    ) {
        let mut session = started(Vec::new());
        for (i, row) in rows.iter().enumerate() {
            let series: Vec<_> = row.iter().map(|(key, n)| (*key, *n)).collect();
            session.apply(ServerMessage::Interval(interval(i as u64 + 1, &series)));
        }
        let recent = &session.live().recent;
        let last = &rows[rows.len().saturating_sub(INTERVALS)..];
        for key in 1..6 {
            let sum: u64 = last.iter().filter_map(|row| row.get(&key)).sum();
            let total = recent.total(id(key));
            prop_assert_eq!(total.map_or(0, |t| t.waits), sum);
            prop_assert_eq!(total.map_or(0, |t| t.sum_ns), sum * 2_500);
            prop_assert_eq!(total.is_some(), last.iter().any(|row| row.contains_key(&key)));
        }
    }
}

#[test]
fn who_hangs_up_is_quoted_and_who_turns_away_is_not_asked_again() {
    let mut session = started(vec![]);
    assert!(session.may_control);
    session.lost(5.0, "the server is stopping".into());
    assert_eq!(session.link, Link::Lost { retry_at_ms: 5.0 });
    assert_eq!(session.farewell, "the server is stopping");
    // Attempts that come to nothing say nothing of their own; what is found out about them lasts.
    session.lost(6.0, String::new());
    assert_eq!(session.farewell, "the server is stopping");
    session.explained("it can't be reached".into());
    session.lost(7.0, String::new());
    assert_eq!(session.farewell, "it can't be reached");
    session.turned_away("this server asks for a token".into());
    assert_eq!(session.link, Link::Refused);
    let ServerMessage::Snapshot(watching) = snapshot(vec![]) else {
        unreachable!("it is one");
    };
    session.apply(ServerMessage::Snapshot(Snapshot {
        may_control: false,
        ..watching
    }));
    assert_eq!((session.link, session.may_control), (Link::Live, false));
}
