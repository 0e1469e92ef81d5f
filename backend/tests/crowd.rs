//! Bounds for each address, with addresses that are real: in a network of the test's own, where this machine has some
//! more. Synthetic data; root alone can make a network.

mod support;

use runqlat_common::wire::CLOSE_FULL;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::client::{PATIENCE, Reply, Socket, farewell, refusal, send_over};
use support::is_root;
use support::server::Server;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, client_async};

/// The addresses of that network, besides loopback: two machines, two networks of IPv6.
const ADDRESSES: [&str; 5] = [
    "192.0.2.1/24",
    "192.0.2.2/24",
    "2001:db8:0:1::1/64",
    "2001:db8:0:1::2/64",
    "2001:db8:0:2::1/64",
];

/// Runs a test on a thread with a network of its own, which it shares with the servers that it starts and nobody else.
fn apart<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let alone = std::thread::spawn(|| {
        // SAFETY: moves this thread alone.
        let moved = unsafe { libc::unshare(libc::CLONE_NEWNET) };
        assert_eq!(moved, 0, "{}", std::io::Error::last_os_error());
        ip(&["link", "set", "lo", "up"]);
        for address in ADDRESSES {
            // At once, and not when no neighbour has objected.
            let at_once = address.contains(':').then_some("nodad");
            let add = ["address", "add", address, "dev", "lo"];
            ip(&add.into_iter().chain(at_once).collect::<Vec<_>>());
        }
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().expect("a runtime");
        runtime.block_on(test());
    });
    if let Err(panic) = alone.join() {
        std::panic::resume_unwind(panic);
    }
}

/// The program, for the network of the thread that calls this.
fn ip(arguments: &[&str]) {
    let done = Command::new("ip").args(arguments).status();
    let done = done.expect("iproute2; `cargo xtask setup` installs it");
    assert!(done.success(), "ip {arguments:?}");
}

fn exposed(args: &[&str]) -> Server {
    let always = ["--demo", "--interval", "100ms", "--listen", "[::]:0"];
    Server::start_with(&[&always, args].concat())
}

/// Where a server that listens everywhere is reached on an address of this network.
fn at(server: &Server, address: &str) -> SocketAddr {
    let address: IpAddr = address.parse().expect("an address");
    SocketAddr::new(address, server.address.port())
}

/// A connection from an address to the same one, as a host has with itself.
async fn connect(server: &Server, address: &str) -> (TcpStream, SocketAddr) {
    let to = at(server, address);
    let socket = match to {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    };
    let socket = socket.expect("a socket");
    socket
        .bind(SocketAddr::new(to.ip(), 0))
        .expect("its address");
    (socket.connect(to).await.expect("it listens"), to)
}

/// A viewer from an address; as a page's, with an Origin.
async fn join(server: &Server, address: &str, page: bool) -> Result<Socket, tungstenite::Error> {
    let (stream, to) = connect(server, address).await;
    let mut request = format!("ws://{to}/ws").into_client_request()?;
    let headers = request.headers_mut();
    headers.insert(
        "authorization",
        server.bearer("view").parse().expect("text"),
    );
    if page {
        let origin = format!("http://{to}");
        headers.insert("origin", origin.parse().expect("text"));
    }
    let stream = MaybeTlsStream::Plain(stream);
    Ok(client_async(request, stream).await?.0)
}

async fn healthz(server: &Server, address: &str) -> Reply {
    let (stream, to) = connect(server, address).await;
    let stream = stream.into_std().expect("a socket");
    stream.set_nonblocking(false).expect("a socket");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    send_over(stream, to, "GET", "/healthz", &[], "")
}

/// What the server says of those it turned away.
async fn refused(server: &Server) -> serde_json::Value {
    let (bearer, local) = (server.bearer("view"), server.local());
    let socket = std::net::TcpStream::connect(local).expect("it listens");
    let headers = [("Authorization", &*bearer)];
    let state = send_over(socket, local, "GET", "/api/v1/state", &headers, "");
    state.json()["refused"].clone()
}

