//! The server from outside, with clients that share no code with it but the messages. Synthetic
//! data, so that it needs no root.

mod support;

use futures_util::{SinkExt, StreamExt};
use runqlat_common::wire::{
    CLOSE_OLD_PAGE, ClientMessage, Format, MAX_CLIENT_MESSAGE, PROTOCOL_VERSION, ProbeState,
    Programs, ServerMessage,
};
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;
use std::time::Duration;
use support::client::{PATIENCE, Viewer, connect, farewell, get, request, sum_of_series};
use support::server::{Server, binary};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Short intervals, so that the tests are.
fn demo() -> Server {
    Server::start(&["--demo", "--interval", "100ms"])
}

#[tokio::test]
async fn a_viewer_gets_a_snapshot_and_then_every_interval() {
    let server = demo();
    for format in Format::ALL {
        let mut viewer = Viewer::join(server.address, format).await;
        let snapshot = viewer.snapshot().await;
        assert_eq!(snapshot.protocol, PROTOCOL_VERSION);
        assert!(snapshot.server.demo);
        let programs = Programs::Synthetic;
        assert_eq!(snapshot.probe, ProbeState::Attached { programs });
        for expected in snapshot.seq + 1..snapshot.seq + 6 {
            let interval = viewer.interval().await;
            assert_eq!(interval.column.seq, expected);
            assert_eq!(sum_of_series(&interval), interval.column.counts);
        }
    }
}

#[tokio::test]
async fn a_late_viewer_gets_the_past() {
    let server = demo();
    let mut first = Viewer::join(server.address, Format::Json).await;
    let newest = loop {
        let interval = first.interval().await;
        if interval.column.seq >= 12 {
            break interval;
        }
    };
    let mut late = Viewer::join(server.address, Format::Postcard).await;
    let snapshot = late.snapshot().await;
    let seqs: Vec<u64> = snapshot.columns.iter().map(|column| column.seq).collect();
    assert_eq!(seqs, (1..=snapshot.seq).collect::<Vec<_>>());
    // The newest ten come in full.
    assert!((2..=newest.column.seq).contains(&snapshot.seq));
    let told = loop {
        let interval = late.interval().await;
        if interval.column.seq == newest.column.seq {
            break interval;
        }
    };
    assert_eq!(
        (&told.column, &told.series),
        (&newest.column, &newest.series)
    );
    let key = newest.series[0].key;
    assert!(snapshot.names.iter().any(|name| name.key == key));

    late.send(&ClientMessage::Series { key, start: None }).await;
    let past = late.series().await;
    assert_eq!((past.key, past.from_seq), (key, 1));
    let sent = (newest.column.seq, newest.series[0].counts.clone());
    assert!(past.columns.contains(&sent));
}

#[tokio::test]
async fn nonsense_is_answered_and_the_connection_goes_on() {
    let server = demo();
    let mut other = Viewer::join(server.address, Format::Json).await;
    let before = other.interval().await.column.seq;
    let mut viewer = Viewer::join(server.address, Format::Json).await;
    viewer.snapshot().await;
    let long = "x".repeat(MAX_CLIENT_MESSAGE + 1);
    for nonsense in [
        "",
        "{",
        "[]",
        r#"{"series":{"key":-1}}"#,
        r#""shutdown""#,
        &long,
    ] {
        viewer.send_raw(nonsense.into()).await;
        let reason = loop {
            if let ServerMessage::Error { reason, hint } = viewer.next().await {
                assert!(hint.contains("runqlat-web.v2.json"), "{hint}");
                break reason;
            }
        };
        assert!(reason.starts_with("message not understood: "), "{reason}");
    }
    viewer.socket.send(Message::binary(vec![0])).await.unwrap();
    viewer.send(&ClientMessage::Snapshot).await;
    viewer.snapshot().await;
    while viewer.interval().await.column.seq < before {}
    assert_eq!(other.interval().await.column.seq, before + 1);
}

