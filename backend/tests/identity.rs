//! Reused numbers on the running kernel: a key is one process, thread or pid namespace, from its start to its end.

mod support;

use runqlat_common::wire::{Format, Interval, SeriesKey};
use std::ffi::CString;
use support::client::{Viewer, get, put};
use support::is_root;
use support::load::{Process, last_cpu, pin};
use support::server::Server;

/// A process that computes and may have a reused pid; killed when dropped.
struct Hog(libc::pid_t);

impl Hog {
    /// With any pid, or with this one, which must be free.
    fn start(cpu: usize, id: Option<u32>) -> Self {
        let program = CString::new("/bin/sh").unwrap();
        let args = ["sh", "-c", "while :; do :; done"].map(|arg| CString::new(arg).unwrap());
        let mut argv: Vec<_> = args.iter().map(|arg| arg.as_ptr()).collect();
        argv.push(std::ptr::null());
        let wanted = id.map_or(0, |id| id as libc::pid_t);
        // SAFETY: plain C structure, for which zero is valid.
        let mut clone: libc::clone_args = unsafe { std::mem::zeroed() };
        clone.exit_signal = libc::SIGCHLD as u64;
        if id.is_some() {
            clone.set_tid = &raw const wanted as u64;
            clone.set_tid_size = 1;
        }
        let size = size_of::<libc::clone_args>();
        // SAFETY: as fork(); the child makes two system calls and executes a program.
        match unsafe { libc::syscall(libc::SYS_clone3, &raw mut clone, size) } as libc::pid_t {
            0 => {
                let _ = pin(cpu);
                // SAFETY: the strings and their list were made before.
                unsafe {
                    libc::execv(program.as_ptr(), argv.as_ptr());
                    libc::_exit(127)
                }
            }
            id if id > 0 => Self(id),
            _ => panic!("clone3: {}", std::io::Error::last_os_error()),
        }
    }

    fn id(&self) -> u32 {
        self.0.unsigned_abs()
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        // SAFETY: a child of this process that nobody else waits for.
        unsafe {
            libc::kill(self.0, libc::SIGKILL);
            libc::waitpid(self.0, std::ptr::null_mut(), 0);
        }
    }
}

fn start(args: &[&str]) -> Server {
    Server::start(&[&["--interval", "500ms"], args].concat())
}

/// The series with this number that has waits and is not among the `known`.
fn other_than(interval: &Interval, key: u64, known: &[SeriesKey]) -> Option<SeriesKey> {
    let mut series = interval.series.iter().map(|series| series.id());
    series.find(|id| id.key == key && !known.contains(id))
}

async fn next_of(viewer: &mut Viewer, key: u64, known: &[SeriesKey]) -> SeriesKey {
    for _ in 0..60 {
        if let Some(id) = other_than(&viewer.interval().await, key, known) {
            return id;
        }
    }
    panic!("no series of {key} but {known:?}");
}

#[tokio::test]
async fn a_process_with_the_number_of_another_is_another_series() {
    if !is_root("a_process_with_the_number_of_another_is_another_series") {
        return;
    }
    let cpu = last_cpu();
    // Both want one CPU, so both wait.
    let _other = Process::hog(cpu);
    for args in [
        &["--by", "process"][..],
        &["--by", "thread"],
        &["--raw-programs"],
    ] {
        let server = start(args);
        let mut viewer = Viewer::join(server.address, Format::Postcard).await;
        let first = Hog::start(cpu, None);
        let key = u64::from(first.id());
        let one = next_of(&mut viewer, key, &[]).await;
        drop(first);
        let second = Hog::start(cpu, Some(key as u32));
        let two = next_of(&mut viewer, key, &[one]).await;
        assert!(one.start < two.start, "{args:?}: {one:?} {two:?}");
        // The first is gone after the next sweep at the latest, and the second stays.
        let mut gone = Vec::new();
        for _ in 0..8 {
            let interval = viewer.interval().await;
            gone.extend(interval.gone.iter().copied());
            assert_eq!(other_than(&interval, key, &[one, two]), None, "{args:?}");
        }
        assert!(!gone.contains(&two), "{args:?}: {gone:?}");
        let newest = get(server.address, &format!("/api/v1/histogram?key={key}"), &[]).json();
        assert_eq!(newest["start"], two.start, "{args:?}: {newest}");
        drop(second);
        while !gone.contains(&two) {
            gone.extend(viewer.interval().await.gone);
        }
    }
}

#[tokio::test]
async fn a_process_that_is_measured_stays_gone_when_another_gets_its_number() {
    if !is_root("a_process_that_is_measured_stays_gone_when_another_gets_its_number") {
        return;
    }
    let cpu = last_cpu();
    let _other = Process::hog(cpu);
    for raw in [&[][..], &["--raw-programs"]] {
        let first = Hog::start(cpu, None);
        let id = first.id();
        let server = start(&[&["-p", &*id.to_string()], raw].concat());
        let mut viewer = Viewer::join(server.address, Format::Json).await;
        let scope = get(server.address, "/api/v1/state", &[]).json()["scope"]["scope"].clone();
        next_of(&mut viewer, id.into(), &[]).await;
        drop(first);
        let _second = Hog::start(cpu, Some(id));
        while viewer.interval().await.health.target_gone_ms.is_none() {}
        for _ in 0..6 {
            let interval = viewer.interval().await;
            assert_eq!(interval.column.counts.total(), 0, "{interval:?}");
            assert!(interval.health.target_gone_ms.is_some());
        }
        // The process that was measured can't be chosen again; the other one can.
        let refused = put(server.address, "/api/v1/scope", &scope.to_string());
        assert_eq!(refused.status, 422);
        assert!(
            refused.text().contains("another one has its number"),
            "{}",
            refused.text()
        );
        let taken = put(
            server.address,
            "/api/v1/scope",
            &format!(r#"{{"tgid": {id}}}"#),
        );
        assert_eq!(taken.status, 200, "{}", taken.text());
        next_of(&mut viewer, id.into(), &[]).await;
    }
}

#[tokio::test]
async fn a_pid_namespace_has_its_programs_name_and_its_own_lifetime() {
    if !is_root("a_pid_namespace_has_its_programs_name_and_its_own_lifetime") {
        return;
    }
    let cpu = last_cpu();
    let _other = Process::hog(cpu);
    let container = || {
        let args = [
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            "while :; do :; done",
        ];
        Process::pinned(cpu, "unshare", &args)
    };
    for raw in [&[][..], &["--raw-programs"]] {
        let server = start(&[&["--by", "pidns"], raw].concat());
        let mut viewer = Viewer::join(server.address, Format::Postcard).await;
        let mut seen: Vec<SeriesKey> = Vec::new();
        // Their inodes are usually the same: the kernel gives out the lowest free number.
        for _ in 0..3 {
            let running = container();
            let mut name = String::new();
            let mut new = None;
            while name != "sh" {
                let interval = viewer.interval().await;
                for told in interval
                    .names
                    .iter()
                    .filter(|told| !seen.contains(&told.id()))
                {
                    if told.name == "unshare" || told.name == "sh" {
                        (name, new) = (told.name.clone(), Some(told.id()));
                    }
                }
            }
            let new = new.expect("it has a name");
            drop(running);
            while !viewer.interval().await.gone.contains(&new) {}
            seen.push(new);
        }
        let starts: Vec<u64> = seen.iter().map(|id| id.start).collect();
        assert!(starts.is_sorted_by(|a, b| a < b), "{seen:?}");
    }
}
