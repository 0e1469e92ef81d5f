//! The running kernel against independent accounts: its own (`schedstat`), and loads whose waits are
//! known beforehand.

mod support;

use runqlat_common::buckets::slot_of;
use runqlat_common::counts::Counts;
use runqlat_common::wire::{Format, Interval, OTHER, ProbeState, Programs};
use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;
use support::client::{Viewer, get, sum_of_series};
use support::is_root;
use support::load::{Blocker, Process, last_cpu};
use support::schedstat::Account;
use support::server::Server;
use support::watch::by_key;

/// What one series waited in these intervals.
fn waits_of(key: u64, intervals: &[Interval]) -> Counts {
    by_key(intervals).remove(&key).unwrap_or_default()
}

/// Two hogs share a CPU for ten seconds; their waits against what the kernel says they waited.
async fn assert_agrees_with_schedstat(args: &[&str], programs: Programs) {
    let server = Server::start(args);
    let cpu = last_cpu();
    let hogs = [Process::hog(cpu), Process::hog(cpu)];
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let snapshot = viewer.snapshot().await;
    assert_eq!(snapshot.probe, ProbeState::Attached { programs });
    // The first interval may hold the hogs' start.
    viewer.interval().await;
    viewer.interval().await;
    let before = hogs.each_ref().map(|hog| Account::of(hog.id()).delay_ns);
    let mut intervals = Vec::new();
    for _ in 0..10 {
        intervals.push(viewer.interval().await);
    }
    println!("{programs:?}: tgid, ours ms, schedstat ms, ratio");
    for (hog, before) in hogs.iter().zip(before) {
        let theirs = Account::of(hog.id()).delay_ns - before;
        let ours = waits_of(hog.key(), &intervals).sum_ns();
        let ratio = ours as f64 / theirs as f64;
        println!(
            "  {} {} {} {ratio:.4}",
            hog.id(),
            ours / 1_000_000,
            theirs / 1_000_000
        );
        assert!(theirs > 3_000_000_000, "the hogs did not share a CPU");
        assert!((0.95..1.05).contains(&ratio), "{ratio}");
    }
}

#[tokio::test]
async fn waits_of_hogs_agree_with_schedstat() {
    if is_root("waits_of_hogs_agree_with_schedstat") {
        assert_agrees_with_schedstat(&[], Programs::Typed).await;
    }
}

#[tokio::test]
async fn raw_programs_agree_with_schedstat_too() {
    if is_root("raw_programs_agree_with_schedstat_too") {
        assert_agrees_with_schedstat(&["--raw-programs"], Programs::Raw).await;
    }
}

#[tokio::test]
async fn series_add_up_and_time_is_whole() {
    if !is_root("series_add_up_and_time_is_whole") {
        return;
    }
    let server = Server::start(&["--interval", "200ms"]);
    let mut viewer = Viewer::join(server.address, Format::Json).await;
    let mut last: Option<Interval> = None;
    for _ in 0..15 {
        let interval = viewer.interval().await;
        assert_eq!(sum_of_series(&interval), interval.column.counts);
        assert!(interval.column.counts.total() > 0, "something always runs");
        if let Some(last) = last {
            assert_eq!(interval.column.seq, last.column.seq + 1);
            let between = (interval.column.end_ms - last.column.end_ms) * 1_000;
            assert!(between.abs_diff(interval.column.duration_us) <= 2_000);
        }
        last = Some(interval);
    }
}

#[tokio::test]
async fn a_preempted_task_is_told_from_a_woken_one() {
    if !is_root("a_preempted_task_is_told_from_a_woken_one") {
        return;
    }
    let server = Server::start(&[]);
    let cpu = last_cpu();
    let hogs = [Process::hog(cpu), Process::hog(cpu)];
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    viewer.interval().await;
    let intervals = [viewer.interval().await, viewer.interval().await];
    for hog in &hogs {
        let waits = waits_of(hog.key(), &intervals);
        let (woken, preempted) = (&waits.woken, &waits.preempted);
        let total = |counts: &[u64]| counts.iter().sum::<u64>();
        assert!(total(&preempted.counts) > 20, "{waits:?}");
        assert!(woken.sum_ns * 20 < preempted.sum_ns, "{waits:?}");
    }
}

/// A real-time thread keeps a hog waiting for 300 ms at a time: those waits lie in one bucket, and
/// nothing is ever as long that nobody waited for.
#[tokio::test]
async fn a_known_wait_lies_in_its_bucket() {
    if !is_root("a_known_wait_lies_in_its_bucket") {
        return;
    }
    let server = Server::start(&[]);
    let cpu = last_cpu();
    let hog = Process::hog(cpu);
    let _blocker = Blocker::start(cpu, Duration::from_millis(300), Duration::from_millis(300));
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    viewer.interval().await;
    let mut intervals = Vec::new();
    for _ in 0..5 {
        intervals.push(viewer.interval().await);
    }
    let waits = waits_of(hog.key(), &intervals);
    let slot = slot_of(300_000);
    assert!((6..=10).contains(&waits.at(slot)), "{waits:?}");
    for interval in &intervals {
        let longest = interval.column.counts.max_slot().unwrap();
        assert!(longest <= slot + 2, "{interval:?}");
    }
}