#[test]
fn each_address_has_so_many_viewers_and_loopback_all() {
    if !is_root("each_address_has_so_many_viewers_and_loopback_all") {
        return;
    }
    apart(|| async {
        let server = exposed(&["--max-viewers", "20", "--max-viewers-per-address", "2"]);
        let mut held = Vec::new();
        for address in ["192.0.2.1", "2001:db8:0:1::1"] {
            for _ in 0..2 {
                held.push(join(&server, address, false).await.expect("a place"));
            }
        }
        // By the same address, and by another of the same network of IPv6.
        for address in ["192.0.2.1", "2001:db8:0:1::2"] {
            let (status, body) = refusal(join(&server, address, false).await);
            assert_eq!(status, 429, "{address}: {body}");
            assert!(
                body.contains("2 viewers from your address are connected"),
                "{body}"
            );
            assert!(body.contains("--max-viewers-per-address"), "{body}");
            let mut page = join(&server, address, true)
                .await
                .expect("as far as the door");
            let (code, reason) = farewell(&mut page).await;
            assert_eq!(code, CLOSE_FULL);
            assert!(
                reason.starts_with("2 viewers from your address"),
                "{reason}"
            );
        }
        // Others have theirs, and where tunnels end there are as many as fit.
        for address in ["192.0.2.2", "2001:db8:0:2::1"] {
            held.push(join(&server, address, false).await.expect("a place"));
        }
        for _ in 0..14 {
            held.push(join(&server, "127.0.0.1", false).await.expect("a place"));
        }
        let (status, body) = refusal(join(&server, "127.0.0.1", false).await);
        assert_eq!(status, 503, "{body}");
        let told = refused(&server).await;
        assert_eq!(told["viewers_of_address"], 4, "{told}");
        assert_eq!(told["viewers"], 1, "{told}");
        // A place that is given back can be taken again.
        drop(held.swap_remove(0));
        let since = Instant::now();
        while join(&server, "192.0.2.1", false).await.is_err() {
            assert!(since.elapsed() < PATIENCE, "it is not given back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

#[test]
fn each_address_has_so_many_connections() {
    if !is_root("each_address_has_so_many_connections") {
        return;
    }
    apart(|| async {
        let server = exposed(&[]);
        let mut held = Vec::new();
        for _ in 0..64 {
            held.push(connect(&server, "192.0.2.1").await.0);
        }
        let reply = healthz(&server, "192.0.2.1").await;
        assert_eq!(reply.status, 429, "{}", reply.text());
        let error = reply.json();
        assert_eq!(
            error["error"],
            "too many connections from your address at once"
        );
        // Another address is served, and loopback is not counted.
        assert_eq!(healthz(&server, "192.0.2.2").await.text(), "ok\n");
        for _ in 0..100 {
            held.push(connect(&server, "127.0.0.1").await.0);
        }
        let told = refused(&server).await;
        assert_eq!(told["connections_of_address"], 1, "{told}");
        assert_eq!(told["connections"], 0, "{told}");
    });
}

/// One address asks for as much as it can; another one's question is answered as if it were alone.
#[test]
fn an_address_that_asks_too_much_holds_up_no_other() {
    if !is_root("an_address_that_asks_too_much_holds_up_no_other") {
        return;
    }
    apart(|| async {
        let args = ["--demo=3000", "--interval", "100ms", "--listen", "[::]:0"];
        let server = Server::start_with(&args);
        tokio::time::sleep(Duration::from_secs(4)).await;
        let (bearer, port) = (server.bearer("view"), server.address.port());
        let over = Arc::new(AtomicBool::new(false));
        let mut asking = Vec::new();
        for _ in 0..16 {
            let (bearer, over) = (bearer.clone(), over.clone());
            let (from, _) = connect(&server, "192.0.2.1").await;
            let to = from.peer_addr().expect("it is connected");
            let mut socket = from.into_std().expect("a socket");
            socket.set_nonblocking(false).expect("a socket");
            socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
            asking.push(std::thread::spawn(move || {
                let request = format!(
                    "GET /api/v1/histogram?key=900&intervals=9999 HTTP/1.1\r\n\
                     Host: {to}\r\nAuthorization: {bearer}\r\n\r\n"
                );
                let mut refused = 0;
                while !over.load(Ordering::Relaxed) {
                    socket.write_all(request.as_bytes()).expect("it is kept");
                    let mut answer = [0; 16_384];
                    let read = socket.read(&mut answer).expect("an answer");
                    refused += u32::from(answer[..read].starts_with(b"HTTP/1.1 429"));
                }
                refused
            }));
        }
        // Until what may be asked at once is used up, and on.
        tokio::time::sleep(Duration::from_secs(4)).await;
        let mut longest = Duration::ZERO;
        for _ in 0..5 {
            let (stream, to) = connect(&server, "192.0.2.2").await;
            assert_eq!(to.port(), port);
            let stream = stream.into_std().expect("a socket");
            stream.set_nonblocking(false).expect("a socket");
            let headers = [("Authorization", &*bearer)];
            let since = Instant::now();
            let path = "/api/v1/histogram?key=900&intervals=9999";
            let reply = send_over(stream, to, "GET", path, &headers, "");
            longest = longest.max(since.elapsed());
            assert_eq!(reply.status, 200, "{}", reply.text());
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        over.store(true, Ordering::Relaxed);
        let refused: u32 = asking
            .into_iter()
            .map(|one| one.join().expect("an end"))
            .sum();
        println!("{refused} refused; the other's longest took {longest:?}");
        assert!(refused > 0, "it was to ask too much");
        assert!(longest < Duration::from_millis(1_500), "{longest:?}");
    });
}
