//! Clients from outside: HTTP by hand, so that a test can send what no library would, and WebSocket
//! by tokio-tungstenite.

use super::watch::now_ms;
use futures_util::{SinkExt, StreamExt};
use runqlat_common::columns::start_ms;
use runqlat_common::counts::Counts;
use runqlat_common::wire::{
    ClientMessage, Format, Interval, RegionReply, ScopeChange, SeriesHistory, ServerMessage,
    Snapshot, Targets,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderName;
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

/// PUT with this body, as often as the server says that it was too soon.
pub fn put_in_time(address: SocketAddr, path: &str, body: &str) -> Reply {
    loop {
        let reply = put(address, path, body);
        let Some(seconds) = reply.header("retry-after").filter(|_| reply.status == 429) else {
            return reply;
        };
        let seconds = seconds.parse().expect("a number of seconds");
        std::thread::sleep(Duration::from_secs(seconds));
    }
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

/// Any method, with a body.
pub fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let socket = TcpStream::connect(address).expect("it listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    send_over(socket, address, method, path, headers, body)
}

/// The same over a connection that is there.
pub fn send_over(
    mut socket: impl Read + Write,
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
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
    pub socket: Socket,
    format: Format,
}

impl Viewer {
    /// Joins with the format's sub-protocol.
    pub async fn join(address: SocketAddr, format: Format) -> Self {
        Self::join_with(address, format, &[]).await
    }

    /// The same with more headers.
    pub async fn join_with(address: SocketAddr, format: Format, headers: &[(&str, &str)]) -> Self {
        let protocol = [("sec-websocket-protocol", format.subprotocol())];
        let socket = connect_with(address, &[&protocol, headers].concat()).await;
        let socket = socket.expect("a connection");
        Self { socket, format }
    }

    /// Joins as a page of the server's does, which says with its first message who it is.
    pub async fn page(address: SocketAddr, session: &str) -> Self {
        let origin = format!("http://{address}");
        let mut page = Self::join_with(address, Format::Postcard, &[("origin", &origin)]).await;
        let session = session.trim_start_matches("Bearer ").to_owned();
        page.send(&ClientMessage::SignIn { session }).await;
        page
    }

    /// The code and the reason with which the server hangs up; what comes before is passed over.
    pub async fn farewell(&mut self) -> (u16, String) {
        farewell(&mut self.socket).await
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

    /// The next message. Pings are answered by the library, as this is read.
    pub async fn next(&mut self) -> ServerMessage {
        loop {
            let frame = self.frame().await.expect("a frame");
            let message = match frame.expect("a whole frame") {
                Message::Text(text) => self.format.decode_server(text.as_bytes()),
                Message::Binary(bytes) => self.format.decode_server(&bytes),
                Message::Ping(_) => continue,
                other => panic!("{other:?}"),
            };
            return message.expect("a message of the protocol");
        }
    }

    /// What `pick` takes of the first message that it takes; those before it are passed over. It has to
    /// come in time, however much else comes.
    pub async fn first<T>(&mut self, pick: impl Fn(ServerMessage) -> Option<T>) -> T {
        let picking = async {
            loop {
                if let Some(found) = pick(self.next().await) {
                    return found;
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, picking).await;
        found.expect("the message in time")
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

    /// The first interval that begins from now on; those that were over when this viewer joined come
    /// first.
    pub async fn fresh(&mut self) -> Interval {
        let now = now_ms();
        loop {
            let interval = self.interval().await;
            if start_ms(&interval.column) >= now as f64 {
                return interval;
            }
        }
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

/// A WebSocket without a format.
pub type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// A bare WebSocket.
pub async fn connect(
    address: SocketAddr,
    protocol: Option<&str>,
) -> Result<Socket, tungstenite::Error> {
    let protocol = protocol.map(|protocol| ("sec-websocket-protocol", protocol));
    connect_with(address, protocol.as_slice()).await
}

/// A bare WebSocket, with these headers.
pub async fn connect_with(
    address: SocketAddr,
    headers: &[(&str, &str)],
) -> Result<Socket, tungstenite::Error> {
    let mut request = format!("ws://{address}/ws").into_client_request()?;
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("a header");
        let value = value.parse().expect("a header");
        request.headers_mut().insert(name, value);
    }
    Ok(connect_async(request).await?.0)
}

/// The code and the reason with which the server hangs up; what comes before is passed over.
pub async fn farewell(socket: &mut Socket) -> (u16, String) {
    let reading = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(_)) => {}
                other => panic!("no farewell, but {other:?}"),
            }
        }
    };
    let said = tokio::time::timeout(PATIENCE, reading).await;
    said.expect("a farewell in time")
}

/// The status and the text of a WebSocket that is refused.
pub fn refusal(refused: Result<Socket, tungstenite::Error>) -> (u16, String) {
    match refused {
        Err(tungstenite::Error::Http(response)) => {
            let status = response.status().as_u16();
            let body = response.into_body().unwrap_or_default();
            (status, String::from_utf8(body).expect("text"))
        }
        Ok(_) => panic!("it was accepted"),
        Err(error) => panic!("{error}"),
    }
}
