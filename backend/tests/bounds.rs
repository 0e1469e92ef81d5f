//! What the server bears from peers that take too much: each is refused or dropped with a word, and a
//! normal viewer feels nothing of it. Synthetic data, so that it needs no root.

mod support;

use futures_util::{SinkExt, StreamExt};
use runqlat_common::wire::{
    CLOSE_FULL, CLOSE_TOO_MANY_MESSAGES, ClientMessage, Format, ServerMessage,
};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use support::client::{PATIENCE, Viewer, connect, connect_with, farewell, get, refusal};
use support::server::Server;
use tokio_tungstenite::tungstenite::Message;

fn demo(args: &[&str]) -> Server {
    Server::start(&[&["--demo", "--interval", "100ms"], args].concat())
}

#[tokio::test]
async fn one_viewer_too_many_is_refused_until_one_leaves() {
    let server = demo(&["--max-viewers", "2"]);
    let address = server.address;
    let mut first = Viewer::join(address, Format::Json).await;
    let second = Viewer::join(address, Format::Postcard).await;
    first.snapshot().await;
    let (status, body) = refusal(connect(address, None).await);
    assert_eq!(status, 503);
    assert!(
        body.contains("2 viewers are connected, which is the most"),
        "{body}"
    );
    let origin = format!("http://{address}");
    let mut page = connect_with(address, &[("origin", &origin)]).await.unwrap();
    let (code, reason) = farewell(&mut page).await;
    assert_eq!(code, CLOSE_FULL);
    assert!(reason.starts_with("2 viewers are connected"), "{reason}");
    drop(second);
    let viewers = || get(address, "/api/v1/state", &[]).json()["viewers"].as_u64();
    until("one has left", || viewers() == Some(1)).await;
    Viewer::join(address, Format::Json).await.snapshot().await;
}

#[tokio::test]
async fn a_viewer_that_says_too_much_is_told_and_then_dropped() {
    let server = demo(&[]);
    let mut other = Viewer::join(server.address, Format::Postcard).await;
    let mut seq = other.interval().await.column.seq;
    let mut viewer = Viewer::join(server.address, Format::Json).await;
    viewer.snapshot().await;
    let garbage = || ClientMessage::Series {
        key: 1,
        start: None,
    };
    for _ in 0..200 {
        viewer.send(&garbage()).await;
    }
    let (reason, hint) = viewer.error().await;
    assert!(reason.starts_with("too many messages a second"), "{reason}");
    assert!(hint.contains("docs/protocol.md"), "{hint}");
    // It is still there, and if it keeps to the rate it is heard again.
    tokio::time::sleep(Duration::from_millis(500)).await;
    viewer.send(&ClientMessage::Snapshot).await;
    viewer.snapshot().await;
    let (mut sending, mut receiving) = viewer.socket.split();
    let flood = async {
        // Ends when the server hangs up.
        while sending.send(Message::text(r#""snapshot""#)).await.is_ok() {}
    };
    let told = async {
        loop {
            match receiving.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return Some(u16::from(frame.code)),
                Some(Ok(_)) => {}
                // It hung up while this side was still sending, which may take its last words back.
                Some(Err(_)) | None => return None,
            }
        }
    };
    let both = async { tokio::join!(flood, told).1 };
    let code = tokio::time::timeout(2 * PATIENCE, both)
        .await
        .expect("dropped");
    assert!(
        code.is_none_or(|code| code == CLOSE_TOO_MANY_MESSAGES),
        "{code:?}"
    );
    for _ in 0..3 {
        seq += 1;
        assert_eq!(other.interval().await.column.seq, seq);
    }
}

/// How long the server keeps a connection on which this was sent.
fn kept(address: SocketAddr, sent: &[u8]) -> Duration {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(sent).unwrap();
    let since = Instant::now();
    let mut rest = Vec::new();
    match socket.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("it is kept: {error}"),
    }
    since.elapsed()
}

#[test]
fn who_does_not_get_to_the_point_is_hung_up_on() {
    let server = demo(&[]);
    let address = server.address;
    let head = format!("GET /api/v1/scope HTTP/1.1\r\nHost: {address}\r\n");
    let put = format!("PUT /api/v1/scope HTTP/1.1\r\nHost: {address}\r\nContent-Length: 9\r\n\r\n");
    let cases = [
        (String::new(), 8..15),
        (head.clone(), 8..15),
        // An answer, and then nothing.
        (format!("{head}\r\n"), 8..15),
        // A body that does not come: answered with 408.
        (put, 28..36),
    ];
    std::thread::scope(|scope| {
        for (sent, bounds) in cases {
            scope.spawn(move || {
                let took = kept(address, sent.as_bytes()).as_secs();
                assert!(bounds.contains(&took), "{took} s after {sent:?}");
            });
        }
    });
}

