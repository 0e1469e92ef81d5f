//! Who needs no token, from outside: as root, as the user who started the server, and as others of this host, over both
//! loopback addresses and a Unix socket; and what none of the ways to deceive the kernel's table gives. On synthetic data.

mod support;

use runqlat_common::wire::{CLOSE_NO_TOKEN, ClientMessage, Format};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::client::{PATIENCE, Reply, Viewer, get, post, put, put_in_time, send, send_over};
use support::is_root;
use support::server::{Server, binary};

const STATE: &str = "/api/v1/state";
const SCOPE: &str = "/api/v1/scope";
const LINKS: &str = "/api/v1/links";

/// Users and a group whom /etc/passwd need not have.
const STARTER: u32 = 4_321;
const FRIEND: u32 = 4_322;
const STRANGER: u32 = 4_323;
const NOBODY: u32 = 65_534;
const GROUP: u32 = 4_324;

/// What `work` gives when another user does it, who is in no other group than `gid`: a thread's ids are its own.
fn as_group<T: Send>(uid: u32, gid: u32, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            // SAFETY: changes numbers of this thread alone, unlike the C library's functions, and reads no memory.
            let done = unsafe {
                [
                    libc::syscall(libc::SYS_setgroups, 0, 0),
                    libc::syscall(libc::SYS_setresgid, gid, gid, gid),
                    libc::syscall(libc::SYS_setresuid, uid, uid, uid),
                ]
            };
            assert_eq!(done, [0; 3], "{}", std::io::Error::last_os_error());
            work()
        });
        worker.join().expect("it is done")
    })
}

fn as_user<T: Send>(uid: u32, work: impl FnOnce() -> T + Send) -> T {
    as_group(uid, uid, work)
}

/// A server that STARTER has started through sudo.
fn started(args: &[&str]) -> Server {
    let mut command = Command::new(binary());
    command.env("SUDO_UID", STARTER.to_string());
    Server::start_by(command.args(["--demo", "--interval", "100ms"]).args(args))
}

fn on_loopback(args: &[&str]) -> Server {
    started(&[&["--listen", "localhost:0"], args].concat())
}

/// The loopback addresses of a server on both.
fn both(server: &Server) -> [SocketAddr; 2] {
    let port = server.address.port();
    [
        ([127, 0, 0, 1], port).into(),
        ([0, 0, 0, 0, 0, 0, 0, 1u16], port).into(),
    ]
}

fn status(uid: u32, address: SocketAddr) -> u16 {
    as_user(uid, || get(address, STATE, &[]).status)
}

