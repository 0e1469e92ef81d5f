//! What the hub gives its viewers.

use super::{BACKLOG, CHUNK, Hub, Joined, for_tests as hub};
use runqlat_common::counts::Counts;
use runqlat_common::wire::{Column, Format, Health, Interval, ProbeState, Programs, ServerMessage};
use std::sync::Arc;
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

/// The snapshot of a viewer with the number 3.
pub(super) fn message(joined: &mut Joined) -> ServerMessage {
    let bytes = joined.snapshot(Format::Postcard, 3);
    Format::Postcard.decode_server(&bytes).expect("a message")
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
    assert_eq!((seq_of(&message(&mut joined)), recent), (0, vec![1]));
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
    let mut joined = hub.join(true);
    let ServerMessage::Snapshot(snapshot) = message(&mut joined) else {
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

/// Whoever joins within a second starts from the same snapshot, and misses nothing that came after it.
#[test]
fn those_who_join_together_share_a_snapshot_and_what_came_since() {
    let hub = hub();
    for seq in 1..=20 {
        publish(&hub, seq);
    }
    let mut first = hub.join(true);
    let probe = ProbeState::Attached {
        programs: Programs::Synthetic,
    };
    hub.set_probe(probe.clone());
    publish(&hub, 21);
    let mut second = hub.join(false);
    publish(&hub, 22);
    let ServerMessage::Snapshot(shared) = message(&mut second) else {
        panic!("a snapshot");
    };
    assert_eq!(shared.seq, seq_of(&message(&mut first)));
    assert!(!shared.may_control && shared.together.you == 3);
    assert!(Arc::ptr_eq(&first.recent[0], &second.recent[0]));
    let since: Vec<_> = second.recent[first.recent.len()..].iter().collect();
    assert_eq!(since.len(), 2);
    assert_eq!(*since[0].message(), ServerMessage::Probe(probe));
    assert_eq!(seq_of(since[1].message()), 21);
    let newest = second.news.frames.try_recv().unwrap();
    assert_eq!(seq_of(newest.message()), 22);
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