/// Strangers get 192 of 256 connections, and who has been silent longest makes room; who is known stays.
#[test]
fn of_too_many_silent_connections_the_oldest_make_room() {
    let server = demo(&[]);
    let address = server.address;
    let known = TcpStream::connect(address).unwrap();
    let ask = |mut socket: &TcpStream| {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            socket,
            "GET /api/v1/scope HTTP/1.1\r\nHost: {address}\r\n\r\n"
        )
        .unwrap();
        socket.read(&mut [0; 4_096]).unwrap_or_default()
    };
    assert!(ask(&known) > 0);
    let connect = |_| TcpStream::connect(address).unwrap();
    let held: Vec<_> = (0..192).map(connect).collect();
    let since = Instant::now();
    // Whoever is turned away before they have asked may find the connection reset instead of an answer.
    let healthz = || {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let asked = write!(socket, "GET /healthz HTTP/1.0\r\nHost: {address}\r\n\r\n");
        let mut answer = String::new();
        let answered = asked.and_then(|()| socket.read_to_string(&mut answer));
        answered.map_or_else(|_| String::new(), |_| answer)
    };
    let answer = healthz();
    // The last may have come before it was known.
    if since.elapsed() < Duration::from_secs(1) && !answer.is_empty() {
        assert!(answer.contains(" 503 "), "{answer}");
        assert!(answer.contains("too many connections at once"), "{answer}");
    }
    let served = || healthz().contains(" 200 ");
    while !served() {
        assert!(
            since.elapsed() < Duration::from_secs(5),
            "it goes on refusing"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let state = get(address, "/api/v1/state", &[]).json();
    let evicted = state["refused"]["evicted"].as_u64();
    assert!(evicted.is_some_and(|evicted| evicted >= 1), "{state}");
    // The first has been hung up on, and who is known has not.
    let mut first = &held[0];
    first.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(matches!(first.read(&mut [0]), Ok(0) | Err(_)));
    assert!(ask(&known) > 0, "it was to keep its place");
}

/// Frames that never become a message: it is read slowly, and then hung up on.
#[test]
fn who_never_stops_sending_is_hung_up_on() {
    let server = demo(&[]);
    let address = server.address;
    let mut socket = TcpStream::connect(address).unwrap();
    let upgrade = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(upgrade.as_bytes()).unwrap();
    let mut reading = socket.try_clone().unwrap();
    let heard = std::thread::spawn(move || {
        let mut heard = Vec::new();
        let _hung_up = reading.read_to_end(&mut heard);
        heard
    });
    // A text that begins, and goes on and on with nothing.
    socket.write_all(&[0x01, 0x80, 0, 0, 0, 0]).unwrap();
    let nothing = [0x00, 0x80, 0, 0, 0, 0].repeat(1_000);
    let since = Instant::now();
    let mut sent = 0;
    while socket.write_all(&nothing).is_ok() {
        sent += nothing.len();
        assert!(since.elapsed() < Duration::from_secs(60), "it is borne");
    }
    let took = since.elapsed();
    assert!(took > Duration::from_secs(25), "{took:?}");
    let state = get(address, "/api/v1/state", &[]).json();
    assert_eq!(state["refused"]["too_much"], 1, "{state}");
    // What the kernel keeps beside what was read.
    let most = 256_000 + 32_000 * took.as_secs() as usize + (16 << 20);
    assert!(sent < most, "{sent} bytes in {took:?}");
    let heard = heard.join().unwrap();
    let close = CLOSE_TOO_MANY_MESSAGES.to_be_bytes();
    let said = heard.windows(2).any(|two| two == close);
    println!("{sent} bytes in {took:?}; it was told why: {said}");
}

/// Each answer holds all the past, so one a second has to do.
#[tokio::test]
async fn snapshots_are_sent_once_a_second() {
    let server = demo(&[]);
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    viewer.snapshot().await;
    let since = Instant::now();
    for _ in 0..60 {
        viewer.send(&ClientMessage::Snapshot).await;
    }
    let mut snapshots = 0;
    while since.elapsed() < Duration::from_secs(3) {
        match viewer.next().await {
            ServerMessage::Snapshot(_) => snapshots += 1,
            ServerMessage::Error { reason, .. } => panic!("{reason}"),
            _ => {}
        }
    }
    assert!((1..=3).contains(&snapshots), "{snapshots}");
}

/// From many connections at once: few are answered at a time, and not by a thread each.
#[test]
fn many_who_ask_for_a_past_take_few_threads() {
    let server = Server::start(&["--demo=3000", "--interval", "100ms"]);
    let address = server.address;
    std::thread::sleep(Duration::from_secs(3));
    let path = "/api/v1/histogram?key=900&intervals=9999";
    let (mut most, mut statuses) = (0, Vec::new());
    std::thread::scope(|scope| {
        let ask = |_| scope.spawn(move || get(address, path, &[]).status);
        let asking: Vec<_> = (0..100).map(ask).collect();
        while asking.iter().any(|asking| !asking.is_finished()) {
            most = most.max(threads(server.id()));
            std::thread::sleep(Duration::from_millis(5));
        }
        statuses.extend(asking.into_iter().map(|asking| asking.join().unwrap()));
    });
    let of = |status| statuses.iter().filter(|found| **found == status).count();
    println!("{most} threads; {} answered, {} refused", of(200), of(429));
    assert!(most <= 16, "{most} threads");
    assert!(of(200) >= 8 && of(200) + of(429) == 100, "{statuses:?}");
    let state = get(address, "/api/v1/state", &[]).json();
    assert_eq!(state["refused"]["questions"], of(429), "{state}");
}

fn threads(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/task"))
        .unwrap()
        .count()
}

#[test]
fn a_head_or_a_body_without_an_end_is_refused() {
    let server = demo(&[]);
    let long = "x".repeat(100_000);
    let reply = get(server.address, "/api/v1/state", &[("X-Long", &long)]);
    assert_eq!(reply.status, 431);
    let reply = support::client::put(server.address, "/api/v1/scope", &long);
    assert_eq!(reply.status, 413, "{}", reply.text());
}

/// A peer that is there and never says a word, not even that it is there.
#[tokio::test]
async fn the_dead_and_the_deaf_are_dropped() {
    let server = Server::start(&["--demo=20000", "--interval", "100ms"]);
    let address = server.address;
    let upgrade = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let join = || {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.write_all(upgrade.as_bytes()).unwrap();
        socket
    };
    // One reads all and says nothing, the other reads nothing.
    let mut dead = join();
    let deaf = join();
    let drained = std::thread::spawn(move || {
        let since = Instant::now();
        let _ended = std::io::copy(&mut dead, &mut std::io::sink());
        since.elapsed()
    });
    let viewers = || get(address, "/api/v1/state", &[]).json()["viewers"].as_u64();
    until("both are viewers", || viewers() == Some(2)).await;
    let since = Instant::now();
    while viewers() != Some(0) {
        assert!(since.elapsed() < Duration::from_secs(75), "they are kept");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    drop(deaf);
    let took = drained.join().unwrap().as_secs();
    assert!((25..60).contains(&took), "the dead was kept {took} s");
}

/// All at once: connections that say nothing and more than there may be, messages of a megabyte, viewers
/// that read nothing. Prints what it cost.
#[tokio::test]
async fn a_flood_costs_the_others_nothing() {
    let server = demo(&[]);
    let address = server.address;
    let mut viewer = Viewer::join(address, Format::Postcard).await;
    let mut seq = viewer.interval().await.column.seq;
    let before = resident_kb(server.id());
    let until = Instant::now() + Duration::from_secs(8);
    let floods = [
        std::thread::spawn(move || connections(address, until)),
        std::thread::spawn(move || megabytes(address, until)),
        std::thread::spawn(move || readers_of_nothing(address, until)),
    ];
    let (mut latest, mut longest, mut most) = (Instant::now(), Duration::ZERO, before);
    while floods.iter().any(|flood| !flood.is_finished()) {
        seq += 1;
        assert_eq!(viewer.interval().await.column.seq, seq);
        longest = longest.max(latest.elapsed());
        latest = Instant::now();
        most = most.max(resident_kb(server.id()));
    }
    let done = floods.map(|flood| flood.join().unwrap());
    println!(
        "{} connections tried, {} megabytes sent, {} deaf viewers; longest wait for an interval of \
         100 ms: {longest:?}; memory {before} kB, at most {most} kB",
        done[0], done[1], done[2]
    );
    assert!(done[0] >= 2_000, "no flood: {} connections", done[0]);
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    assert!(most < before + 64 * 1024, "{before} kB grew to {most} kB");
    // And whoever comes next is served.
    let state = get(address, "/api/v1/state", &[]);
    assert_eq!(state.status, 200);
}

/// Opens connections, which say half a word each, and holds some hundred of them.
fn connections(address: SocketAddr, until: Instant) -> usize {
    let mut held = Vec::new();
    let mut tried = 0;
    while Instant::now() < until {
        let Ok(mut socket) = TcpStream::connect(address) else {
            continue;
        };
        tried += 1;
        let _refused = socket.write_all(b"GET / HT");
        held.push(socket);
        if held.len() > 400 {
            held.drain(..200);
        }
    }
    tried
}

/// Sends messages of a megabyte, on a new connection each, as each costs one.
fn megabytes(address: SocketAddr, until: Instant) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let mut sent = 0;
        while Instant::now() < until {
            // Refused while the others hold all connections.
            let Ok(mut socket) = connect(address, None).await else {
                continue;
            };
            let message = Message::text("x".repeat(1 << 20));
            let _hung_up = tokio::time::timeout(PATIENCE, socket.send(message)).await;
            sent += 1;
        }
        sent
    })
}

/// Joins as many viewers as it can, and reads nothing.
fn readers_of_nothing(address: SocketAddr, until: Instant) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let mut held = Vec::new();
        while Instant::now() < until && held.len() < 100 {
            if let Ok(socket) = connect(address, None).await {
                held.push(socket);
            }
        }
        tokio::time::sleep_until(until.into()).await;
        held.len()
    })
}

fn resident_kb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kb.expect("VmRSS")
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let since = Instant::now();
    while !done() {
        assert!(since.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
