//! What is measured goes away while viewers look on: its process ends, its cgroup is removed.

mod support;

use runqlat_common::wire::{ClientMessage, Format, Interval, Scope, SetScope};
use std::io::{BufRead, BufReader};
use std::process::Command;
use std::time::Instant;
use support::browser::Browser;
use support::cgroup::Group;
use support::client::{PATIENCE, Viewer, get, put};
use support::is_root;
use support::load::{Process, last_cpu};
use support::server::{Server, binary};

fn start(args: &[&str]) -> Server {
    Server::start(&[&["--interval", "200ms"], args].concat())
}

/// The next intervals until one is as asked for, without a gap in their numbers.
async fn until(viewer: &mut Viewer, is_it: impl Fn(&Interval) -> bool) -> Interval {
    let give_up = Instant::now() + PATIENCE;
    let mut last = None;
    loop {
        let interval = viewer.interval().await;
        let seq = interval.column.seq;
        assert!(last.is_none_or(|last| seq == last + 1), "{last:?}, {seq}");
        if is_it(&interval) {
            return interval;
        }
        assert!(Instant::now() < give_up, "{interval:?}");
        last = Some(seq);
    }
}

/// What has waits under this key.
fn of(key: u64) -> impl Fn(&Interval) -> bool {
    move |interval| {
        let mut series = interval.series.iter();
        series.any(|series| series.key == key && series.counts.total() > 0)
    }
}

/// What is measured is gone, it says.
fn is_gone(interval: &Interval) -> bool {
    interval.health.target_gone_ms.is_some()
}

/// Time goes on, and nothing waits any more.
async fn stays_empty(viewer: &mut Viewer) {
    viewer.fresh().await;
    for _ in 0..5 {
        let interval = viewer.interval().await;
        assert_eq!(interval.column.counts.total(), 0, "{interval:?}");
    }
}

