//! Inside namespaces, where ids and paths mean something else: ended keys leave, living ones stay, and the tool says
//! what does not work there. Also runs the commands of `docs/containers.md`.

mod support;

use runqlat_common::wire::{Format, Interval};
use std::collections::HashSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::cgroup::Group;
use support::client::{PATIENCE, Viewer};
use support::is_root;
use support::load::{Process, last_cpu};
use support::podman::Container;
use support::server::{Server, binary};
use support::strace::Strace;

/// A small table of keys, which many short-lived processes fill if ended keys stay.
const ROOM: &str = "64";

/// Runs the binary in a pid namespace with its own `/proc`. The shell is the first process there and dies with its
/// parent. The binary itself would not: changing the user clears its parent-death signal.
fn in_pid_namespace(args: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork", "--kill-child", "--mount-proc"]);
    command.args(["sh", "-c", r#""$0" "$@"; exit $?"#]);
    command.arg(binary()).args(args);
    command
}

/// Starts eight times as many processes as the table has room for.
fn live_and_die() {
    for _ in 0..500 {
        let status = Command::new("true").status();
        assert!(status.expect("a program of every system").success());
    }
}

/// Two hogs on one CPU, so that both wait.
fn hogs() -> [Process; 2] {
    [last_cpu(); 2].map(Process::hog)
}

/// Reads on until an interval satisfies the condition, and returns it.
async fn until(viewer: &mut Viewer, what: &str, is: impl Fn(&Interval) -> bool) -> Interval {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let interval = viewer.interval().await;
        if is(&interval) {
            return interval;
        }
        assert!(Instant::now() < give_up, "{what}: {:?}", interval.health);
    }
}

fn has_all(interval: &Interval, hogs: &[Process]) -> bool {
    let has = |hog: &Process| interval.series.iter().any(|s| s.key == hog.key());
    hogs.iter().all(has)
}

#[tokio::test]
async fn in_a_pid_namespace_the_dead_leave() {
    if !is_root("in_a_pid_namespace_the_dead_leave") {
        return;
    }
    for by in ["process", "thread"] {
        let listen = ["--listen", "127.0.0.1:0", "--interval", "500ms"];
        let args = [&listen[..], &["--max-keys", ROOM, "--by", by]].concat();
        let server = Server::start_by(&mut in_pid_namespace(&args));
        let mut viewer = Viewer::join(server.address, Format::Postcard).await;
        viewer.interval().await;
        tokio::task::spawn_blocking(live_and_die)
            .await
            .expect("they lived");
        until(&mut viewer, "the dead stay", |i| i.health.keys < 48).await;

        let hogs = hogs();
        until(&mut viewer, "new ones find no room", |i| has_all(i, &hogs)).await;
    }
}

#[test]
fn print_in_a_pid_namespace_lets_the_dead_go() {
    if !is_root("print_in_a_pid_namespace_lets_the_dead_go") {
        return;
    }
    let args = ["print", "-P", "--max-keys", ROOM, "1", "15"];
    let printing = in_pid_namespace(&args).stdout(Stdio::piped()).spawn();
    let printing = printing.expect("unshare");
    live_and_die();
    let hogs = hogs();
    let output = printing.wait_with_output().expect("it was started here");
    let text = String::from_utf8(output.stdout).expect("text");
    for hog in &hogs {
        assert!(text.contains(&format!("\npid = {} ", hog.id())), "{text}");
    }
}

/// By cgroup, in a cgroup and a cgroup namespace of its own, which shows only what is below it.
fn in_cgroup_namespace(group: &Group) -> Command {
    let script = r#"echo 0 >"$0/cgroup.procs" && exec unshare --cgroup --mount sh -c '
        umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh "$@""#;
    let mut command = Command::new("sh");
    command
        .args(["-c", script])
        .arg(group.folder())
        .arg(binary());
    command.args([
        "--listen",
        "127.0.0.1:0",
        "--interval",
        "500ms",
        "--by",
        "cgroup",
    ]);
    command
}

/// How long the test watches, and how often the hierarchy may be walked in that time: at the start and when an unknown
/// id is looked up, but not for each reading.
const WATCHED: Duration = Duration::from_secs(10);
const WALKS: usize = 3;

#[tokio::test]
async fn in_a_cgroup_namespace_the_living_stay_and_are_looked_for_rarely() {
    if !is_root("in_a_cgroup_namespace_the_living_stay_and_are_looked_for_rarely") {
        return;
    }
    let (own, other) = (Group::new("contained"), Group::new("outside"));
    let hogs = hogs();
    hogs.iter().for_each(|hog| other.take(hog.id()));
    let server = Server::start_by(&mut in_cgroup_namespace(&own));
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let first = viewer.interval().await;
    let strace = Strace::start(server.id(), "getdents64");
    let mut seen = vec![first];
    let end = Instant::now() + WATCHED;
    while Instant::now() < end {
        seen.push(viewer.interval().await);
    }
    let listed = strace.stop();

    let names = seen.iter().flat_map(|interval| &interval.names);
    let name_of = |key: u64| {
        let names = names.clone().filter(|name| name.key == key);
        names.map(|name| &*name.name).collect::<HashSet<_>>()
    };
    let id = other.key().to_string();
    let outside = name_of(other.key());
    // A group without a known path is shown by its number.
    assert!(outside.iter().all(|name| name.contains(&id)), "{outside:?}");
    assert!(
        !name_of(own.key()).contains("/"),
        "it is not the host's root"
    );
    for interval in &seen {
        let has = |key| interval.series.iter().any(|series| series.key == key);
        assert!(has(other.key()), "{} hogs wait", interval.column.seq);
        let gone: Vec<u64> = interval.gone.iter().map(|series| series.key).collect();
        assert!(!gone.contains(&other.key()) && !gone.contains(&own.key()));
    }
    // Each walk reads the root's directory twice: the second call finds no more entries.
    let walks = listed
        .iter()
        .filter(|line| line.contains("</sys/fs/cgroup>"))
        .count()
        / 2;
    assert!(walks <= WALKS, "{walks} walks in {} intervals", seen.len());
}

#[test]
fn check_says_what_is_worth_what_in_namespaces() {
    if !is_root("check_says_what_is_worth_what_in_namespaces") {
        return;
    }
    let said = in_pid_namespace(&["check"]).output().expect("unshare");
    let said = String::from_utf8(said.stdout).expect("text");
    assert!(said.contains("--pid=host"), "{said}");
}

/// The commands in the document's blocks, one a line.
fn documented() -> Vec<&'static str> {
    let text = include_str!("../../docs/containers.md");
    let blocks = text.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    lines.collect()
}

