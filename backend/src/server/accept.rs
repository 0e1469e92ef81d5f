//! From the listener to HTTP: TLS where it is spoken, and bounds on what a peer may take: connections,
//! the time for a request's head, the time in which it reads nothing. Must not know what is served.

use super::crowd::{Crowd, Party, count};
use super::identity::Identity;
use super::ledger::Arrivals;
use super::listener::{Listeners, Stream};
use super::peer::Peer;
use super::seats::{Full, Seat};
use super::throttle::{self, Meter, Throttled};
use super::until;
use crate::shutdown::Stop;
use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

/// For the head of a request, from the connection or the request before: also how long one may idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// A peer that takes nothing of what is sent for this long is gone.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest head of a request, in bytes, and what is kept of a body at a time.
const MAX_BUFFER: usize = 16 * 1024;

/// Bytes that the kernel keeps of what a peer has not taken yet, which it doubles for its own records. By itself it would
/// let a slow peer's grow to 4 MB.
const SEND_BUFFER: usize = 128 * 1024;

/// How long to wait when the process has no descriptor left for a connection.
const PAUSE: Duration = Duration::from_secs(1);

const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 77\r\n\
    Retry-After: 5\r\nConnection: close\r\n\r\n{\"error\":\"too many connections at once\",\"hint\":\"try again in a few seconds\"}\n";

const CROWDED: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: 147\r\n\
    Retry-After: 5\r\nConnection: close\r\n\r\n{\"error\":\"too many connections from your address at once\",\"hint\":\"try again in a \
    few seconds; the server's --max-viewers-per-address allows more\"}\n";

const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 58\r\n\
    Connection: close\r\n\r\nThis server speaks TLS: the address begins with https://\r\n";

/// Serves `app` until `stop` is requested, and then until all requests are answered.
pub(super) async fn serve(
    mut listeners: Listeners,
    identity: Identity,
    tls: Option<TlsAcceptor>,
    app: Router,
    crowd: Arc<Crowd>,
    mut stop: Stop,
) {
    let service = TowerToHyperService::new(app);
    loop {
        let accepted = tokio::select! {
            () = stop.requested() => break,
            accepted = listeners.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok((stream, end)) => {
                let peer = Peer {
                    end,
                    uid: None,
                    forwarded: None,
                };
                (stream, peer)
            }
            Err(error) => {
                pause(&error).await;
                continue;
            }
        };
        // A Unix socket's bytes cross no network.
        let tls = tls.clone().filter(|_| matches!(stream, Stream::Tcp(_)));
        let seat = match crowd.connections.sit(peer.end, Instant::now()) {
            Ok(seat) => seat,
            Err(full) => {
                let (refused, why) = match full {
                    Full::All => (&crowd.refused.connections, FULL),
                    Full::Address => (&crowd.refused.connections_of_address, CROWDED),
                };
                count(refused);
                turn_away(&stream, tls.is_some(), why);
                continue;
            }
        };
        let (identity, service, stop) = (identity.clone(), service.clone(), stop.clone());
        let crowd = crowd.clone();
        tokio::spawn(async move {
            let served = async {
                let uid = identity.of(&stream).await;
                let peer = Peer { uid, ..peer };
                let guest = Guest::new(&crowd, peer, seat.clone());
                greet(stream, tls, service, stop, guest).await
            };
            tokio::select! {
                ended = served => if let Err(error) = ended {
                    tracing::debug!("a connection ended: {error}");
                },
                () = seat.evicted() => tracing::debug!("a stranger made room"),
            }
        });
    }
    // Those that are served hold theirs until they are done.
    until(|| crowd.connections.are_empty()).await;
}

/// A peer that is gone already is no reason to wait; having no descriptors is.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::warn!("can't take a connection: {error}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Says why, as far as that goes without waiting.
fn turn_away(stream: &Stream, tls: bool, why: &[u8]) {
    if !tls {
        let _ = stream.try_write(why);
        // What is unread when it is closed would take the answer back.
        let _ = stream.try_read(&mut [0; 4_096]);
    }
}

/// Who comes in, and the seat that is theirs while HTTP is spoken.
pub(super) struct Guest {
    peer: Peer,
    seat: Seat,
    party: Party,
    arrivals: Arrivals,
    meter: Meter,
}

impl Guest {
    pub(super) fn new(crowd: &Crowd, peer: Peer, seat: Seat) -> Self {
        let party = Party::of(&peer);
        Self {
            peer,
            seat,
            party,
            arrivals: crowd.arrivals.clone(),
            meter: Meter::new(party, crowd.sent.clone()),
        }
    }

    /// A stream of theirs.
    pub(super) fn throttled<S>(&self, stream: S) -> Throttled<S> {
        Throttled::new(stream, self.meter.clone())
    }
}

type Service = TowerToHyperService<Router>;
type Ended = Box<dyn std::error::Error + Send + Sync>;

async fn greet(
    mut stream: Stream,
    tls: Option<TlsAcceptor>,
    service: Service,
    stop: Stop,
    guest: Guest,
) -> Result<(), Ended> {
    guest.arrivals.come(guest.party).await;
    stream.set_nodelay()?;
    socket2::SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER)?;
    let Some(tls) = tls else {
        return speak(guest.throttled(stream), service, stop, guest).await;
    };
    let mut first = [0];
    timeout(HANDSHAKE_TIMEOUT, stream.peek(&mut first)).await??;
    // A method's first letter: somebody left the s of https out.
    if first[0].is_ascii_uppercase() {
        stream.write_all(PLAIN).await?;
        let _ = stream.try_read(&mut [0; 4_096]);
        return Ok(());
    }
    let stream = guest.throttled(stream);
    let stream = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await??;
    speak(stream, service, stop, guest).await
}

/// Speaks HTTP until the peer or `stop` ends it. What becomes a WebSocket lives on by itself.
pub(super) async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    service: Service,
    mut stop: Stop,
    guest: Guest,
) -> Result<(), Ended> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL_TIMEOUT));
    let service = service_fn(move |mut request: Request<Incoming>| {
        let busy = guest.seat.busy();
        guest.meter.charge(throttle::REQUEST);
        let extensions = request.extensions_mut();
        extensions.insert(guest.peer);
        extensions.insert(guest.seat.clone());
        extensions.insert(guest.meter.clone());
        let (arrivals, party, service) = (guest.arrivals.clone(), guest.party, service.clone());
        async move {
            arrivals.come(party).await;
            let answer = service.call(request).await;
            drop(busy);
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return Ok(ended?),
        () = stop.requested() => connection.as_mut().graceful_shutdown(),
    }
    Ok(connection.await?)
}

#[cfg(test)]
mod tests {
    use super::{CROWDED, FULL, PLAIN};

    #[test]
    fn answers_that_are_written_by_hand_are_as_long_as_they_say() {
        for answer in [CROWDED, FULL, PLAIN] {
            let text = std::str::from_utf8(answer).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let length = head.split("Content-Length: ").nth(1).unwrap();
            let length = length.lines().next().unwrap().parse();
            assert_eq!(length, Ok(body.len()), "{text}");
        }
    }
}
