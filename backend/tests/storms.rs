//! Many short-lived processes, and many threads that stay: the server answers as fast as without them, and nothing is
//! lost without being counted.

mod support;

use runqlat_common::wire::{Interval, OTHER};
use std::time::{Duration, Instant};
use support::client::sum_of_series;
use support::delays::{Asker, Delays, Received, lateness};
use support::server::Server;
use support::tools::Tool;
use support::watch::{Watch, now_ms};
use support::{is_long, is_root};

/// Exits a second.
const RATE: u64 = 10_000;

/// Exits per second that this machine must at least reach: it has two CPUs, which other programs use, too.
const LEAST_RATE: u64 = 7_000;

/// How much longer requests and updates may take than with a server that measures nothing in the same storm: at the
/// 99th percentile, and at most.
const MORE_MOSTLY: Duration = Duration::from_millis(50);
const MORE_EVER: Duration = Duration::from_millis(200);

/// Most memory that the server may use, however much ends: for a history of 16 MB of intervals, readings of a full
/// table, and messages to a viewer.
const MOST_RSS_KB: u64 = 128 << 10;

/// With the usual interval: the newest ten name a hundred thousand ended processes.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_exits_a_second_hold_nobody_up() {
    if is_root("ten_thousand_exits_a_second_hold_nobody_up") {
        hold_nobody_up(Duration::from_secs(1)).await;
    }
}

/// With the shortest interval, which gives enough updates for percentiles.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_exits_a_second_hold_no_update_up() {
    if is_root("ten_thousand_exits_a_second_hold_no_update_up") {
        hold_nobody_up(Duration::from_millis(100)).await;
    }
}

async fn hold_nobody_up(interval: Duration) {
    let seconds = if is_long() { 60 } else { 15 };
    let length = format!("{}ms", interval.as_millis());
    let args = ["--interval", &length];
    let real = Server::start(&args);
    let demo = Server::start(&[&args[..], &["--demo"]].concat());
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut storm = Tool::start("storm", &format!("{RATE} {seconds} 2"));
    let askers = [&real, &demo].map(|server| Asker::start(server.address));
    let (seen, seen_of_demo) = tokio::join!(
        tokio::spawn(Received::until(end, real.address)),
        tokio::spawn(Received::until(end, demo.address)),
    );
    let [answers, answers_of_demo] = askers.map(Asker::stop);
    let children = storm.count();
    println!("{children} children; ms         number   p50   p99   max");
    assert!(children >= LEAST_RATE * seconds, "this was no storm");

    let seen = seen.expect("it went on").intervals();
    let seen_of_demo = seen_of_demo.expect("it went on").intervals();
    let updates = lateness(&seen, interval);
    let updates_of_demo = lateness(&seen_of_demo, interval);
    let answered = is_as_soon("answers", &answers, &answers_of_demo);
    let told = is_as_soon("updates", &updates, &updates_of_demo);
    assert!(answered && told, "see the table");
    is_whole(&seen);
}

/// Prints two lines of the table; whether the real server was about as fast as the demo, which measures nothing.
fn is_as_soon(what: &str, real: &Delays, demo: &Delays) -> bool {
    let ms = |delay: Duration| delay.as_secs_f64() * 1e3;
    for (who, delays) in [("real", real), ("demo", demo)] {
        let [half, most, all] = [50, 99, 100].map(|percent| ms(delays.percentile(percent)));
        println!(
            "{what:<10} {who:<10} {:>8} {half:>5.0} {most:>5.0} {all:>5.0}",
            delays.len()
        );
    }
    let more = |percent| {
        real.percentile(percent)
            .saturating_sub(demo.percentile(percent))
    };
    more(99) <= MORE_MOSTLY && more(100) <= MORE_EVER
}

