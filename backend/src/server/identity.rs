//! Which user is at the other end of a connection: asked of the kernel once, before the connection's first request.
//! That may take a while where its tables have to be searched, so that one look-up serves all who wait, off the I/O
//! threads, and the time that look-ups take is bounded. Must not know what a user may.

use super::listener::Stream;
use crate::owners::Owners;
use crate::procfs::sockets;
use crate::procfs::tcp::Ends;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Between look-ups pass as many times as long as the last one took: they take no more than a tenth of a CPU.
const PAUSES: u32 = 9;

/// Look-ups for one connection: a table changes while it is searched.
const TRIES: u32 = 3;

/// Connections that may wait for a look-up: more than there can be.
const WAITING: usize = 1_024;

/// Looks up who owns the other ends of connections.
type LookUp = dyn Fn(&[Ends]) -> io::Result<Vec<Option<u32>>> + Send + Sync;

struct Ask {
    ends: Ends,
    reply: oneshot::Sender<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Owner(u32),
    /// No socket that a process has, or more than one.
    Unclear,
    /// The kernel does not say.
    Unknown,
}

/// Asks who owns a connection.
#[derive(Clone)]
pub(super) struct Identity {
    asks: mpsc::Sender<Ask>,
    /// The uid that stands for all whom the kernel can't name.
    nobody: u32,
}

impl Identity {
    /// Look-ups go on in `tasks`.
    pub(super) fn start(owners: Arc<Owners>, tasks: &mut JoinSet<()>) -> Self {
        Self::start_with(Arc::new(move |ends: &[Ends]| owners.of(ends)), tasks)
    }

    fn start_with(look_up: Arc<LookUp>, tasks: &mut JoinSet<()>) -> Self {
        let (asks, asked) = mpsc::channel(WAITING);
        tasks.spawn(answer(look_up, asked));
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
        // Who has closed it may have left its port to somebody else before the kernel was asked.
        owner.filter(|_| sockets::is_open(stream))
    }

    async fn of_ends(&self, ends: Ends, is_open: impl Fn() -> bool) -> Option<u32> {
        for _ in 0..TRIES {
            let (reply, answered) = oneshot::channel();
            self.asks.send(Ask { ends, reply }).await.ok()?;
            match answered.await.ok()? {
                Answer::Owner(uid) => return Some(uid),
                Answer::Unclear if is_open() => {}
                Answer::Unclear | Answer::Unknown => return None,
            }
        }
        None
    }
}

/// Answers all who wait with each look-up, one look-up at a time.
async fn answer(look_up: Arc<LookUp>, mut asked: mpsc::Receiver<Ask>) {
    let mut next = Instant::now();
    let mut waiting = Vec::new();
    let mut was_known = true;
    while asked.recv_many(&mut waiting, WAITING).await > 0 {
        tokio::time::sleep_until(next).await;
        while let Ok(ask) = asked.try_recv() {
            waiting.push(ask);
        }
        let start = Instant::now();
        let ends: Vec<Ends> = waiting.iter().map(|ask| ask.ends).collect();
        let look_up = look_up.clone();
        let done = tokio::task::spawn_blocking(move || look_up(&ends)).await;
        let owners = done.unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
        next = start + start.elapsed() * (PAUSES + 1);
        if let Err(error) = &owners
            && std::mem::replace(&mut was_known, false)
        {
            tracing::warn!(
                "can't see who connects on this host, so everybody needs a token: /proc/self/net/tcp: {error}"
            );
        }
        for (at, ask) in waiting.drain(..).enumerate() {
            let answer = match &owners {
                Ok(owners) => owners[at].map_or(Answer::Unclear, Answer::Owner),
                Err(_) => Answer::Unknown,
            };
            // Who asked may have gone.
            let _ = ask.reply.send(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Identity, LookUp, TRIES};
    use crate::procfs::tcp::Ends;
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use tokio::task::JoinSet;
    use tokio::time::{Duration, Instant};

    fn ends(port: u16) -> Ends {
        let [theirs, ours] = [port, 8_080].map(|port| ([127, 0, 0, 1], port).into());
        Ends::on_loopback(theirs, ours).unwrap()
    }

    /// Looks up like `answer`, and counts in `look_ups`.
    fn counted(
        look_ups: &Arc<AtomicU32>,
        answer: impl Fn() -> Option<u32> + Send + Sync + 'static,
    ) -> Arc<LookUp> {
        let look_ups = look_ups.clone();
        Arc::new(move |asked: &[Ends]| {
            look_ups.fetch_add(1, SeqCst);
            Ok(vec![answer(); asked.len()])
        })
    }

    #[tokio::test]
    async fn one_look_up_serves_all_who_wait_and_together_they_take_a_tenth_of_a_cpu() {
        let (mut tasks, look_ups) = (JoinSet::new(), Arc::default());
        let slow = counted(&look_ups, || {
            std::thread::sleep(Duration::from_millis(10));
            Some(7)
        });
        let identity = Identity::start_with(slow, &mut tasks);
        let start = Instant::now();
        let mut waiting = JoinSet::new();
        for port in 0..500 {
            let identity = identity.clone();
            waiting.spawn(async move {
                tokio::time::sleep(Duration::from_millis(u64::from(port))).await;
                identity.of_ends(ends(port), || true).await
            });
        }
        while let Some(found) = waiting.join_next().await {
            assert_eq!(found.unwrap(), Some(7));
        }
        let most = start.elapsed().as_millis() / 100 + 1;
        let look_ups = look_ups.load(SeqCst);
        assert!(
            (2..=most).contains(&look_ups.into()),
            "{look_ups} of {most}"
        );
    }

    #[tokio::test]
    async fn what_is_unclear_is_looked_up_again_twice_while_the_connection_is_open() {
        let (mut tasks, look_ups) = (JoinSet::new(), Arc::default());
        let identity = Identity::start_with(counted(&look_ups, || None), &mut tasks);
        assert_eq!(identity.of_ends(ends(1), || true).await, None);
        assert_eq!(look_ups.swap(0, SeqCst), TRIES);
        assert_eq!(identity.of_ends(ends(1), || false).await, None);
        assert_eq!(look_ups.load(SeqCst), 1);
    }

    #[tokio::test]
    async fn where_nothing_can_be_read_nobody_is_known() {
        let mut tasks = JoinSet::new();
        let unreadable = |_: &[Ends]| Err(io::Error::from(io::ErrorKind::NotFound));
        let identity = Identity::start_with(Arc::new(unreadable), &mut tasks);
        assert_eq!(identity.of_ends(ends(1), || true).await, None);
        let panics = |_: &[Ends]| panic!("a look-up that fails");
        let identity = Identity::start_with(Arc::new(panics), &mut tasks);
        assert_eq!(identity.of_ends(ends(1), || true).await, None);
    }
}