#[tokio::test]
async fn names_follow_an_exec_and_end_with_their_process() {
    if !is_root("names_follow_an_exec_and_end_with_their_process") {
        return;
    }
    let server = Server::start(&["--interval", "100ms"]);
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    viewer.snapshot().await;
    // Waits as `sh`, then becomes `sleep`.
    let script = "for i in 1 2 3 4 5; do sleep 0.1; done; exec sleep 0.7";
    let process = Process::pinned(last_cpu(), "sh", &["-c", script]);
    let tgid = process.key();
    let mut names = Vec::new();
    loop {
        let interval = viewer.interval().await;
        let of = interval.names.iter().filter(|name| name.key == tgid);
        names.extend(of.map(|name| name.name.clone()));
        if names.last().is_some_and(|name| name == "sleep") {
            break;
        }
    }
    assert!(names.contains(&"sh".to_owned()), "{names:?}");
    drop(process);
    while !viewer.interval().await.gone.iter().any(|id| id.key == tgid) {}
}

#[tokio::test]
async fn what_does_not_fit_the_table_counts_as_other() {
    if !is_root("what_does_not_fit_the_table_counts_as_other") {
        return;
    }
    let server = Server::start(&["--max-keys", "2", "--interval", "200ms"]);
    let _hogs = [Process::hog(last_cpu()), Process::hog(last_cpu())];
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let mut other = 0;
    for _ in 0..10 {
        let interval = viewer.interval().await;
        let waits: HashMap<u64, u64> = interval
            .series
            .iter()
            .map(|series| (series.key, series.counts.total()))
            .collect();
        assert_eq!(waits.values().sum::<u64>(), interval.column.counts.total());
        assert!(interval.health.keys <= 2 && interval.health.keys_max == 2);
        other += waits.get(&OTHER).copied().unwrap_or(0);
    }
    assert!(other > 0);
}

#[tokio::test]
async fn a_process_filter_sees_that_process_alone() {
    if !is_root("a_process_filter_sees_that_process_alone") {
        return;
    }
    let cpu = last_cpu();
    let hogs = [Process::hog(cpu), Process::hog(cpu)];
    let server = Server::start(&["--pid", &hogs[0].id().to_string()]);
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    viewer.interval().await;
    let interval = viewer.interval().await;
    let keys: Vec<u64> = interval.series.iter().map(|series| series.key).collect();
    assert_eq!(keys, [hogs[0].key()]);
}

#[tokio::test]
async fn the_whole_system_needs_no_series() {
    if !is_root("the_whole_system_needs_no_series") {
        return;
    }
    let server = Server::start(&["--by", "global", "--interval", "200ms"]);
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let interval = viewer.interval().await;
    assert!(interval.series.is_empty() && interval.names.is_empty());
    assert!(interval.column.counts.total() > 0);
}

/// A thousand processes that live for a moment: each is counted, none is left in the table.
#[tokio::test]
async fn short_lived_processes_leave_the_table() {
    if !is_root("short_lived_processes_leave_the_table") {
        return;
    }
    let server = Server::start(&["--interval", "100ms"]);
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let before = viewer.interval().await.health.keys;
    let script = "i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done";
    let mut storm = Command::new("sh").args(["-c", script]).spawn().unwrap();
    let mut gone = 0;
    let mut most = 0;
    loop {
        let interval = viewer.interval().await;
        gone += interval.gone.len();
        most = most.max(interval.health.keys);
        let over = storm.try_wait().unwrap().is_some();
        if over && gone >= 1_000 && interval.health.keys < before + 50 {
            break;
        }
    }
    assert!(most > before + 50, "the storm was not seen: {most}");
}

#[test]
fn the_health_check_and_the_text_speak_of_this_machine() {
    if !is_root("the_health_check_and_the_text_speak_of_this_machine") {
        return;
    }
    let server = Server::start(&["--interval", "100ms"]);
    assert_eq!(get(server.address, "/healthz", &[]).text(), "ok\n");
    let text = loop {
        let reply = get(server.address, "/api/v1/histogram?format=text", &[]);
        // 503 until the first interval is over.
        if reply.status == 200 {
            break reply.text().to_owned();
        }
        assert_eq!(reply.status, 503);
    };
    assert!(text.contains(" -> ") && text.contains('*'), "{text}");
}
