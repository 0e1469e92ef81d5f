//! What the hub gives its viewers.

use super::{BACKLOG, CHUNK, Hub, for_tests as hub};
use runqlat_common::counts::Counts;
use runqlat_common::wire::{Column, Format, Health, Interval, ServerMessage};
use tokio::sync::broadcast::error::TryRecvError;

pub(super) fn publish(hub: &Hub, seq: u64) {
    hub.publish(Interval {
        column: Column {
            seq,
            end_ms: 0,
            duration_us: 0,
            counts: Counts::default(),
        },
        series: Vec::new(),
        names: Vec::new(),
        gone: Vec::new(),
        health: Health::default(),
    });
}

fn seq_of(message: &ServerMessage) -> u64 {
    match message {
        ServerMessage::Snapshot(snapshot) => snapshot.seq,
        ServerMessage::Interval(interval) => interval.column.seq,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_viewer_gets_every_interval_once() {
    let hub = hub();
    publish(&hub, 1);
    let mut joined = hub.join(true);
    publish(&hub, 2);
    let recent: Vec<u64> = joined.recent.iter().map(|f| seq_of(f.message())).collect();
    assert_eq!((seq_of(&joined.snapshot), recent), (0, vec![1]));
    let newest = joined.news.frames.try_recv().unwrap();
    assert_eq!(seq_of(newest.message()), 2);
    assert!(matches!(
        joined.news.frames.try_recv(),
        Err(TryRecvError::Empty)
    ));
}

#[test]
fn a_viewer_that_falls_behind_is_told_and_can_start_afresh() {
    let hub = hub();
    let mut joined = hub.join(true);
    for seq in 1..=BACKLOG as u64 + 3 {
        publish(&hub, seq);
    }
    assert!(matches!(
        joined.news.frames.try_recv(),
        Err(TryRecvError::Lagged(3))
    ));
    let newest = hub.join(true).recent.pop().unwrap();
    assert_eq!(seq_of(newest.message()), BACKLOG as u64 + 3);
}

#[test]
fn the_past_comes_in_pieces_without_a_gap() {
    let hub = hub();
    let last = 3 * CHUNK as u64;
    for seq in 1..=last {
        publish(&hub, seq);
    }
    let joined = hub.join(true);
    let ServerMessage::Snapshot(snapshot) = joined.snapshot else {
        panic!("a snapshot");
    };
    let mut seqs: Vec<u64> = snapshot.columns.iter().map(|c| c.seq).collect();
    let recent = joined.recent.iter().map(|f| seq_of(f.message()));
    seqs.extend(recent);
    let mut from_seq = joined.from_seq;
    while let Some(earlier) = hub.earlier(from_seq) {
        assert!(earlier.columns.len() <= CHUNK && !earlier.sums);
        let mut before: Vec<u64> = earlier.columns.iter().map(|c| c.seq).collect();
        from_seq = before[0];
        before.append(&mut seqs);
        seqs = before;
    }
    assert_eq!(seqs, (1..=last).collect::<Vec<_>>());
}

#[test]
fn a_frame_is_encoded_once_per_format() {
    let hub = hub();
    let (mut a, mut b) = (hub.join(true).news.frames, hub.join(true).news.frames);
    publish(&hub, 1);
    let (a, b) = (a.try_recv().unwrap(), b.try_recv().unwrap());
    for format in Format::ALL {
        assert_eq!(a.bytes(format).as_ptr(), b.bytes(format).as_ptr());
    }
}

#[test]
fn viewers_are_counted_while_they_stay() {
    let hub = hub();
    let one = hub.enter(2);
    let two = hub.enter(2);
    assert!(one.is_some() && two.is_some() && hub.enter(2).is_none());
    assert_eq!(hub.viewers(), 2);
    drop(one);
    assert_eq!(hub.viewers(), 1);
    drop(two);
    assert_eq!(hub.viewers(), 0);
}
