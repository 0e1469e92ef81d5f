//! What people type, and what it means.

use super::{Arguments, Config, Print, Serve, Task, config, parse_interval};
use crate::confine::User;
use crate::link::Wanted;
use crate::listen::Listen;
use crate::public_url::PublicUrl;
use clap::{CommandFactory, Parser};
use runqlat_common::buckets::Unit;
use runqlat_common::wire::Key;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

fn parse(line: &str) -> Result<Config, String> {
    let words = std::iter::once("runqlat-web").chain(line.split_whitespace());
    let args = Arguments::try_parse_from(words);
    args.map(config).map_err(|error| error.to_string())
}

fn serve(line: &str) -> Serve {
    match parse(line).unwrap().task {
        Task::Serve(serve) => *serve,
        other => panic!("{other:?}"),
    }
}

fn print(line: &str) -> Print {
    match parse(line).unwrap().task {
        Task::Print(print) => print,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_definition_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn defaults_are_local_and_by_process() {
    let serve = serve("");
    assert_eq!(serve.listen, [Listen::Localhost(8_080)]);
    assert_eq!(serve.scope.interval_ms, 1_000);
    assert_eq!(serve.scope.key, Key::Process);
    assert_eq!(serve.demo, None);
}

#[test]
fn options_reach_the_config() {
    let line = "--by global -p 12 -c /a/b -m --interval 0.25 --demo=7 --max-keys 65536 -v";
    let config = parse(line).unwrap();
    assert!(config.verbose);
    let serve = serve(line);
    assert_eq!(serve.scope.key, Key::Global);
    assert_eq!(serve.scope.tgid, Some(12));
    assert_eq!(serve.scope.cgroup.as_deref(), Some("/a/b"));
    assert_eq!(serve.scope.unit, Unit::Ms);
    assert_eq!(serve.scope.interval_ms, 250);
    assert_eq!(serve.demo, Some(7));
    assert_eq!(serve.settings.max_keys, Some(65_536));
    assert!(!serve.settings.force_raw);
}

#[test]
fn a_cgroup_may_have_any_bytes() {
    let path = OsStr::from_bytes(b"/bad\xff");
    let arguments = ["runqlat-web".as_ref(), "-c".as_ref(), path];
    let Task::Serve(serve) = config(Arguments::try_parse_from(arguments).unwrap()).task else {
        panic!("it serves");
    };
    assert_eq!(serve.scope.cgroup, None);
    assert_eq!(serve.scope.cgroup_hex.as_deref(), Some("2f626164ff"));
}

#[test]
fn who_may_is_told_by_options() {
    let door = serve("").door;
    assert_eq!(door.access, Default::default());
    assert_eq!(door.tls, None);
    let max = (door.max_viewers.all, door.max_viewers.per_address);
    assert_eq!(max, (256, None));
    let line = "--token --read-only --view-token-file v --control-token-file c --host-name a \
                --host-name b.example --tls-cert x --tls-key y --max-viewers 9 --max-viewers-per-address 3";
    let door = serve(line).door;
    assert!(door.access.tokens && door.access.read_only);
    assert_eq!(door.access.view_token_file, Some("v".into()));
    assert_eq!(door.access.control_token_file, Some("c".into()));
    assert_eq!(door.host_names, ["a", "b.example"]);
    assert_eq!(door.tls.unwrap().key, std::path::PathBuf::from("y"));
    let max = (door.max_viewers.all, door.max_viewers.per_address);
    assert_eq!(max, (9, Some(3)));
}

#[test]
fn what_waits_are_counted_by_has_runqlats_letters() {
    let table = [
        ("", Key::Process),
        ("-P", Key::Process),
        ("--pids", Key::Process),
        ("-L", Key::Thread),
        ("--tids", Key::Thread),
        ("--pidnss", Key::Pidns),
        ("--by cgroup", Key::Cgroup),
    ];
    for (line, key) in table {
        assert_eq!(serve(line).scope.key, key, "{line}");
    }
    assert_eq!(print("print").scope.key, Key::Global);
    assert_eq!(print("print -mPT 1 3").scope.key, Key::Process);
}

#[test]
fn print_is_called_as_runqlat_is() {
    let forever = print("print");
    assert!(forever.interval > Duration::from_secs(90_000_000) && forever.count.is_none());
    let short = print("print -mT -p 185 0.5 10");
    assert_eq!(
        (short.interval, short.count),
        (Duration::from_millis(500), Some(10))
    );
    assert_eq!((short.scope.tgid, short.scope.unit), (Some(185), Unit::Ms));
    assert!(short.timestamps);
    assert_eq!(
        parse("check -v"),
        Ok(Config {
            task: Task::Check,
            user: None,
            verbose: true
        })
    );
}

#[test]
fn a_user_has_a_name_or_a_number_wherever_it_stands() {
    for line in [
        "--user root",
        "--user 0",
        "print --user root",
        "check --user 0",
    ] {
        let user = parse(line).unwrap().user.unwrap();
        assert_eq!(user.to_string(), "root (0)", "{line}");
    }
}

#[test]
fn several_addresses_and_users_are_named_one_by_one() {
    let line = "--listen localhost:9000 --listen 10.0.0.5:80 --listen unix:/run/a.sock --socket-group root \
                --allow-user root --allow-user 1000 --print-links";
    let serve = serve(line);
    let listen: Vec<String> = serve.listen.iter().map(ToString::to_string).collect();
    assert_eq!(
        listen,
        ["localhost:9000", "10.0.0.5:80", "unix:/run/a.sock"]
    );
    assert_eq!(serve.socket_group.unwrap().gid(), 0);
    let allowed: Vec<u32> = serve.door.allowed.iter().map(User::uid).collect();
    assert_eq!(allowed, [0, 1_000]);
    assert!(serve.door.print_links);
}

#[test]
fn a_link_is_asked_of_the_usual_server_or_another() {
    let asked = |line: &str| match parse(line).unwrap().task {
        Task::Link(ask) => (ask.server.to_string(), ask.wanted),
        other => panic!("{other:?}"),
    };
    let usual = "localhost:8080".to_owned();
    assert_eq!(asked("link"), (usual.clone(), Wanted::Both));
    assert_eq!(asked("link --view"), (usual.clone(), Wanted::View));
    assert_eq!(asked("link --control"), (usual, Wanted::Control));
    let other = asked("link --listen unix:/run/a.sock");
    assert_eq!(other, ("unix:/run/a.sock".into(), Wanted::Both));
}

#[test]
fn intervals_have_units_and_bounds() {
    let table = [
        ("1", Some(1_000)),
        ("0.1", Some(100)),
        ("100ms", Some(100)),
        ("2s", Some(2_000)),
        ("1min", Some(60_000)),
        ("99ms", None),
        ("61s", None),
        ("0", None),
        ("-1", None),
        ("nan", None),
        ("1e300", None),
        ("soon", None),
        ("", None),
    ];
    for (text, ms) in table {
        let parsed = parse_interval(text).ok();
        assert_eq!(parsed, ms.map(Duration::from_millis), "{text}");
    }
}

#[test]
fn wrong_input_is_refused_with_what_is_right() {
    let table = [
        (
            "--by colour",
            "[possible values: global, process, thread, pidns, cgroup]",
        ),
        ("--interval 5ms", "from 100ms to 60s"),
        ("--listen localhost", "such as localhost:8080"),
        ("--listen unix:", "wants a path"),
        ("--allow-user nobody-here", "no user nobody-here"),
        ("--allow-user nobody", "it is nobody's"),
        ("--allow-user 65534", "it is nobody's"),
        ("--allow-user root --token", "cannot be used with"),
        (
            "--allow-user root --public-url https://a.example",
            "cannot be used with",
        ),
        ("--socket-group nobody-here", "no group nobody-here"),
        ("link --view --control", "cannot be used with"),
        ("link --listen db1", "such as localhost:8080"),
        ("--pid 0", "0 is not in 1.."),
        ("--max-keys 0", "0 is not in 1..="),
        ("--user nobody-here", "no user nobody-here"),
        ("--whatever", "unexpected argument '--whatever'"),
        ("-P --by global", "cannot be used with"),
        ("-P -L", "cannot be used with"),
        ("--host-name http://db1", "a name alone"),
        ("--host-name db1:8080", "a name alone"),
        ("--tls-cert a.pem", "--tls-key <FILE>"),
        ("--tls-key a.pem", "--tls-cert <FILE>"),
        ("--max-viewers 0", "0 is not in 1.."),
        ("--token=secret", "unexpected value 'secret'"),
        ("print 0", "at least 0.1 seconds"),
        ("print soon", "not a number of seconds"),
        ("print 1 0", "0 is not in 1.."),
        ("-P print", "cannot be used with"),
        (
            "print --listen 127.0.0.1:1",
            "unexpected argument '--listen'",
        ),
    ];
    for (line, said) in table {
        let error = parse(line).unwrap_err();
        assert!(error.contains(said), "{line}: {error}");
    }
}

#[test]
fn a_public_url_is_read_and_has_everybody_asked_for_a_token() {
    let door = serve("--public-url https://ops.example/runqlat").door;
    let url = door.public_url.as_ref().map(PublicUrl::url);
    assert_eq!(url.as_deref(), Some("https://ops.example/runqlat/"));
    assert!(door.access.tokens);
    let error = parse("--public-url ops.example").unwrap_err();
    assert!(error.contains("this is no URL"), "{error}");
    assert!(parse("--public-url https://a.example --public-url https://b.example").is_err());
}
