//! What is counted, and under which key, on the running kernel: keys, filters, and both at once.

mod support;

use runqlat_common::columns::start_ms;
use runqlat_common::wire::{Format, Interval};
use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Stdio};
use support::cgroup::{Group, move_to, root};
use support::client::{Viewer, put};
use support::is_root;
use support::load::{Process, first_line, last_cpu};
use support::server::{Server, run};
use support::watch::{by_key, now_ms};

/// Waits by series over some intervals.
fn waits(intervals: &[Interval]) -> HashMap<u64, u64> {
    let sums = by_key(intervals).into_iter();
    sums.map(|(key, counts)| (key, counts.total())).collect()
}

/// Some intervals of those that begin now.
async fn watch(server: &Server, count: usize) -> (Vec<Interval>, HashMap<u64, String>) {
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let snapshot = viewer.snapshot().await;
    let mut names: HashMap<_, _> = snapshot
        .names
        .into_iter()
        .map(|n| (n.key, n.name))
        .collect();
    let (mut intervals, now) = (Vec::new(), now_ms());
    while intervals.len() < count {
        let interval = viewer.interval().await;
        names.extend(interval.names.iter().map(|n| (n.key, n.name.clone())));
        if start_ms(&interval.column) >= now as f64 {
            intervals.push(interval);
        }
    }
    (intervals, names)
}

const FAST: [&str; 2] = ["--interval", "200ms"];

fn start(args: &[&str]) -> Server {
    Server::start(&[&FAST, args].concat())
}

#[tokio::test]
async fn threads_are_kept_apart_and_named() {
    if !is_root("threads_are_kept_apart_and_named") {
        return;
    }
    let server = start(&["-L"]);
    let own = std::process::id();
    let busy = std::thread::Builder::new().name("busy-thread".into());
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let busy = busy.spawn(move || {
        let nap = std::time::Duration::from_millis(2);
        while stopped
            .recv_timeout(nap)
            .is_err_and(|e| e == std::sync::mpsc::RecvTimeoutError::Timeout)
        {}
    });
    let (intervals, names) = watch(&server, 3).await;
    stop.send(()).unwrap();
    busy.unwrap().join().unwrap();
    let tid = names
        .iter()
        .find(|(_, name)| *name == "busy-thread")
        .map(|(tid, _)| *tid);
    let tid = tid.expect("the thread's name");
    assert_ne!(tid, u64::from(own));
    assert!(waits(&intervals)[&tid] > 100);
}

#[tokio::test]
async fn the_namespace_is_that_of_the_task_that_waits() {
    if !is_root("the_namespace_is_that_of_the_task_that_waits") {
        return;
    }
    let cpu = last_cpu();
    // Only a process itself may always look at its namespace. Its parent, outside, is `unshare`; a
    // second hog outside makes both wait.
    let script = "stat -L -c %i /proc/self/ns/pid; while :; do :; done";
    let unshare = ["--pid", "--fork", "--kill-child", "sh", "-c", script];
    let mut inside = Process::pinned_with(cpu, "unshare", &unshare, Stdio::piped());
    let _outside = Process::hog(cpu);
    let inode: u64 = inside.line().parse().unwrap();
    let host = std::fs::metadata("/proc/self/ns/pid").unwrap().ino();
    assert_ne!(inode, host);
    for raw in [&[][..], &["--raw-programs"]] {
        let server = start(&[&["--pidnss"], raw].concat());
        let (intervals, names) = watch(&server, 3).await;
        let waits = waits(&intervals);
        assert!(waits[&inode] > 5 && waits[&host] > 5, "{waits:?}");
        // Named after the namespace's first process.
        assert_eq!(names[&inode], "sh");
    }
}

/// In /proc, only who may trace all processes could see that.
#[tokio::test]
async fn a_namespace_that_goes_is_told_to_be_gone() {
    if !is_root("a_namespace_that_goes_is_told_to_be_gone") {
        return;
    }
    let script = "stat -L -c %i /proc/self/ns/pid; while :; do sleep 0.01; done";
    let unshare = ["--pid", "--fork", "--kill-child", "sh", "-c", script];
    for raw in [&[][..], &["--raw-programs"]] {
        let server = start(&[&["--pidnss"], raw].concat());
        let mut viewer = Viewer::join(server.address, Format::Postcard).await;
        let mut inside = Process::pinned_with(last_cpu(), "unshare", &unshare, Stdio::piped());
        let inode: u64 = inside.line().parse().unwrap();
        while !waits(&[viewer.interval().await]).contains_key(&inode) {}
        // Several times over the namespaces are asked after: one that lives stays.
        for _ in 0..10 {
            assert!(
                !viewer
                    .interval()
                    .await
                    .gone
                    .iter()
                    .any(|id| id.key == inode)
            );
        }
        drop(inside);
        while !viewer
            .interval()
            .await
            .gone
            .iter()
            .any(|id| id.key == inode)
        {}
    }
}

