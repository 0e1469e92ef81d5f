//! The text, on a machine that does not exist.

use super::run;
use crate::args::Print;
use crate::probe::kernel::Settings;
use crate::probe::synthetic::SyntheticMachine;
use crate::shutdown;
use runqlat_common::wire::{Key, Scope};
use std::time::Duration;

async fn text(key: Key, interval: Duration, count: u32) -> String {
    let print = Print {
        scope: Scope {
            key,
            interval_ms: 1_000,
            ..Scope::default()
        },
        settings: Settings::default(),
        interval,
        count: Some(count),
        timestamps: false,
    };
    let (_stopper, stop) = shutdown::channel();
    let mut out = Vec::new();
    let mut machine = SyntheticMachine::new(3);
    run(&print, &mut machine, stop, &mut out).await.unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_whole_system_is_one_histogram_an_interval() {
    let text = text(Key::Global, Duration::from_secs(2), 2).await;
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("Tracing run queue latency... Hit Ctrl-C to end.")
    );
    assert_eq!(lines.next(), Some(""));
    let header = "     usecs               : count    distribution";
    assert_eq!(lines.next(), Some(header));
    assert_eq!(text.matches(header).count(), 2);
    assert_eq!(text.matches("\n\n").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn keys_have_headings_and_the_worst_comes_last() {
    let text = text(Key::Process, Duration::from_secs(1), 1).await;
    let heads: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("pid = "))
        .collect();
    assert_eq!(
        heads,
        ["pid = 1000 postgres", "pid = 1001 nginx", "pid = 1002 java"]
    );
    // As runqlat: an empty line for the interval, and one before each key.
    assert!(text.contains("end.\n\n\npid = 1000 postgres\n     usecs"));
}

#[tokio::test(start_paused = true)]
async fn cgroups_are_named_by_their_paths() {
    let text = text(Key::Cgroup, Duration::from_secs(1), 1).await;
    assert!(text.contains(" /system.slice/java.service\n"), "{text}");
}