#[test]
fn root_the_starter_and_those_who_are_named_need_no_token() {
    if !is_root("root_the_starter_and_those_who_are_named_need_no_token") {
        return;
    }
    let server = on_loopback(&["--allow-user", &FRIEND.to_string()]);
    assert_eq!(
        server.urls,
        [format!("http://localhost:{}", server.address.port())]
    );
    assert!(!server.said.contains("token"), "{}", server.said);
    for address in both(&server) {
        for uid in [0, STARTER, FRIEND] {
            let changed = as_user(uid, || put_in_time(address, SCOPE, r#"{"key": "thread"}"#));
            assert_eq!(changed.status, 200, "{uid}: {}", changed.text());
            assert_eq!(status(uid, address), 200);
        }
        for uid in [STRANGER, NOBODY, 1, STARTER + 65_536] {
            let changed = as_user(uid, || put(address, SCOPE, r#"{"key": "pidns"}"#));
            assert_eq!(changed.status, 401, "{uid}: {}", changed.text());
            assert_eq!(status(uid, address), 401);
        }
        assert_eq!(get(address, SCOPE, &[]).json()["scope"]["key"], "thread");
        assert_eq!(
            as_user(NOBODY, || get(address, "/healthz", &[]).status),
            200
        );
    }
    // An address of its own is no other than both.
    let alone = started(&["--listen", "127.0.0.1:0"]);
    assert_eq!(
        [0, STRANGER].map(|uid| status(uid, alone.address)),
        [200, 401]
    );
    assert!(TcpStream::connect(both(&alone)[1]).is_err());
}

#[test]
fn a_stranger_is_told_whose_server_it_is() {
    if !is_root("a_stranger_is_told_whose_server_it_is") {
        return;
    }
    let server = on_loopback(&[]);
    let refused = as_user(STRANGER, || get(server.address, STATE, &[]));
    let told = refused.json()["error"].as_str().unwrap().to_owned();
    let owner = format!("ask {STARTER}, who started it");
    assert!(
        told.contains(&owner) && told.contains("`runqlat-web link`"),
        "{told}"
    );
    let refused = as_user(STRANGER, || get(server.address, "/", &[]));
    assert!(refused.text().contains(&owner), "{}", refused.text());
    // The page, whose browser has no session.
    let origin = format!("http://{}", server.address);
    let farewell = as_user(STRANGER, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let mut page =
                Viewer::join_with(server.address, Format::Postcard, &[("origin", &origin)]).await;
            let session = String::new();
            page.send(&ClientMessage::SignIn { session }).await;
            page.farewell().await
        })
    });
    assert_eq!(farewell, (CLOSE_NO_TOKEN, told));
}

#[test]
fn read_only_and_token_hold_for_everybody() {
    if !is_root("read_only_and_token_hold_for_everybody") {
        return;
    }
    let server = on_loopback(&["--read-only"]);
    assert_eq!(status(STARTER, server.address), 200);
    let changed = put(server.address, SCOPE, "{}");
    assert_eq!(changed.status, 403, "{}", changed.text());
    let server = on_loopback(&["--token"]);
    assert_eq!(
        [0, STARTER].map(|uid| status(uid, server.address)),
        [401; 2]
    );
    assert!(
        server.said.contains("links are printed to a terminal only"),
        "{}",
        server.said
    );
    assert!(!server.said.contains("#token="), "{}", server.said);
}

#[test]
fn a_request_that_was_passed_on_is_nobodys() {
    if !is_root("a_request_that_was_passed_on_is_nobodys") {
        return;
    }
    let server = on_loopback(&["--print-links"]);
    let bearer = server.bearer("view");
    for header in [
        ("X-Forwarded-For", "10.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("X-Forwarded-Whatever", ""),
        ("Forwarded", "for=10.0.0.1"),
        ("Via", "1.1 proxy"),
    ] {
        let refused = get(server.address, STATE, &[header]);
        assert_eq!(refused.status, 401, "{header:?}");
        assert!(
            !refused.text().contains(&STARTER.to_string()),
            "{}",
            refused.text()
        );
        let shown = [header, ("Authorization", &bearer)];
        let state = get(server.address, STATE, &shown);
        assert_eq!(state.status, 200, "{header:?}");
        assert_eq!(state.json()["may_control"], false, "{header:?}");
        assert_eq!(send(server.address, "POST", LINKS, &shown, "").status, 403);
    }
    assert_eq!(
        get(server.address, STATE, &[("X-Real-IP", "10.0.0.1")]).status,
        200
    );
}

fn asks_for_change(key: &str) -> Vec<u8> {
    let body = format!(r#"{{"key": "{key}"}}"#);
    let head = format!(
        "PUT {SCOPE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}

/// Has the kernel tell the other end that this was no connection.
fn reset(stream: TcpStream) {
    let linger = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    // SAFETY: reads one linger.
    let set = unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            size_of::<libc::linger>() as libc::socklen_t,
        )
    };
    assert_eq!(set, 0);
}

/// A connection that is closed at once is shown as root's by the kernel's table.
#[test]
fn whoever_has_hung_up_gets_nothing() {
    if !is_root("whoever_has_hung_up_gets_nothing") {
        return;
    }
    let server = on_loopback(&[]);
    let asked = asks_for_change("pidns");
    let connect = |address: SocketAddr| {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.write_all(&asked).expect("a request");
        stream
    };
    for round in 0..5 {
        // Accepted when all is over, or at any time.
        let held = round % 2 == 0;
        if held {
            server.signal(libc::SIGSTOP);
        }
        let waiting: Vec<TcpStream> = as_user(STRANGER, || {
            both(&server)
                .into_iter()
                .cycle()
                .take(40)
                .enumerate()
                .filter_map(|(at, address)| {
                    let stream = connect(address);
                    match at / 2 % 3 {
                        0 => drop(stream),
                        1 => reset(stream),
                        _ => {
                            stream.shutdown(Shutdown::Write).expect("it is connected");
                            return Some(stream);
                        }
                    }
                    None
                })
                .collect()
        });
        if held {
            server.signal(libc::SIGCONT);
        }
        for mut stream in waiting {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            // Who can send nothing any more may be hung up on without a word.
            assert!(
                answer.is_empty() || answer.starts_with("HTTP/1.1 401"),
                "{answer}"
            );
        }
    }
    let scope = get(server.address, SCOPE, &[]).json();
    assert_eq!(scope["scope"]["key"], "process", "{scope}");
    // The same from root counts.
    let mut answer = String::new();
    connect(server.address).read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// One who was known on a connection is not known on the next, and each has a reading's patience.
#[test]
fn many_at_once_are_each_known_for_who_they_are() {
    if !is_root("many_at_once_are_each_known_for_who_they_are") {
        return;
    }
    let server = on_loopback(&[]);
    std::thread::scope(|scope| {
        for at in 0..60 {
            let address = both(&server)[at % 2];
            let (uid, expected) = [(0, 200), (STRANGER, 401), (STARTER, 200)][at % 3];
            scope.spawn(move || assert_eq!(status(uid, address), expected, "{uid} {address}"));
        }
    });
}

#[test]
fn a_socket_for_both_families_knows_both() {
    if !is_root("a_socket_for_both_families_knows_both") {
        return;
    }
    let server = started(&["--listen", "[::]:0"]);
    for address in both(&server) {
        assert_eq!(
            [0, STRANGER].map(|uid| status(uid, address)),
            [200, 401],
            "{address}"
        );
    }
}

#[test]
fn with_both_loopback_addresses_nobody_else_can_take_one() {
    if !is_root("with_both_loopback_addresses_nobody_else_can_take_one") {
        return;
    }
    for held in ["[::1]:0", "127.0.0.1:0"] {
        let squatter = as_user(STRANGER, || TcpListener::bind(held).unwrap());
        let port = squatter.local_addr().unwrap().port();
        let output = Command::new(binary())
            .args(["--demo", "--listen", &format!("localhost:{port}")])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{said}");
        let address = squatter.local_addr().unwrap();
        let named =
            format!("can't listen on {address}: {STRANGER} ({STRANGER}) listens there already");
        assert!(said.contains(&named), "{said}");
    }
    let server = on_loopback(&[]);
    let taken = as_user(STRANGER, || {
        both(&server).map(|address| TcpListener::bind(address).is_err())
    });
    assert_eq!(taken, [true, true]);
}

/// A folder of the test's own, which others may look into.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rw-doors-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn socket(&self) -> (PathBuf, String) {
        let path = self.0.join("socket");
        let listen = format!("unix:{}", path.display());
        (path, listen)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// As `curl --unix-socket PATH http://localhost/…`; none where this user may not connect.
fn over_unix(path: &Path, method: &str, target: &str) -> Option<Reply> {
    let stream = UnixStream::connect(path).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let anywhere = ([0, 0, 0, 0], 0).into();
    let headers = [("Host", "localhost"), ("Content-Length", "0")];
    Some(send_over(stream, anywhere, method, target, &headers, ""))
}

#[test]
fn a_unix_socket_is_the_starters_and_being_let_in_is_no_identity() {
    if !is_root("a_unix_socket_is_the_starters_and_being_let_in_is_no_identity") {
        return;
    }
    let folder = Folder::new("socket");
    let (path, listen) = folder.socket();
    let found = || {
        let metadata = fs::symlink_metadata(&path).unwrap();
        (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
    };
    let ask = |uid, gid| {
        as_group(uid, gid, || {
            over_unix(&path, "GET", STATE).map(|reply| reply.status)
        })
    };

    let server = started(&["--listen", &listen]);
    assert_eq!(server.urls, std::slice::from_ref(&listen));
    assert_eq!((found().0, found().1), (0o600, STARTER));
    assert_eq!(ask(0, 0), Some(200));
    assert_eq!(ask(STARTER, STARTER), Some(200));
    assert_eq!(ask(STRANGER, STRANGER), None);
    // What a server leaves behind is replaced by the next.
    drop(server);
    assert!(path.exists());
    let group = GROUP.to_string();
    let friend = FRIEND.to_string();
    let args = [
        "--listen",
        &listen,
        "--socket-group",
        &group,
        "--allow-user",
        &friend,
    ];
    let server = started(&[&args[..], &["--print-links"]].concat());
    assert_eq!(found(), (0o660, STARTER, GROUP));
    assert_eq!(ask(STRANGER, GROUP), Some(401));
    assert_eq!(ask(FRIEND, GROUP), Some(200));
    assert_eq!(ask(FRIEND, FRIEND), None);
    assert_eq!(ask(NOBODY, GROUP), Some(401));
    let links = over_unix(&path, "POST", LINKS).unwrap().json();
    assert_eq!(links["view"], server.link("view"));

    // A living one is left alone, and so is what is none.
    let said = |listen: &str| {
        let output = Command::new(binary())
            .args(["--demo", "--listen", listen])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{said}");
        said
    };
    assert!(said(&listen).contains("another server listens there already"));
    assert_eq!(ask(0, 0), Some(200));
    let file = folder.0.join("file");
    fs::write(&file, "kept").unwrap();
    assert!(said(&format!("unix:{}", file.display())).contains("is no socket"));
    assert_eq!(fs::read(&file).unwrap(), b"kept");
}

#[test]
fn one_server_listens_in_several_places() {
    if !is_root("one_server_listens_in_several_places") {
        return;
    }
    let folder = Folder::new("several");
    let (path, unix) = folder.socket();
    let server = started(&[
        "--listen",
        "localhost:0",
        "--listen",
        "127.0.0.9:0",
        "--listen",
        &unix,
    ]);
    let [loopbacks, address, socket] = &server.urls[..] else {
        panic!("{:?}", server.urls);
    };
    assert!(loopbacks.starts_with("http://localhost:") && *socket == unix);
    let address: SocketAddr = address.trim_start_matches("http://").parse().unwrap();
    for address in [both(&server)[0], both(&server)[1], address] {
        assert_eq!(
            [0, STRANGER].map(|uid| status(uid, address)),
            [200, 401],
            "{address}"
        );
    }
    assert_eq!(over_unix(&path, "GET", STATE).unwrap().status, 200);
}

/// `runqlat-web link`, of another user's.
fn link(uid: u32, args: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.arg("link").args(args);
    command.uid(uid).gid(uid).output().expect("it starts")
}

fn words(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn a_link_is_printed_for_those_who_need_none() {
    if !is_root("a_link_is_printed_for_those_who_need_none") {
        return;
    }
    let folder = Folder::new("link");
    let (_, unix) = folder.socket();
    let server = on_loopback(&["--listen", &unix]);
    let place = format!("localhost:{}", server.address.port());
    for listen in [&place, &unix] {
        for uid in [0, STARTER] {
            let (code, view, said) = words(&link(uid, &["--view", "--listen", listen]));
            assert_eq!(code, Some(0), "{said}");
            let bearer = support::server::bearer(view.trim());
            let state = as_user(STRANGER, || {
                get(server.address, STATE, &[("Authorization", &bearer)])
            });
            assert_eq!(
                (state.status, &state.json()["may_control"]),
                (200, &false.into())
            );
        }
    }
    let (_, all, _) = words(&link(STARTER, &["--listen", &place]));
    let control = all
        .lines()
        .find_map(|line| line.strip_prefix("to control: "))
        .expect("a link");
    let (_, alone, _) = words(&link(0, &["--control", "--listen", &place]));
    assert_eq!(alone.trim(), control);
    assert!(all.starts_with("to view:    http://"), "{all}");

    let (code, out, said) = words(&link(STRANGER, &["--listen", &place]));
    assert_eq!((code, &*out), (Some(3), ""), "{said}");
    let told =
        format!("{place} makes no link for you: this server asks for a token: ask {STARTER}");
    assert!(said.contains(&told), "{said}");
    assert_eq!(
        as_user(STRANGER, || post(server.address, LINKS, "")).status,
        401
    );

    drop(server);
    let (code, _, said) = words(&link(0, &["--listen", &place]));
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains(&format!("no server answers at {place}")),
        "{said}"
    );
    let guarded = on_loopback(&["--token"]);
    let place = format!("localhost:{}", guarded.address.port());
    let (code, _, said) = words(&link(0, &["--listen", &place]));
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("with --token or --public-url nobody does"),
        "{said}"
    );
}

#[test]
fn refusals_are_written_and_a_flood_of_them_is_counted() {
    if !is_root("refusals_are_written_and_a_flood_of_them_is_counted") {
        return;
    }
    let server = on_loopback(&[]);
    as_user(STRANGER, || {
        for _ in 0..100 {
            assert_eq!(get(server.address, STATE, &[]).status, 401);
        }
    });
    let said = server.end();
    let lines = said
        .lines()
        .filter(|line| line.contains("audit") && line.contains("refused"));
    let lines: Vec<&str> = lines.collect();
    // Ten, and one more every five seconds.
    assert!((10..40).contains(&lines.len()), "{said}");
    let uid = format!("uid={STRANGER}");
    assert!(
        lines
            .iter()
            .all(|line| line.contains(&uid) && line.contains("stranger")),
        "{said}"
    );
}
