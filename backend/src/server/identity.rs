//! Which user is at the other end of a connection: asked of the kernel once, before the connection's first request.
//! Reading its table takes a while where there are many sockets, so that one reading serves all who wait, off the I/O
//! threads, and readings are bounded. Must not know what a user may.

use super::listener::Stream;
use crate::procfs::sockets;
use crate::procfs::tcp::Ends;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// From the beginning of one reading to that of the next, at least: ten a second.
const PAUSE: Duration = Duration::from_millis(100);

/// A pause is this many times as long as the reading before it: where there are very many sockets, readings take no more
/// than a fifth of a CPU.
const PAUSES: u32 = 4;

/// Readings for one connection: the table changes while it is read.
const TRIES: u32 = 3;

/// Connections that may wait for a reading: more than there can be.
const WAITING: usize = 1_024;

/// Reads who owns the other ends of connections.
type Read = fn(&[Ends]) -> io::Result<Vec<Option<u32>>>;

struct Ask {
    ends: Ends,
    reply: oneshot::Sender<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Owner(u32),
    /// No line, or not exactly one.
    Unclear,
    /// The table can't be read.
    Unreadable,
}

/// Asks who owns a connection.
#[derive(Clone)]
pub(super) struct Identity {
    asks: mpsc::Sender<Ask>,
    /// The uid that stands for all whom the kernel can't name.
    nobody: u32,
}

impl Identity {
    /// Readings go on in `tasks`.
    pub(super) fn start(tasks: &mut JoinSet<()>) -> Self {
        Self::start_with(sockets::owners, tasks)
    }

    fn start_with(read: Read, tasks: &mut JoinSet<()>) -> Self {
        let (asks, asked) = mpsc::channel(WAITING);
        tasks.spawn(answer(read, asked));
        Self {
            asks,
            nobody: sockets::overflow_uid(),
        }
    }

    /// The user at the other end, where that is on this host and the kernel says who it is.
    pub(super) async fn of(&self, stream: &Stream) -> Option<u32> {
        let uid = match stream {
            Stream::Tcp(stream) => self.of_tcp(stream).await?,
            Stream::Unix(stream) => stream.peer_cred().ok()?.uid(),
        };
        (uid != self.nobody).then_some(uid)
    }

    async fn of_tcp(&self, stream: &TcpStream) -> Option<u32> {
        let (theirs, ours): (SocketAddr, SocketAddr) =
            (stream.peer_addr().ok()?, stream.local_addr().ok()?);
        let ends = Ends::on_loopback(theirs, ours)?;
        let owner = self.of_ends(ends, || sockets::is_open(stream)).await;
        // Who has closed it may have left its port to somebody else before the table was read.
        owner.filter(|_| sockets::is_open(stream))
    }

    async fn of_ends(&self, ends: Ends, is_open: impl Fn() -> bool) -> Option<u32> {
        for _ in 0..TRIES {
            let (reply, answered) = oneshot::channel();
            self.asks.send(Ask { ends, reply }).await.ok()?;
            match answered.await.ok()? {
                Answer::Owner(uid) => return Some(uid),
                Answer::Unclear if is_open() => {}
                Answer::Unclear | Answer::Unreadable => return None,
            }
        }
        None
    }
}

/// Answers all who wait with each reading, one reading at a time.
async fn answer(read: Read, mut asked: mpsc::Receiver<Ask>) {
    let mut next = Instant::now();
    let mut waiting = Vec::new();
    let mut was_readable = true;
    while asked.recv_many(&mut waiting, WAITING).await > 0 {
        tokio::time::sleep_until(next).await;
        while let Ok(ask) = asked.try_recv() {
            waiting.push(ask);
        }
        let start = Instant::now();
        let ends: Vec<Ends> = waiting.iter().map(|ask| ask.ends).collect();
        let done = tokio::task::spawn_blocking(move || read(&ends)).await;
        let owners = done.unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
        next = start + PAUSE.max(start.elapsed() * (PAUSES + 1));
        if let Err(error) = &owners
            && std::mem::replace(&mut was_readable, false)
        {
            tracing::warn!(
                "can't see who connects on this host, so everybody needs a token: /proc/self/net/tcp: {error}"
            );
        }
        for (at, ask) in waiting.drain(..).enumerate() {
            let answer = match &owners {
                Ok(owners) => owners[at].map_or(Answer::Unclear, Answer::Owner),
                Err(_) => Answer::Unreadable,
            };
            // Who asked may have gone.
            let _ = ask.reply.send(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Identity, TRIES};
    use crate::procfs::tcp::Ends;
    use std::io;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use tokio::task::JoinSet;
    use tokio::time::{Duration, Instant};

    fn ends(port: u16) -> Ends {
        let [theirs, ours] = [port, 8_080].map(|port| ([127, 0, 0, 1], port).into());
        Ends::on_loopback(theirs, ours).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn one_reading_serves_all_who_wait_and_there_are_ten_a_second() {
        static READINGS: AtomicU32 = AtomicU32::new(0);
        let mut tasks = JoinSet::new();
        let read = |asked: &[Ends]| {
            READINGS.fetch_add(1, SeqCst);
            Ok(vec![Some(7); asked.len()])
        };
        let identity = Identity::start_with(read, &mut tasks);
        let start = Instant::now();
        let mut waiting = JoinSet::new();
        for port in 0..500 {
            let identity = identity.clone();
            waiting.spawn(async move {
                tokio::time::sleep(Duration::from_millis(u64::from(port) * 4)).await;
                identity.of_ends(ends(port), || true).await
            });
        }
        while let Some(found) = waiting.join_next().await {
            assert_eq!(found.unwrap(), Some(7));
        }
        let seconds = start.elapsed().as_secs_f64();
        let most = (seconds * 10.0) as u32 + 1;
        assert!((2.0..3.0).contains(&seconds), "{seconds}");
        assert!((15..=most).contains(&READINGS.load(SeqCst)), "{READINGS:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_unclear_is_read_again_twice_while_the_connection_is_open() {
        static READINGS: AtomicU32 = AtomicU32::new(0);
        let mut tasks = JoinSet::new();
        let read = |asked: &[Ends]| {
            READINGS.fetch_add(1, SeqCst);
            Ok(vec![None; asked.len()])
        };
        let identity = Identity::start_with(read, &mut tasks);
        assert_eq!(identity.of_ends(ends(1), || true).await, None);
        assert_eq!(READINGS.swap(0, SeqCst), TRIES);
        assert_eq!(identity.of_ends(ends(1), || false).await, None);
        assert_eq!(READINGS.load(SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn where_nothing_can_be_read_nobody_is_known() {
        let mut tasks = JoinSet::new();
        let unreadable = |_: &[Ends]| Err(io::Error::from(io::ErrorKind::NotFound));
        let identity = Identity::start_with(unreadable, &mut tasks);
        assert_eq!(identity.of_ends(ends(1), || true).await, None);
        let panics = |_: &[Ends]| panic!("a reading that fails");
        let identity = Identity::start_with(panics, &mut tasks);
        assert_eq!(identity.of_ends(ends(1), || true).await, None);
    }
}