#[tokio::test]
async fn an_oversized_message_ends_its_connection_alone() {
    let server = demo();
    let mut other = Viewer::join(server.address, Format::Postcard).await;
    let before = other.interval().await.column.seq;
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    viewer.snapshot().await;
    // The server may hang up while this side is still sending.
    let _sent = viewer.socket.send(Message::binary(vec![0; 1 << 20])).await;
    let end = loop {
        match viewer.frame().await {
            Some(Ok(Message::Close(frame))) => break frame.map(|f| (f.code, f.reason.to_string())),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break None,
        }
    };
    if let Some((code, reason)) = end {
        assert_eq!(code, CloseCode::Size);
        assert!(reason.contains("at most 4096 bytes"), "{reason}");
    }
    assert_eq!(other.interval().await.column.seq, before + 1);
}

#[tokio::test]
async fn an_unknown_sub_protocol_is_refused_with_the_known_ones() {
    let server = demo();
    let Err(Error::Http(response)) = connect(server.address, Some("soap")).await else {
        panic!("it was accepted");
    };
    assert_eq!(response.status(), 400);
    let body = response.into_body().unwrap();
    let text = String::from_utf8(body).unwrap();
    assert!(
        text.contains(r#"unknown WebSocket sub-protocol \"soap\""#),
        "{text}"
    );
    assert!(
        text.contains("runqlat-web.v2.json and runqlat-web.v2.postcard"),
        "{text}"
    );
}

/// An older page, which could not read this message and would not learn why an upgrade is refused.
#[tokio::test]
async fn who_speaks_the_version_before_is_told_to_reload() {
    let server = demo();
    for former in Format::ALL.map(Format::former_subprotocol) {
        let mut socket = connect(server.address, Some(former)).await.unwrap();
        let (code, reason) = farewell(&mut socket).await;
        assert_eq!(code, CLOSE_OLD_PAGE);
        assert!(reason.ends_with("reload it"), "{reason}");
    }
    assert_eq!(
        get(server.address, "/api/v1/state", &[]).json()["viewers"],
        0
    );
}

#[tokio::test]
async fn without_a_sub_protocol_it_speaks_json() {
    let server = demo();
    let mut socket = connect(server.address, None).await.unwrap();
    let first = socket.next().await.unwrap().unwrap();
    let value: serde_json::Value = serde_json::from_str(first.to_text().unwrap()).unwrap();
    assert_eq!(value["snapshot"]["server"]["demo"], true);
}

/// A viewer that reads nothing while more is sent than the sockets' buffers and its queue hold.
#[tokio::test]
async fn a_viewer_that_lags_is_told_and_starts_afresh() {
    let server = Server::start(&["--demo=20000", "--interval", "100ms"]);
    let mut lagging = Viewer::join(server.address, Format::Json).await;
    let seen = lagging.interval().await.column.seq;
    // The sockets hold some 10 MB: a dozen intervals of this many processes as JSON.
    let newest = || get(server.address, "/api/v1/state", &[]).json()["seq"].as_u64();
    while newest().expect("a number") < seen + 150 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let missed = loop {
        match lagging.next().await {
            ServerMessage::Lagged { missed } => break missed,
            ServerMessage::Interval(interval) => assert!(interval.column.seq < seen + 140),
            other => panic!("{other:?}"),
        }
    };
    assert!(missed > 0);
    let snapshot = lagging.snapshot().await;
    assert!(snapshot.seq >= seen + missed);
}

#[tokio::test]
async fn it_stops_with_viewers_connected() {
    let server = demo();
    let mut viewer = Viewer::join(server.address, Format::Json).await;
    viewer.snapshot().await;
    // One that has only half spoken must not hold it up either.
    let mut half = TcpStream::connect(server.address).unwrap();
    half.write_all(b"GET /ws HTTP/1.1\r\n").unwrap();
    server.signal(libc::SIGTERM);
    let code = loop {
        match viewer.frame().await {
            Some(Ok(Message::Close(Some(frame)))) => break frame.code,
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, CloseCode::Away);
    drop(viewer);
    assert_eq!(server.wait_status(), Some(0));
}

#[test]
fn the_page_is_compressed_typed_and_cached() {
    let server = demo();
    let get = |path: &str, accept| get(server.address, path, &[("Accept-Encoding", accept)]);
    let page = get("/", "identity");
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let html = page.text();
    let assets: Vec<&str> = html
        .split('"')
        .filter_map(|text| text.strip_prefix('.'))
        .filter(|text| text.starts_with("/assets/"))
        .collect();
    assert!(assets.len() >= 3, "{html}");
    for asset in assets {
        let plain = get(asset, "identity");
        assert_eq!(plain.status, 200, "{asset}");
        assert!(plain.header("cache-control").unwrap().contains("immutable"));
        assert_eq!(plain.header("content-encoding"), None);
        let small = get(asset, "gzip, br");
        if small.header("content-encoding").is_some() {
            assert_eq!(small.header("content-encoding"), Some("br"), "{asset}");
            assert!(small.body.len() < plain.body.len(), "{asset}");
        }
    }
    // The page names its script, and the script the program.
    let quoted = |text: &str, begin: &str, end: &str| {
        let mut parts = text.split('"').map(|part| part.trim_start_matches('.'));
        let found = parts.find(|part| part.starts_with(begin) && part.ends_with(end));
        found.expect("a name in quotes").to_owned()
    };
    let boot = get(&quoted(html, "/assets/boot", ".js"), "identity");
    let wasm = &*quoted(boot.text(), "/assets/app_bg", ".wasm");
    assert_eq!(
        get(wasm, "br").header("content-type"),
        Some("application/wasm")
    );
    assert_eq!(get(wasm, "br").header("content-encoding"), Some("br"));
    assert_eq!(get(wasm, "gzip").header("content-encoding"), Some("gzip"));
}

#[test]
fn an_unchanged_page_is_not_sent_again() {
    let server = demo();
    let first = get(server.address, "/", &[]);
    let etag = first.header("etag").unwrap();
    let again = get(server.address, "/", &[("If-None-Match", etag)]);
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[test]
fn unknown_paths_and_methods_are_refused() {
    let server = demo();
    for path in [
        "/nothing",
        "/assets/nothing.js",
        "/assets/../Cargo.toml",
        "/api/v2/state",
    ] {
        let reply = get(server.address, path, &[]);
        assert_eq!(reply.status, 404, "{path}");
        assert!(
            reply.json()["hint"]
                .as_str()
                .unwrap()
                .contains("/api/v1/state")
        );
    }
    let reply = request(server.address, "DELETE", "/api/v1/state", &[]);
    assert_eq!(reply.status, 405);
    assert!(
        reply.json()["error"]
            .as_str()
            .unwrap()
            .contains("does not answer this method")
    );
    let reply = get(server.address, "/ws", &[]);
    assert_eq!(reply.status, 426);
    assert!(
        reply.json()["error"]
            .as_str()
            .unwrap()
            .contains("not a WebSocket")
    );
}

#[test]
fn foreign_names_and_pages_are_refused() {
    let server = demo();
    let reply = get(
        server.address,
        "/api/v1/state",
        &[("Host", "rebound.example")],
    );
    assert_eq!(reply.status, 421);
    let reply = get(
        server.address,
        "/api/v1/state",
        &[("Origin", "https://evil.example")],
    );
    assert_eq!(reply.status, 403);
    let page = get(server.address, "/", &[]);
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("default-src 'none'")
    );
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn the_api_answers_scripts() {
    let server = demo();
    let address = server.address;
    assert_eq!(get(address, "/healthz", &[]).text(), "ok\n");
    let mut viewer = Viewer::join(address, Format::Postcard).await;
    let interval = viewer.interval().await;
    let state = get(address, "/api/v1/state", &[]).json();
    assert_eq!(state["scope"]["scope"]["key"], "process");
    assert_eq!(state["viewers"], 1);
    assert!(state["seq"].as_u64().unwrap() >= 1);

    let key = interval.series[0].key;
    let path = format!("/api/v1/histogram?key={key}&intervals=5");
    let histogram = get(address, &path, &[]).json();
    let counts = histogram["counts"].as_array().unwrap();
    let sum: u64 = counts.iter().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(histogram["waits"].as_u64().unwrap(), sum);
    assert!(histogram["name"].is_string());
    let number = |name: &str| histogram[name].as_u64().unwrap();
    let measured = number("duration_us") / 1_000;
    // Nothing sleeps here; and milliseconds are cut off.
    assert!(measured.abs_diff(number("to_ms") - number("from_ms")) < 10);

    let text = get(address, "/api/v1/histogram", &[("Accept", "text/plain")]);
    assert!(
        text.text()
            .starts_with("     usecs               : count    distribution\n")
    );
    let text = get(address, &format!("{path}&format=text"), &[]);
    assert!(text.text().starts_with(&format!("pid = {key} ")));
}

#[test]
fn the_api_says_what_is_wrong() {
    let server = Server::start(&["--demo", "--by", "global"]);
    let table = [
        ("/api/v1/histogram?key=x", "key"),
        ("/api/v1/histogram?colour=red", "colour"),
        ("/api/v1/histogram?intervals=0", "zero"),
        ("/api/v1/histogram?format=xml", "xml"),
        ("/api/v1/histogram?key=1", "without keys"),
    ];
    for (path, said) in table {
        let reply = get(server.address, path, &[]);
        assert_eq!(reply.status, 400, "{path}");
        let error = reply.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(said), "{path}: {error}");
        assert!(reply.json()["hint"].is_string());
    }
}

/// Unix datagram sockets that a process has open.
fn datagram_sockets(process: u32) -> usize {
    let table = std::fs::read_to_string("/proc/net/unix").unwrap();
    // Num RefCount Protocol Flags Type St Inode Path
    let datagrams = table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        (fields.get(4) == Some(&"0002")).then(|| format!("socket:[{}]", fields[6]))
    });
    let datagrams: Vec<String> = datagrams.collect();
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let links = files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
    links
        .filter(|link| datagrams.iter().any(|socket| link.as_os_str() == &**socket))
        .count()
}

