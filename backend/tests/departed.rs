//! What is measured goes away while it is: a process that exits, a cgroup that is removed and made again. On the running
//! kernel, over HTTP and WebSocket.

mod support;

use runqlat_common::wire::{Format, Interval};
use std::fs;
use support::cgroup::Group;
use support::client::{Viewer, get, put};
use support::is_root;
use support::load::{Process, last_cpu};
use support::server::Server;

/// The next intervals, which follow one another.
async fn follow(viewer: &mut Viewer, seq: &mut u64, count: usize) -> Vec<Interval> {
    let mut found = Vec::new();
    for _ in 0..count {
        let interval = viewer.interval().await;
        assert_eq!(interval.column.seq, *seq + 1, "an interval is missing");
        *seq += 1;
        found.push(interval);
    }
    found
}

fn waits(intervals: &[Interval]) -> u64 {
    let totals = intervals.iter().map(|i| i.column.counts.total());
    totals.sum()
}

/// Follows until so many intervals in a row had waits, or had none.
async fn until_waits(viewer: &mut Viewer, seq: &mut u64, some: bool) {
    for _ in 0..50 {
        let three = follow(viewer, seq, 3).await;
        if three.iter().all(|i| (i.column.counts.total() > 0) == some) {
            return;
        }
    }
    panic!(
        "{} waits in 150 intervals",
        if some { "no" } else { "still" }
    );
}

#[tokio::test]
async fn a_process_that_exits_leaves_silence_and_not_a_stale_answer() {
    if !is_root("a_process_that_exits_leaves_silence_and_not_a_stale_answer") {
        return;
    }
    let cpu = last_cpu();
    let (watched, other) = (Process::hog(cpu), Process::hog(cpu));
    let (key, tgid) = (watched.key(), watched.id().to_string());
    let server = Server::start(&["--interval", "200ms", "-P", "-p", &tgid]);
    let address = server.address;
    let mut viewer = Viewer::join(address, Format::Postcard).await;
    let mut seq = viewer.snapshot().await.seq;
    until_waits(&mut viewer, &mut seq, true).await;
    drop(watched);
    // It is told to be gone, once, and the intervals go on without it.
    let mut told = 0;
    for _ in 0..10 {
        let next = follow(&mut viewer, &mut seq, 1).await;
        told += next[0].gone.iter().filter(|gone| **gone == key).count();
    }
    assert_eq!(told, 1);
    assert_eq!(waits(&follow(&mut viewer, &mut seq, 3).await), 0);
    assert_eq!(get(address, "/healthz", &[]).status, 200);
    let newest = get(address, "/api/v1/histogram", &[]).json();
    assert_eq!(newest["waits"], 0, "{newest}");
    let state = get(address, "/api/v1/state", &[]).json();
    assert_eq!(state["health"]["keys"], 0, "{state}");

    // Asking for it again says why not; asking for another works.
    let scope = |tgid: u32| format!(r#"{{"key":"process","tgid":{tgid}}}"#);
    let refused = put(address, "/api/v1/scope", &scope(key as u32));
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.text().contains("it may have ended"));
    let _third = Process::hog(cpu);
    let made = put(address, "/api/v1/scope", &scope(other.id()));
    assert_eq!(made.status, 200, "{}", made.text());
    until_waits(&mut viewer, &mut seq, true).await;
}

#[tokio::test]
async fn a_cgroup_that_is_removed_and_made_again_is_another() {
    if !is_root("a_cgroup_that_is_removed_and_made_again_is_another") {
        return;
    }
    let cpu = last_cpu();
    let group = Group::new("departed");
    let (first, second) = (Process::hog(cpu), Process::hog(cpu));
    let (_outside, id) = (Process::hog(cpu), group.key());
    group.take(first.id());
    let server = Server::start(&["--interval", "200ms", "-P", "-c", &group.path]);
    let address = server.address;
    let mut viewer = Viewer::join(address, Format::Postcard).await;
    let mut seq = viewer.snapshot().await.seq;
    until_waits(&mut viewer, &mut seq, true).await;
    drop(first);
    // The kernel lets go of it a moment after its last process.
    while fs::remove_dir(group.folder()).is_err() {
        follow(&mut viewer, &mut seq, 1).await;
    }
    until_waits(&mut viewer, &mut seq, false).await;

    // A group of that path is not the one that is measured.
    fs::create_dir(group.folder()).expect("the path is free");
    assert_ne!(group.key(), id);
    group.take(second.id());
    assert_eq!(waits(&follow(&mut viewer, &mut seq, 5).await), 0);
    let newest = get(address, "/api/v1/histogram", &[]).json();
    assert_eq!(newest["waits"], 0, "{newest}");
    // Whoever asks for the path again gets the new one.
    let path = &group.path;
    let scope = format!(r#"{{"key":"process","cgroup":"{path}"}}"#);
    let made = put(address, "/api/v1/scope", &scope);
    assert_eq!(made.status, 200, "{}", made.text());
    until_waits(&mut viewer, &mut seq, true).await;
}
