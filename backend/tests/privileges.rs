//! What a server may still do once it serves: asked of the kernel about each of its threads, and by each of
//! them.
#![cfg(target_arch = "x86_64")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use support::cgroup::Group;
use support::client::{get, put, put_in_time};
use support::inject::{Thread, threads};
use support::is_root;
use support::load::{Process, last_cpu};
use support::server::{Server, binary, run};

/// CAP_PERFMON and CAP_BPF, by their numbers.
const MEASURING: u64 = 1 << 38 | 1 << 39;
const NOBODY: &str = "65534\t65534\t65534\t65534";

/// The lines of a thread's /proc/PID/status.
fn status(process: u32, thread: i32) -> BTreeMap<String, String> {
    let text = fs::read_to_string(format!("/proc/{process}/task/{thread}/status")).unwrap();
    let fields = text.lines().filter_map(|line| line.split_once(":\t"));
    fields.map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

/// All threads, those that come and go with questions and changes too, are `user` and have `capabilities` alone.
fn assert_confined(server: &Server, user: &str, capabilities: u64) {
    put(server.address, "/api/v1/scope", r#"{"key": "thread"}"#);
    get(server.address, "/api/v1/targets", &[]);
    let threads = threads(server.id());
    assert!(threads.len() > 2, "{threads:?}");
    for thread in threads {
        let status = status(server.id(), thread);
        let set = |name: &str| u64::from_str_radix(&status[name], 16).unwrap();
        let sets = ["CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb"].map(set);
        assert_eq!(sets, [capabilities, capabilities, 0, 0, 0], "{status:?}");
        for name in ["Uid", "Gid"] {
            assert_eq!(status[name], user, "{name} of {status:?}");
        }
        let flags = ["NoNewPrivs", "Seccomp"].map(|name| &*status[name]);
        assert_eq!(flags, ["1", "2"], "{status:?}");
    }
}

fn confinement(server: &Server) -> serde_json::Value {
    get(server.address, "/api/v1/state", &[]).json()["confinement"].clone()
}

/// Whether this kernel has landlock; what is then also refused is refused by it alone.
fn has_landlock() -> bool {
    // SAFETY: asks for the version.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0, 0, 1) };
    version > 0
}

#[test]
fn all_threads_keep_two_capabilities_and_are_nobody() {
    if !is_root("all_threads_keep_two_capabilities_and_are_nobody") {
        return;
    }
    let server = Server::start(&[]);
    assert_confined(&server, NOBODY, MEASURING);
    assert_eq!(status(server.id(), server.id() as i32)["Groups"].trim(), "");
    let told = confinement(&server);
    assert_eq!(told["uid"], 65_534);
    assert_eq!(
        told["capabilities"],
        serde_json::json!(["CAP_BPF", "CAP_PERFMON"])
    );
    assert_eq!(
        (&told["no_new_privs"], &told["seccomp"]),
        (&true.into(), &true.into())
    );
    assert_eq!(told["landlock"].is_u64(), has_landlock(), "{told}");
    assert_eq!(told["problems"], serde_json::json!([]));
    assert!(!server.said.contains("more rights"), "{}", server.said);
}

#[test]
fn root_stays_root_when_told_to_and_has_no_more_than_nobody() {
    if !is_root("root_stays_root_when_told_to_and_has_no_more_than_nobody") {
        return;
    }
    let server = Server::start(&["--user", "root"]);
    assert_confined(&server, "0\t0\t0\t0", MEASURING);
    assert_eq!(confinement(&server)["uid"], 0);
    for tid in threads(server.id()) {
        assert_can_do_nothing_else(&Thread::stop(tid), server.id());
    }
}

#[test]
fn a_demo_keeps_nothing() {
    if !is_root("a_demo_keeps_nothing") {
        return;
    }
    let server = Server::start(&["--demo"]);
    assert_confined(&server, NOBODY, 0);
    assert_eq!(confinement(&server)["capabilities"], serde_json::json!([]));
}

/// As a service manager, or file capabilities, start it.
#[test]
fn two_capabilities_are_enough_to_start_with() {
    if !is_root("two_capabilities_are_enough_to_start_with") {
        return;
    }
    let copy = std::env::temp_dir().join(format!("runqlat-web-caps-{}", std::process::id()));
    fs::copy(binary(), &copy).unwrap();
    let caps = "+bpf,+perfmon";
    let server = Server::start_by(
        Command::new("setpriv")
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .args([
                "--inh-caps",
                caps,
                "--ambient-caps",
                caps,
                "--bounding-set",
                "-all,+bpf,+perfmon",
            ])
            .arg(&copy)
            .args(["--listen", "127.0.0.1:0"]),
    );
    fs::remove_file(copy).unwrap();
    let told = confinement(&server);
    assert_eq!(
        told["capabilities"],
        serde_json::json!(["CAP_BPF", "CAP_PERFMON"])
    );
    assert_eq!(told["problems"], serde_json::json!([]));
    let changed = put(server.address, "/api/v1/scope", r#"{"key": "cgroup"}"#);
    assert_eq!(changed.status, 200, "{}", changed.text());
}

#[test]
fn no_thread_reads_secrets_writes_executes_or_connects() {
    if !is_root("no_thread_reads_secrets_writes_executes_or_connects") {
        return;
    }
    let server = Server::start(&[]);
    for tid in threads(server.id()) {
        assert_can_do_nothing_else(&Thread::stop(tid), server.id());
    }
    // It goes on as if nothing had been.
    let changed = put(server.address, "/api/v1/scope", r#"{"key": "cgroup"}"#);
    assert_eq!(changed.status, 200, "{}", changed.text());
}

const HERE: u64 = libc::AT_FDCWD as u64;

fn assert_can_do_nothing_else(thread: &Thread, process: u32) {
    // What it may: the calls arrive.
    assert_eq!(thread.call(libc::SYS_getpid, &[]), i64::from(process));
    let open = |path, flags: i32| {
        let path = thread.text(path);
        thread.call(libc::SYS_openat, &[HERE, path, flags as u64, 0o600])
    };
    for path in ["/proc/loadavg", "/sys/kernel/btf/vmlinux"] {
        let fd = open(path, libc::O_RDONLY);
        assert!(fd >= 0, "{path}: {fd}");
        assert_eq!(thread.call(libc::SYS_close, &[fd as u64]), 0);
    }
    let refused = |errno: i32| -i64::from(errno);
    assert!(fs::File::open("/etc/shadow").is_ok());
    assert_eq!(open("/etc/shadow", libc::O_RDONLY), refused(libc::EACCES));
    if has_landlock() {
        assert_eq!(open("/etc/passwd", libc::O_RDONLY), refused(libc::EACCES));
        assert_eq!(open("/tmp", libc::O_RDONLY), refused(libc::EACCES));
    }
    let eperm = refused(libc::EPERM);
    for (path, flags) in [
        ("/tmp/runqlat-web-writes", libc::O_WRONLY | libc::O_CREAT),
        ("/etc/passwd", libc::O_WRONLY),
        ("/proc/self/comm", libc::O_RDWR),
        ("/proc/self/comm", libc::O_RDONLY | libc::O_TRUNC),
        ("/tmp", libc::O_TMPFILE | libc::O_RDWR),
    ] {
        assert_eq!(open(path, flags), eperm, "{path} {flags:o}");
    }
    for (name, number, arguments) in refused_calls(thread.text("/bin/true")) {
        assert_eq!(thread.call(number, &arguments), eperm, "{name}");
    }
    let enosys = refused(libc::ENOSYS);
    for unseen in [
        libc::SYS_clone3,
        libc::SYS_openat2,
        libc::SYS_getpid | 1 << 30,
    ] {
        assert_eq!(thread.call(unseen, &[]), enosys, "{unseen}");
    }
}

/// Calls that would do something, or fail in another way, were they not refused.
fn refused_calls(path: u64) -> Vec<(&'static str, i64, Vec<u64>)> {
    let tester = u64::from(std::process::id());
    let page = 4_096;
    let anonymous = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64;
    let code = (libc::PROT_READ | libc::PROT_EXEC) as u64;
    vec![
        ("execve", libc::SYS_execve, vec![path, 0, 0]),
        ("fork", libc::SYS_fork, vec![]),
        ("clone", libc::SYS_clone, vec![libc::SIGCHLD as u64]),
        (
            "unshare",
            libc::SYS_unshare,
            vec![libc::CLONE_NEWUSER as u64],
        ),
        ("kill", libc::SYS_kill, vec![tester, 0]),
        ("tgkill", libc::SYS_tgkill, vec![tester, tester, 0]),
        (
            "ptrace",
            libc::SYS_ptrace,
            vec![libc::PTRACE_SEIZE.into(), tester],
        ),
        ("process_vm_readv", libc::SYS_process_vm_readv, vec![tester]),
        (
            "socket",
            libc::SYS_socket,
            vec![libc::AF_INET as u64, libc::SOCK_STREAM as u64],
        ),
        (
            "sendto",
            libc::SYS_sendto,
            vec![0, path, 1, libc::MSG_FASTOPEN as u64, path, 16],
        ),
        (
            "sendmsg",
            libc::SYS_sendmsg,
            vec![0, path, (libc::MSG_FASTOPEN | libc::MSG_NOSIGNAL) as u64],
        ),
        ("renameat", libc::SYS_renameat, vec![HERE, path, HERE, path]),
        ("kexec_file_load", libc::SYS_kexec_file_load, vec![]),
        ("unlink", libc::SYS_unlink, vec![path]),
        ("mkdir", libc::SYS_mkdir, vec![path]),
        ("shmget", libc::SYS_shmget, vec![0, page, 0o600]),
        (
            "mq_open",
            libc::SYS_mq_open,
            vec![path, libc::O_CREAT as u64, 0o600, 0],
        ),
        (
            "mmap",
            libc::SYS_mmap,
            vec![0, page, code, anonymous, u64::MAX],
        ),
        (
            "mprotect",
            libc::SYS_mprotect,
            vec![path & !(page - 1), page, code],
        ),
        ("io_uring_setup", libc::SYS_io_uring_setup, vec![1]),
        ("perf_event_open", libc::SYS_perf_event_open, vec![]),
        // PROG_GET_NEXT_ID: others' programs.
        ("bpf", libc::SYS_bpf, vec![11]),
        ("ioctl", libc::SYS_ioctl, vec![0, libc::TIOCSTI, path]),
    ]
}

#[test]
fn what_is_measured_changes_as_often_as_one_likes() {
    if !is_root("what_is_measured_changes_as_often_as_one_likes") {
        return;
    }
    for raw in [&[][..], &["--raw-programs"]] {
        let server = Server::start(raw);
        let hog = Process::hog(last_cpu());
        for turn in 0..2 {
            // Made after the start, each anew.
            let group = Group::new(&format!("later-{turn}"));
            group.take(hog.id());
            for scope in [
                r#"{"key": "thread"}"#.to_owned(),
                r#"{"key": "pidns"}"#.to_owned(),
                format!(r#"{{"tgid": {}}}"#, hog.id()),
                format!(r#"{{"key": "cgroup", "cgroup": "{}"}}"#, group.path),
                r#"{"key": "global", "unit": "ms"}"#.to_owned(),
            ] {
                let reply = put_in_time(server.address, "/api/v1/scope", &scope);
                assert_eq!(reply.status, 200, "{scope}: {}", reply.text());
            }
            let found = get(
                server.address,
                &format!("/api/v1/targets?q={}", hog.id()),
                &[],
            )
            .json();
            assert_eq!(found["processes"][0]["tgid"], hog.id(), "{found}");
            assert!(
                found["processes"][0]["command"]
                    .as_str()
                    .unwrap()
                    .starts_with("sh -c")
            );
            assert_eq!(found["processes"][0]["cgroup"], group.path);
        }
    }
}

/// Who may not trace others sees none of them then, and could neither size its tables nor choose a process.
#[test]
fn where_proc_hides_processes_they_are_found_all_the_same() {
    if !is_root("where_proc_hides_processes_they_are_found_all_the_same") {
        return;
    }
    let script =
        "mount -t proc -o hidepid=invisible proc /proc && exec \"$0\" --listen 127.0.0.1:0";
    let server = Server::start_by(
        Command::new("unshare")
            .args(["--mount", "sh", "-c", script])
            .arg(binary()),
    );
    assert!(server.said.contains("(hidepid)"), "{}", server.said);
    let told = confinement(&server);
    let kept = serde_json::json!(["CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE"]);
    assert_eq!(
        (&told["capabilities"], &told["landlock"]),
        (&kept, &serde_json::Value::Null)
    );
    assert_eq!(told["problems"].as_array().unwrap().len(), 1, "{told}");
    let one = std::process::id();
    let found = get(server.address, &format!("/api/v1/targets?q={one}"), &[]).json();
    assert_eq!(found["processes"][0]["tgid"], one, "{found}");
}

/// A member of the group sees all, so nothing has to be kept for it.
#[test]
fn where_proc_shows_processes_to_a_group_it_joins_that() {
    if !is_root("where_proc_shows_processes_to_a_group_it_joins_that") {
        return;
    }
    let script = "mount -t proc -o hidepid=invisible,gid=4711 proc /proc && exec \"$0\" --listen 127.0.0.1:0";
    let server = Server::start_by(
        Command::new("unshare")
            .args(["--mount", "sh", "-c", script])
            .arg(binary()),
    );
    assert_confined(&server, NOBODY, MEASURING);
    let groups = &status(server.id(), server.id() as i32)["Groups"];
    assert_eq!(groups.trim(), "4711");
    let told = confinement(&server);
    assert_eq!(told["landlock"].is_u64(), has_landlock(), "{told}");
    assert_eq!(told["problems"], serde_json::json!([]));
    let one = std::process::id();
    let found = get(server.address, &format!("/api/v1/targets?q={one}"), &[]).json();
    assert_eq!(found["processes"][0]["tgid"], one, "{found}");
}

#[test]
fn check_says_what_would_be_kept() {
    if !is_root("check_says_what_would_be_kept") {
        return;
    }
    let said = String::from_utf8(run(&["check"]).stdout).unwrap();
    for line in [
        "keeps          CAP_BPF, CAP_PERFMON, as user 65534\n",
        "seccomp        yes\n",
        "no new rights  yes\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let landlock = if has_landlock() {
        "yes, version "
    } else {
        "no: "
    };
    assert!(
        said.contains(&format!("\nlandlock       {landlock}")),
        "{said}"
    );
}

#[test]
fn a_user_that_it_cant_become_ends_it() {
    if !is_root("a_user_that_it_cant_become_ends_it") {
        return;
    }
    let output = Command::new("setpriv")
        .args(["--bounding-set", "-setuid"])
        .arg(binary())
        .args(["--demo", "--listen", "127.0.0.1:0", "--user", "1"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("can't become "), "{said}");
    // Without a wish it goes on, and says so.
    let server = Server::start_by(
        Command::new("setpriv")
            .args(["--bounding-set", "-setuid"])
            .arg(binary())
            .args(["--demo", "--listen", "127.0.0.1:0"]),
    );
    assert!(server.said.contains("still root"), "{}", server.said);
    assert_eq!(confinement(&server)["uid"], 0);
}
