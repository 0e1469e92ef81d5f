//! Clients from outside: HTTP by hand, so that a test can send what no library would, and WebSocket
//! by tokio-tungstenite.

use futures_util::{SinkExt, StreamExt};
use runqlat_common::counts::Counts;
use runqlat_common::wire::{
    ClientMessage, Format, Interval, RegionReply, ScopeChange, SeriesHistory, ServerMessage,
    Snapshot, Targets,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything here takes, on a busy machine too.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An HTTP response.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |(n, _): &&(String, String)| n.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// GET with these headers besides Host, which may be among them.
pub fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Reply {
    request(address, "GET", path, headers)
}

/// PUT with this body.
pub fn put(address: SocketAddr, path: &str, body: &str) -> Reply {
    with_body(address, "PUT", path, body)
}

/// POST with this body.
pub fn post(address: SocketAddr, path: &str, body: &str) -> Reply {
    with_body(address, "POST", path, body)
}

fn with_body(address: SocketAddr, method: &str, path: &str, body: &str) -> Reply {
    let length = body.len().to_string();
    send(address, method, path, &[("Content-Length", &length)], body)
}

pub fn request(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    send(address, method, path, headers, "")
}

fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let mut socket = TcpStream::connect(address).expect("it listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        request += &format!("Host: {address}\r\n");
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    socket
        .write_all((request + "\r\n" + body).as_bytes())
        .expect("a request");
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).expect("a response");
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Reply {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n");
    let end = end.expect("a head");
    let head = std::str::from_utf8(&bytes[..end]).expect("ASCII");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_owned(), value.to_owned()))
    };
    Reply {
        status: status.and_then(|s| s.parse().ok()).expect("a status"),
        headers: lines.filter_map(header).collect(),
        body: bytes[end + 4..].to_vec(),
    }
}

/// What the series of an interval waited together, which is to be the whole.
pub fn sum_of_series(interval: &Interval) -> Counts {
    let mut sum = Counts::default();
    interval
        .series
        .iter()
        .for_each(|series| sum.add(&series.counts));
    sum
}

/// A viewer.
pub struct Viewer {
    pub socket: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
    format: Format,
}

impl Viewer {
    /// Joins with the format's sub-protocol.
    pub async fn join(address: SocketAddr, format: Format) -> Self {
        let protocol = Some(format.subprotocol());
        let socket = connect(address, protocol).await.expect("a connection");
        Self { socket, format }
    }

    pub async fn send(&mut self, message: &ClientMessage) {
        self.send_raw(self.format.encode_client(message)).await;
    }

    pub async fn send_raw(&mut self, bytes: Vec<u8>) {
        let message = match self.format {
            Format::Json => Message::text(String::from_utf8(bytes).expect("UTF-8")),
            Format::Postcard => Message::binary(bytes),
        };
        self.socket.send(message).await.expect("it listens");
    }

    /// The next frame.
    pub async fn frame(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        let next = tokio::time::timeout(PATIENCE, self.socket.next());
        next.await.expect("a frame in time")
    }

    pub async fn next(&mut self) -> ServerMessage {
        match self.frame().await.expect("a frame").expect("a whole frame") {
            Message::Text(text) => self.format.decode_server(text.as_bytes()),
            Message::Binary(bytes) => self.format.decode_server(&bytes),
            other => panic!("{other:?}"),
        }
        .expect("a message of the protocol")
    }

    /// What `pick` takes of the first message that it takes; those before it are passed over.
    pub async fn first<T>(&mut self, pick: impl Fn(ServerMessage) -> Option<T>) -> T {
        loop {
            if let Some(found) = pick(self.next().await) {
                return found;
            }
        }
    }

    pub async fn snapshot(&mut self) -> Snapshot {
        self.first(|message| match message {
            ServerMessage::Snapshot(snapshot) => Some(snapshot),
            _ => None,
        })
        .await
    }

    pub async fn interval(&mut self) -> Interval {
        self.first(|message| match message {
            ServerMessage::Interval(interval) => Some(interval),
            _ => None,
        })
        .await
    }

    /// The next change of the scope.
    pub async fn scope(&mut self) -> ScopeChange {
        self.first(|message| match message {
            ServerMessage::Scope(change) => Some(change),
            _ => None,
        })
        .await
    }

    pub async fn series(&mut self) -> SeriesHistory {
        self.first(|message| match message {
            ServerMessage::Series(series) => Some(series),
            _ => None,
        })
        .await
    }

    pub async fn targets(&mut self) -> Targets {
        self.first(|message| match message {
            ServerMessage::Targets(targets) => Some(targets),
            _ => None,
        })
        .await
    }

    pub async fn region(&mut self) -> RegionReply {
        self.first(|message| match message {
            ServerMessage::Region(reply) => Some(reply),
            _ => None,
        })
        .await
    }

    /// The next refusal: its reason and its hint.
    pub async fn error(&mut self) -> (String, String) {
        self.first(|message| match message {
            ServerMessage::Error { reason, hint } => Some((reason, hint)),
            _ => None,
        })
        .await
    }
}

/// A bare WebSocket.
pub async fn connect(
    address: SocketAddr,
    protocol: Option<&str>,
) -> Result<WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>, tungstenite::Error> {
    let mut request = format!("ws://{address}/ws").into_client_request()?;
    if let Some(protocol) = protocol {
        let value = protocol.parse().expect("a header");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", value);
    }
    Ok(connect_async(request).await?.0)
}
