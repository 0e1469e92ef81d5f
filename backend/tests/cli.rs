//! The program as a person meets it at the terminal: what it refuses, why, and with which exit code.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};
use support::is_root;
use support::server::{Server, binary, run};

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Exit code `code`, one line that says `what`, and one hint that says `hint`.
fn assert_failed(output: &Output, code: i32, what: &str, hint: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(
        lines[0].starts_with("runqlat-web: ") && lines[0].contains(what),
        "{said}"
    );
    assert!(
        lines[1].starts_with("hint: ") && lines[1].contains(hint),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_release_is_complete() {
    let output = run(&["--version"]);
    let version = format!("runqlat-web {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), version);
}

#[test]
fn the_readme_shows_the_help() {
    let help = run(&["--help"]);
    let help = String::from_utf8_lossy(&help.stdout);
    let readme = include_str!("../../README.md");
    assert!(readme.contains(help.trim()), "the README lacks:\n{help}");
}

#[test]
fn the_licences_of_all_that_is_inside_are_told() {
    let output = run(&["licenses"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    // One of each part, of each licence that asks for its text; and one whose crate leaves it out.
    let parts = [
        ("tokio ", "Copyright (c) Tokio Contributors"),
        ("aya-ebpf ", "Copyright (c) Aya Contributors"),
        ("leptos ", "Copyright (c) Greg Johnston"),
        (
            "subtle ",
            "Redistribution and use in source and binary forms",
        ),
        (
            "ring ",
            "Permission to use, copy, modify, and/or distribute",
        ),
    ];
    for (name, words) in parts {
        assert!(text.lines().any(|line| line.starts_with(name)), "{name}");
        assert!(text.contains(words), "{words}");
    }
    // A macro is in nothing that is handed on.
    assert!(!text.contains("\nserde_derive "));
}

#[test]
fn wrong_usage_is_code_2() {
    for args in [
        &["--frobnicate"][..],
        &["--interval", "1ms"],
        &["--by", "colour"],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).starts_with("error: "), "{args:?}");
    }
}

#[test]
fn a_port_in_use_is_code_5() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["--demo", "--listen", &address]);
    assert_failed(
        &output,
        5,
        &format!("can't listen on {address}"),
        "choose another port",
    );
}

#[test]
fn an_address_of_another_host_is_code_5() {
    let output = run(&["--demo", "--listen", "192.0.2.1:8080"]);
    assert_failed(
        &output,
        5,
        "192.0.2.1:8080",
        "this host has no such address",
    );
}

/// Runs a copy of the program as nobody.
fn run_as_nobody(args: &[&str]) -> Output {
    let copy = std::env::temp_dir().join(format!("runqlat-web-{}", std::process::id()));
    std::fs::copy(binary(), &copy).unwrap();
    let output = Command::new(&copy)
        .args(args)
        .uid(65_534)
        .gid(65_534)
        .output();
    std::fs::remove_file(&copy).unwrap();
    output.unwrap()
}

#[test]
fn no_permission_is_code_3() {
    if !is_root("no_permission_is_code_3") {
        return;
    }
    for args in [&["--listen", "127.0.0.1:0"][..], &["print", "1", "1"]] {
        let output = run_as_nobody(args);
        assert_failed(&output, 3, "no permission", "sudo runqlat-web");
    }
    let output = run_as_nobody(&["check"]);
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("\nmeasuring      no: no permission"),
        "{said}"
    );
    // What can be known without the right to measure is told all the same.
    assert!(said.contains("\nhost           "), "{said}");
}

/// Makes bpf() fail for the command and its children, as the seccomp filters of some containers do.
fn without_bpf(command: &mut Command) -> &mut Command {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
    let filter = SeccompFilter::new(
        [(libc::SYS_bpf, vec![])].into(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    let install = move || apply_filter(&program).map_err(std::io::Error::other);
    // SAFETY: between fork and exec it makes two system calls.
    unsafe { command.pre_exec(install) }
}

#[test]
fn a_filter_of_system_calls_is_named_and_not_the_capabilities() {
    if !is_root("a_filter_of_system_calls_is_named_and_not_the_capabilities") {
        return;
    }
    for args in [
        &["check"][..],
        &["--listen", "127.0.0.1:0"],
        &["print", "1", "1"],
    ] {
        let output = without_bpf(Command::new(binary()).args(args)).output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(
            said.contains("a filter of system calls (seccomp)"),
            "{said}"
        );
        assert!(!said.contains("root"), "{said}");
    }
}

#[test]
fn check_says_what_works_here() {
    if !is_root("check_says_what_works_here") {
        return;
    }
    let output = run(&["check"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for key in ["global", "process", "thread", "pidns", "cgroup"] {
        assert!(said.contains(&format!("by {key:<11} yes, ")), "{said}");
    }
    for what in [
        "kernel",
        "BTF",
        "permissions",
        "process ids",
        "cgroups",
        "host",
    ] {
        assert!(
            said.lines().any(|line| line.starts_with(what)),
            "{what}: {said}"
        );
    }
}

#[test]
fn print_writes_as_runqlat_does_and_ends_with_what_was_lost() {
    if !is_root("print_writes_as_runqlat_does_and_ends_with_what_was_lost") {
        return;
    }
    let output = run(&["print", "-T", "0.5", "2"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "Tracing run queue latency... Hit Ctrl-C to end.");
    let is_time = |line: &&&str| line.len() == 8 && line.matches(':').count() == 2;
    assert_eq!(lines.iter().filter(is_time).count(), 2, "{text}");
    let header = "     usecs               : count    distribution";
    assert_eq!(
        lines.iter().filter(|line| **line == header).count(),
        2,
        "{text}"
    );
    let said = stderr(&output);
    let counted = said.split(" waits counted; lost: ").next().unwrap();
    assert!(counted.parse::<u64>().unwrap() > 0, "{said}");

    let text = run(&["print", "-P", "0.5", "1"]).stdout;
    assert!(String::from_utf8(text).unwrap().contains("\n\n\npid = "));
}

#[test]
fn print_ends_at_a_signal_with_what_it_has() {
    if !is_root("print_ends_at_a_signal_with_what_it_has") {
        return;
    }
    let mut print = Command::new(binary());
    let mut print = print.arg("print").stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(print.stdout.take().unwrap());
    let mut text = String::new();
    stdout.read_line(&mut text).unwrap();
    // SAFETY: signals the child that this test started and has not yet waited for.
    unsafe { libc::kill(print.id() as i32, libc::SIGINT) };
    stdout.read_to_string(&mut text).unwrap();
    assert_eq!(print.wait().unwrap().code(), Some(0));
    assert!(text.contains("usecs"), "{text}");
}

#[test]
fn signals_end_it_cleanly() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let server = Server::start(&["--demo"]);
        server.signal(signal);
        assert_eq!(server.wait_status(), Some(0));
    }
}

/// Copied alone to another machine it must run: nothing but the kernel is needed.
#[test]
fn it_needs_no_shared_library() {
    let elf = std::fs::read(binary()).unwrap();
    assert_eq!(&elf[..4], b"\x7fELF");
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([elf[at], elf[at + 1]]));
    let headers = u64::from_le_bytes(elf[32..40].try_into().unwrap()) as usize;
    let (size, count) = (u16_at(54), u16_at(56));
    let types = (0..count).map(|i| u16_at(headers + i * size));
    // A program interpreter (PT_INTERP, 3) is what loads shared libraries.
    assert!(
        types.into_iter().all(|kind| kind != 3),
        "dynamically linked"
    );
}