/// What started it as a service can wait until it serves.
#[test]
fn the_service_manager_is_told_when_it_is_ready() {
    use std::os::linux::net::SocketAddrExt;
    let name = format!("runqlat-web-notify-{}", std::process::id());
    let path = std::env::temp_dir().join(&name);
    let abstract_address = SocketAddr::from_abstract_name(&name).unwrap();
    for (manager, told) in [
        (UnixDatagram::bind(&path), path.display().to_string()),
        (
            UnixDatagram::bind_addr(&abstract_address),
            format!("@{name}"),
        ),
    ] {
        let manager = manager.unwrap();
        manager.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut command = Command::new(binary());
        command.env("NOTIFY_SOCKET", &told);
        let server = Server::start_by(command.args(["--demo", "--listen", "127.0.0.1:0"]));
        let mut message = [0; 64];
        let length = manager.recv(&mut message).unwrap();
        assert_eq!(&message[..length], b"READY=1", "{told}");
        assert_eq!(get(server.address, "/healthz", &[]).text(), "ok\n");
        assert_eq!(datagram_sockets(server.id()), 0, "it could say more");
    }
    std::fs::remove_file(&path).unwrap();
    // A manager that is gone is no reason not to serve.
    let mut command = Command::new(binary());
    command.env("NOTIFY_SOCKET", &path);
    let server = Server::start_by(command.args(["--demo", "--listen", "127.0.0.1:0"]));
    assert!(
        server.said.contains("can't tell the service manager"),
        "{}",
        server.said
    );
}