#[tokio::test]
async fn a_watched_process_that_ends_is_told_and_another_one_is_chosen() {
    if !is_root("a_watched_process_that_ends_is_told_and_another_one_is_chosen") {
        return;
    }
    let cpu = last_cpu();
    let other = Process::hog(cpu);
    for raw in [&[][..], &["--raw-programs"]] {
        // Both want one CPU, so both wait.
        let watched = Process::hog(cpu);
        let (id, key) = (watched.id().to_string(), watched.key());
        let server = start(&[&["-p", &*id], raw].concat());
        let mut viewer = Viewer::join(server.address, Format::Json).await;
        until(&mut viewer, of(key)).await;
        drop(watched);
        until(&mut viewer, |interval| {
            interval.gone.iter().any(|id| id.key == key)
        })
        .await;
        until(&mut viewer, is_gone).await;
        stays_empty(&mut viewer).await;
        let state = get(server.address, "/api/v1/state", &[]).json();
        assert!(state["health"]["target_gone_ms"].is_u64(), "{state}");

        // Who comes now gets the picture of it, too.
        let mut late = Viewer::join(server.address, Format::Postcard).await;
        late.snapshot().await;
        stays_empty(&mut late).await;

        // Back to it is refused, and changes nothing; over to another one is not.
        let back = put(
            server.address,
            "/api/v1/scope",
            &format!(r#"{{"tgid": {id}}}"#),
        );
        assert_eq!(back.status, 422);
        let reason = format!("there is no process {id}");
        assert!(back.text().contains(&reason), "{}", back.text());
        let scope = Scope {
            tgid: Some(other.id()),
            ..Scope::default()
        };
        viewer
            .send(&ClientMessage::SetScope(SetScope {
                scope,
                expect: None,
            }))
            .await;
        assert_eq!(viewer.scope().await.scope.tgid, Some(other.id()));
        let now = until(&mut viewer, of(other.key())).await;
        assert!(!is_gone(&now), "{now:?}");
    }
}

#[tokio::test]
async fn a_watched_process_that_ends_does_not_end_what_prints() {
    if !is_root("a_watched_process_that_ends_does_not_end_what_prints") {
        return;
    }
    let watched = Process::hog(last_cpu());
    let id = watched.id().to_string();
    let child = Command::new(binary())
        .args(["print", "-p", &id, "1", "3"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    drop(watched);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    let gone = format!("process {id} is gone: nothing can wait in it");
    assert_eq!(said.matches(&gone).count(), 1, "{said}");
}

#[test]
fn who_prints_a_group_is_told_that_it_is_gone_and_that_another_was_made() {
    if !is_root("who_prints_a_group_is_told_that_it_is_gone_and_that_another_was_made") {
        return;
    }
    let group = Group::new("printed");
    let path = group.path.clone();
    let mut child = Command::new(binary())
        .args(["print", "-c", &path, "1"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = printed.next().unwrap().unwrap();
    assert!(first.starts_with("Tracing"), "{first}");
    drop(group);
    let gone = said.next().unwrap().unwrap();
    assert_eq!(
        gone,
        format!("the cgroup {path} is gone: nothing can wait in it")
    );
    let _again = Group::new("printed");
    let anew = said.next().unwrap().unwrap();
    let expected = format!("another cgroup {path} was made since: start print again to measure it");
    assert_eq!(anew, expected);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A group made again under the same path is another group; as a service that was started again it is measured.
#[tokio::test]
async fn a_group_that_is_removed_and_made_again_is_measured_again() {
    if !is_root("a_group_that_is_removed_and_made_again_is_measured_again") {
        return;
    }
    let cpu = last_cpu();
    let _rival = Process::hog(cpu);
    for raw in [&[][..], &["--raw-programs"]] {
        let group = Group::new("removed");
        let (path, old) = (group.path.clone(), group.key());
        let hog = Process::hog(cpu);
        group.take(hog.id());
        let server = start(&[&["--by", "cgroup", "-c", &*path], raw].concat());
        let mut viewer = Viewer::join(server.address, Format::Postcard).await;
        until(&mut viewer, of(old)).await;
        drop(hog);
        drop(group);
        until(&mut viewer, |interval| {
            interval.gone.iter().any(|id| id.key == old)
        })
        .await;
        until(&mut viewer, is_gone).await;
        stays_empty(&mut viewer).await;
        let body = format!(r#"{{"key": "cgroup", "cgroup": "{path}"}}"#);
        let refused = put(server.address, "/api/v1/scope", &body);
        assert_eq!(refused.status, 422);
        let reason = format!("there is no cgroup {path}");
        assert!(refused.text().contains(&reason), "{}", refused.text());

        let again = Group::new("removed");
        let hog = Process::hog(cpu);
        again.take(hog.id());
        assert_ne!(again.key(), old);
        let now = until(&mut viewer, of(again.key())).await;
        assert!(!is_gone(&now), "{now:?}");
        let scope = get(server.address, "/api/v1/scope", &[]).json();
        assert_eq!(scope["number"], 2, "{scope}");
    }
}

/// The page says so, in words, for as long as it is true.
#[tokio::test]
async fn the_page_says_that_a_group_is_gone_until_it_is_there_again() {
    if !is_root("the_page_says_that_a_group_is_gone_until_it_is_there_again") {
        return;
    }
    let cpu = last_cpu();
    let _rival = Process::hog(cpu);
    let group = Group::new("shown");
    let path = group.path.clone();
    let hog = Process::hog(cpu);
    group.take(hog.id());
    let server = start(&["-c", &path]);
    let browser = Browser::open(1280, 720).await;
    browser.page.goto(&server.url()).await.expect("a page");
    browser.painted(5).await;
    let gone = "return document.querySelector('[data-testid=gone]')?.innerText ?? ''";
    assert_eq!(browser.run(gone).await, "");
    drop(hog);
    drop(group);
    let said = browser.until("it says that it is gone", gone).await;
    let said = said.as_str().expect("text");
    assert!(said.starts_with("Cgroup /runqlat-"), "{said}");
    assert!(said.contains(": nothing can wait in it."), "{said}");
    browser.keep("gone").await;
    let narrow = browser.page.set_window_size(390, 844).await;
    narrow.expect("a narrow window");
    browser.keep("gone-narrow").await;

    let again = Group::new("shown");
    let hog = Process::hog(cpu);
    again.take(hog.id());
    let is_back = format!("return ({}) === ''", gone.trim_start_matches("return "));
    browser.until("it says so no more", &is_back).await;
    browser.keep("back").await;
    browser.close().await;
}