#[tokio::test]
async fn cgroups_are_kept_apart_and_named_by_their_paths() {
    if !is_root("cgroups_are_kept_apart_and_named_by_their_paths") {
        return;
    }
    let cpu = last_cpu();
    let (outer, hogs) = (Group::new("apart"), [Process::hog(cpu), Process::hog(cpu)]);
    let inner = outer.child("inner");
    outer.take(hogs[0].id());
    inner.take(hogs[1].id());
    for raw in [&[][..], &["--raw-programs"]] {
        let server = start(&[&["--by", "cgroup"], raw].concat());
        let (intervals, names) = watch(&server, 3).await;
        let waits = waits(&intervals);
        for group in [&outer, &inner] {
            assert!(waits[&group.key()] > 5, "{waits:?}");
            assert_eq!(names[&group.key()], group.path);
        }
    }
    // A group that goes is told to be gone.
    let server = start(&["--by", "cgroup"]);
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let (key, [one, two]) = (inner.key(), hogs);
    while !waits(&[viewer.interval().await]).contains_key(&key) {}
    drop((one, two, inner));
    while !viewer.interval().await.gone.iter().any(|id| id.key == key) {}
}

/// The filter asks for the group of the task that waits, and not of the one that happens to run: the
/// waker is outside, and the CPU was idle before the target got it.
#[tokio::test]
async fn a_group_is_measured_whoever_wakes_it() {
    if !is_root("a_group_is_measured_whoever_wakes_it") {
        return;
    }
    let (group, server);
    group = Group::new("woken");
    let mut target = Echo::start();
    group.take(target.0.id());
    server = start(&["-c", &group.path]);
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    viewer.interval().await;
    for _ in 0..500 {
        target.pass();
    }
    let mut seen = HashMap::new();
    // What ends in the interval that is open now comes with the next two.
    for _ in 0..3 {
        for (key, n) in waits(&[viewer.interval().await]) {
            *seen.entry(key).or_insert(0) += n;
        }
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), [&u64::from(target.0.id())]);
    assert!(
        (495..600).contains(&seen[&u64::from(target.0.id())]),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_group_takes_in_those_made_later_and_lets_go_of_who_leaves() {
    if !is_root("a_group_takes_in_those_made_later_and_lets_go_of_who_leaves") {
        return;
    }
    let cpu = last_cpu();
    let outer = Group::new("ancestry");
    let hogs = [Process::hog(cpu), Process::hog(cpu), Process::hog(cpu)];
    outer.take(hogs[0].id());
    for raw in [&[][..], &["--raw-programs"]] {
        let server = start(&[&["-c", &*outer.path], raw].concat());
        let later = outer.child("later").child_of_its_own();
        later.0.take(hogs[1].id());
        let mut viewer = Viewer::join(server.address, Format::Postcard).await;
        let expected: HashSet<u64> = [hogs[0].key(), hogs[1].key()].into();
        viewer.fresh().await;
        let intervals = [viewer.interval().await, viewer.interval().await];
        assert_eq!(
            waits(&intervals).into_keys().collect::<HashSet<_>>(),
            expected
        );
        move_to(&root(), hogs[1].id());
        viewer.fresh().await;
        let intervals = [viewer.interval().await, viewer.interval().await];
        let keys: Vec<u64> = waits(&intervals).into_keys().collect();
        assert_eq!(keys, [hogs[0].key()]);
        // A wait that began outside and ends inside, and the other way round, is no giant.
        for interval in &intervals {
            assert!(
                interval.column.counts.max_slot() <= Some(17),
                "{interval:?}"
            );
        }
    }
}

impl Group {
    /// A group in it, and itself: dropped in this order.
    fn child_of_its_own(self) -> (Group, Group) {
        let child = self.child("deep");
        (child, self)
    }
}

#[tokio::test]
async fn both_filters_hold_at_once() {
    if !is_root("both_filters_hold_at_once") {
        return;
    }
    let cpu = last_cpu();
    let group = Group::new("both");
    let hogs = [Process::hog(cpu), Process::hog(cpu), Process::hog(cpu)];
    group.take(hogs[0].id());
    group.take(hogs[1].id());
    let server = start(&["-c", &group.path, "-p", &hogs[0].id().to_string()]);
    let (intervals, _) = watch(&server, 2).await;
    assert_eq!(
        waits(&intervals).into_keys().collect::<Vec<_>>(),
        [hogs[0].key()]
    );
    let body = format!(
        r#"{{"cgroup": "{}", "tgid": {}}}"#,
        group.path,
        hogs[2].id()
    );
    assert_eq!(put(server.address, "/api/v1/scope", &body).status, 200);
    let (intervals, _) = watch(&server, 2).await;
    assert!(waits(&intervals).is_empty());
}

#[tokio::test]
async fn milliseconds_are_counted_in_the_kernel() {
    if !is_root("milliseconds_are_counted_in_the_kernel") {
        return;
    }
    let cpu = last_cpu();
    let hogs = [Process::hog(cpu), Process::hog(cpu)];
    let id = hogs[0].id().to_string();
    // Two hogs take turns of some ms: most µs buckets above 1,024, in ms below 64.
    let server = start(&["-m", "-p", &id]);
    let (intervals, _) = watch(&server, 4).await;
    let slots: Vec<_> = intervals
        .iter()
        .filter_map(|i| i.column.counts.max_slot())
        .collect();
    assert!(
        !slots.is_empty() && slots.iter().all(|&slot| slot <= 6),
        "{slots:?}"
    );
    let mean = |i: &Interval| i.column.counts.sum_ns() / i.column.counts.total().max(1);
    assert!(intervals.iter().all(|i| mean(i) > 500_000), "{intervals:?}");
}

/// A fork gives the id of a process that ended out again: its series is not called by the old name.
#[tokio::test]
async fn an_id_that_is_given_out_again_has_its_new_name() {
    if !is_root("an_id_that_is_given_out_again_has_its_new_name") {
        return;
    }
    let server = start(&[]);
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let first = Process::hog(last_cpu());
    let (id, key) = (first.id(), first.key());
    let _second = Process::hog(last_cpu());
    while !viewer
        .interval()
        .await
        .names
        .iter()
        .any(|n| n.key == key && n.name == "sh")
    {}
    // A shell of another name, whose subshell is forked and not executed.
    let forker = std::env::temp_dir().join(format!("forker{}", std::process::id() % 1_000));
    let name = forker.file_name().unwrap().to_str().unwrap().to_owned();
    std::fs::copy("/bin/sh", &forker).unwrap();
    drop(first);
    let last = id - 1;
    let script = format!(
        "echo {last} > /proc/sys/kernel/ns_last_pid; (while :; do :; done) & echo $!; wait"
    );
    let mut shell = Command::new(&forker);
    let mut shell = shell
        .args(["-c", &script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let line = first_line(&mut shell);
    assert_eq!(line.parse(), Ok(id), "somebody else forked first");
    while !viewer
        .interval()
        .await
        .names
        .iter()
        .any(|n| n.key == key && n.name == name)
    {}
    // SAFETY: the subshell is a child of this test's child, which has not been waited for.
    unsafe { libc::kill(id as i32, libc::SIGKILL) };
    shell.wait().unwrap();
    std::fs::remove_file(&forker).unwrap();
}

#[test]
fn what_can_not_be_measured_is_code_7() {
    if !is_root("what_can_not_be_measured_is_code_7") {
        return;
    }
    let own_thread = std::thread::spawn(|| {
        // SAFETY: a system call without arguments.
        let tid = unsafe { libc::gettid() }.to_string();
        run(&["print", "-p", &tid, "1", "1"])
    });
    let table = [
        (run(&["-p", "4194303"]), "there is no process 4194303"),
        (
            run(&["print", "-c", "/no/such/group", "1", "1"]),
            "there is no cgroup /no/such/group",
        ),
        (own_thread.join().unwrap(), "is a thread of process"),
    ];
    for (output, said) in table {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(7), "{stderr}");
        assert!(
            stderr.contains(said) && stderr.contains("\nhint: "),
            "{stderr}"
        );
    }
}

/// A process that answers each byte with a byte.
struct Echo(Child);

impl Echo {
    fn start() -> Self {
        let mut command = Command::new("dd");
        command
            .args(["bs=1", "status=none"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    /// Wakes it once, and waits for its answer.
    fn pass(&mut self) {
        self.0.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        self.0
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut [0])
            .unwrap();
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