#[tokio::test]
async fn the_documented_commands_run_it_in_podman() {
    if !is_root("the_documented_commands_run_it_in_podman") {
        return;
    }
    let container = Container::prepare(&binary());
    let [build, profile, check, serve] = documented()[..] else {
        panic!("{:?}", documented())
    };
    container.run(build);
    container.run(profile);
    let said = container.run(check);
    for line in [
        "by cgroup      yes, typed",
        "keeps          CAP_BPF, CAP_PERFMON, as user 65534",
        "process ids    the kernel's own",
        "groups can be chosen",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }

    // On another port, as the usual one may be in use.
    let words = format!("exec {serve} --listen 127.0.0.1:0 --interval 500ms");
    let hogs = hogs();
    for words in [
        words.clone(),
        words.replace("--pid=host --cgroupns=host", "--cgroupns=private"),
    ] {
        let server = Server::start_by(&mut container.command(&words));
        let mut viewer = Viewer::join(server.address, Format::Postcard).await;
        until(&mut viewer, "hogs wait", |i| has_all(i, &hogs)).await;
        let mut passing = Process::pinned(last_cpu(), "true", &[]);
        passing.wait();
        until(&mut viewer, "it ends", |i| {
            i.gone.iter().any(|s| s.key == passing.key())
        })
        .await;
        container.run("podman stop runqlat-web");
        assert_eq!(server.wait_status(), Some(0));
    }
}