/// Each interval equals the sum of its series, what found the table full is in one of them and counted, and the
/// server's memory stays below its limit.
fn is_whole(seen: &[(Instant, Interval)]) {
    let mut other = 0;
    for (_, interval) in seen {
        let (sum, whole) = (sum_of_series(interval), &interval.column.counts);
        assert_eq!(&sum, whole, "{}", interval.column.seq);
        let first = interval.series.first().filter(|series| series.key == OTHER);
        other += first.map_or(0, |series| series.counts.total());
        let rss = interval.health.self_rss_kb;
        assert!(rss <= MOST_RSS_KB, "{rss} kB");
    }
    let [(_, first), .., (_, last)] = seen else {
        panic!("two intervals at least")
    };
    let waits: u64 = seen.iter().map(|(_, i)| i.column.counts.total()).sum();
    println!(
        "{waits} waits, of them {other} other; {} lost; {} kB",
        last.health.losses.total(),
        last.health.self_rss_kb
    );
    let first_other = first.series.first().filter(|series| series.key == OTHER);
    let before = first.health.other - first_other.map_or(0, |series| series.counts.total());
    assert_eq!(last.health.other - before, other);
}

/// The table has room for a tenth of the processes that end before the next sweep. Waits with a key, `other` and losses
/// together are as many as a server without keys counts, and each new process has waited.
#[tokio::test]
async fn what_a_storm_waits_is_counted_or_lost_and_told() {
    if !is_root("what_a_storm_waits_is_counted_or_lost_and_told") {
        return;
    }
    let mut global = Watch::start(&["--by", "global"]).await;
    let mut small = Watch::start(&["--max-keys", "1024"]).await;
    tokio::join!(global.margin(), small.margin());
    let from = now_ms();
    tokio::join!(global.margin(), small.margin());
    let mut storm = Tool::start("storm", &format!("{RATE} 5 2"));
    let end = now_ms() + 5_000;
    let is_over = || now_ms() >= end;
    tokio::join!(global.until(is_over), small.until(is_over));
    let children = storm.count();
    let to = now_ms();
    tokio::join!(global.margin(), small.margin());

    let [whole, waits] = [&global, &small].map(|watch| watch.total(from, to).total());
    let other = small
        .by_key()
        .get(&OTHER)
        .map_or(0, |counts| counts.total());
    let lost = [&global, &small].map(|watch| watch.losses().total());
    let edges = global.around(from) + global.around(to);
    println!(
        "{children} children, {whole} waits, by process {waits}, of them {other} other, lost {lost:?}"
    );
    assert!(other > 0, "the table was to be full");
    assert!(whole + lost[0] >= children, "a birth is a wait");
    assert!(
        waits.abs_diff(whole) <= whole / 200 + edges + lost[0].max(lost[1]),
        "edges {edges}"
    );
}

/// Threads that start after the server, and how many start per second.
const THREADS: usize = 14_000;
const THREADS_PER_S: usize = 1_400;

/// More threads than the table holds at first: it grows before it is full, so each has its own series, and none is
/// counted under `other`.
#[tokio::test]
async fn each_of_14_000_threads_that_come_later_has_a_series() {
    if !is_root("each_of_14_000_threads_that_come_later_has_a_series") {
        return;
    }
    let mut watch = Watch::start(&["--by", "thread"]).await;
    let room = watch.intervals[0].health.keys_max;
    let mut pool = Tool::start("threads", &format!("{THREADS} {THREADS_PER_S} 3"));
    let pid = pool.id();
    let counting = std::thread::spawn(move || {
        assert_eq!(pool.count() as usize, THREADS);
        pool
    });
    watch.until(|| counting.is_finished()).await;
    let _pool = counting.join().expect("as many as asked for");

    let health = &watch.intervals.last().expect("one at least").health;
    println!(
        "room for {room} at first, {} of {} at last; {} other; lost {:?}",
        health.keys, health.keys_max, health.other, health.losses
    );
    assert!((room as usize) < THREADS, "it had to grow");
    let counted = watch.by_key();
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it lives");
    let tids = tasks.map(|task| task.expect("a thread").file_name());
    let tids: Vec<u64> = tids
        .map(|tid| tid.to_string_lossy().parse().expect("a tid"))
        .collect();
    assert!(tids.len() >= THREADS);
    assert_eq!(health.other, 0);
    let without = |tid: &&u64| !counted.contains_key(tid);
    let without: Vec<_> = tids.iter().filter(without).collect();
    assert_eq!(without, [] as [&u64; 0], "have no series");
}
