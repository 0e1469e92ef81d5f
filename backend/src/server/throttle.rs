//! How fast a peer may send, and all peers of an address together, below TLS, HTTP and WebSocket: frames that never
//! become a message cost as much as others. Who sends more is read more slowly, and so has to wait; nothing is dropped.

use super::crowd::Party;
use super::ledger::Ledger;
use crate::allowance::Allowance;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Bytes a second in the long run, and at once. A presenter whose address is as long as it may be is charged 29 kB a second,
/// a page without one less than 1 kB.
const RATE: f64 = 32_000.0;
const BURST: u32 = 256_000;

/// All of an address may send as much as so many: who comes back again and again is one of them.
const PEERS: u32 = 4;

/// What a reading costs at least: a peer that sends single bytes wakes the server for each.
const READING: usize = 256;

/// What an HTTP request costs beside its bytes: its answer takes more than those.
pub(super) const REQUEST: usize = 1_024;

/// What a message of the WebSocket costs beside its bytes: answering an empty ping takes 30 µs. So many as are heard in
/// the long run still pass.
pub(super) const MESSAGE: usize = 512;

/// What a peer that has used up all has to wait for: few long readings cost less than many short ones.
const PORTION: f64 = 4_096.0;

/// A peer that is held back for so long, without a pause, is to be hung up on: at the third beat of `pulse`.
const PATIENCE: Duration = Duration::from_secs(25);

/// What all have sent, by address.
pub(super) fn ledger() -> Ledger {
    Ledger::new(PEERS * BURST, f64::from(PEERS) * RATE)
}

/// What one connection has sent; shared by who reads from it and who may hang up.
#[derive(Clone)]
pub(super) struct Meter {
    sent: Arc<Mutex<Sent>>,
    all: Ledger,
}

struct Sent {
    party: Party,
    allowance: Allowance,
    /// Since when it is held back again and again.
    held_since: Option<Instant>,
}

impl Meter {
    pub(super) fn new(party: Party, all: Ledger) -> Self {
        let sent = Arc::new(Mutex::new(Sent {
            party,
            allowance: Allowance::new(BURST, RATE),
            held_since: None,
        }));
        Self { sent, all }
    }

    /// From now on somebody else is at the other end: whom a proxy speaks for.
    pub(super) fn belongs_to(&self, party: Party) {
        self.sent().party = party;
    }

    /// Counts so many bytes.
    pub(super) fn charge(&self, bytes: usize) {
        let now = Instant::now();
        let mut sent = self.sent();
        sent.charge(now, bytes);
        self.all.charge(sent.party, now, bytes as f64);
    }

    /// How long not to read.
    fn hold(&self, now: Instant) -> Option<Duration> {
        let mut sent = self.sent();
        let of_all = self.all.debt(sent.party, now);
        let own = sent.hold(now);
        own.max(Some(of_all).filter(|debt| !debt.is_zero()))
    }

    /// Whether the peer has been held back for so long that it is to be hung up on.
    pub(super) fn is_relentless(&self) -> bool {
        self.sent().is_relentless(Instant::now())
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sent {
    fn charge(&mut self, now: Instant, bytes: usize) {
        self.allowance.charge(now, bytes as f64);
    }

    /// How long not to read.
    fn hold(&mut self, now: Instant) -> Option<Duration> {
        if self.allowance.until(now, 0.0).is_zero() {
            // Who has been quiet for a while is forgiven.
            if self.allowance.left() >= f64::from(BURST) / 2.0 {
                self.held_since = None;
            }
            return None;
        }
        self.held_since.get_or_insert(now);
        Some(self.allowance.until(now, PORTION))
    }

    fn is_relentless(&self, now: Instant) -> bool {
        self.held_since.is_some_and(|since| now - since >= PATIENCE)
    }
}

/// A stream that is read no faster than its meter allows.
pub(super) struct Throttled<S> {
    stream: S,
    meter: Meter,
    hold: Option<Pin<Box<Sleep>>>,
}

impl<S> Throttled<S> {
    pub(super) fn new(stream: S, meter: Meter) -> Self {
        Self {
            stream,
            meter,
            hold: None,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Throttled<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if let Some(hold) = &mut this.hold {
                ready!(hold.as_mut().poll(cx));
                this.hold = None;
            }
            let hold = this.meter.hold(Instant::now());
            let Some(hold) = hold else { break };
            this.hold = Some(Box::pin(sleep(hold)));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let bytes = buf.filled().len() - before;
        this.meter.charge(bytes.max(READING));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Throttled<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        BURST, MESSAGE, Meter, PATIENCE, PEERS, PORTION, Party, RATE, READING, Throttled, ledger,
    };
    use std::time::{Duration, Instant};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    fn meter() -> Meter {
        Meter::new(Party::Local, ledger())
    }

    /// One that comes back as soon as it is held back.
    #[test]
    fn coming_back_gives_an_address_no_more() {
        let all = ledger();
        let now = Instant::now();
        let mut came = 0;
        loop {
            let meter = Meter::new(Party::User(1), all.clone());
            if meter.hold(now).is_some() {
                break;
            }
            while meter.hold(now).is_none() {
                meter.charge(4_096);
            }
            came += 1;
        }
        assert!((PEERS..PEERS + 3).contains(&came), "{came}");
        assert_eq!(Meter::new(Party::User(2), all).hold(now), None);
    }

    #[test]
    fn a_presenter_is_never_held_back() {
        let mut now = Instant::now();
        let meter = meter();
        // The longest view, ten times a second for an hour, and a pong every ten seconds.
        for n in 0..36_000 {
            let mut sent = meter.sent();
            assert_eq!(sent.hold(now), None);
            sent.charge(now, 2_200 + MESSAGE);
            if n % 100 == 0 {
                sent.charge(now, READING + MESSAGE);
            }
            now += Duration::from_millis(100);
        }
    }

    #[test]
    fn who_goes_on_is_to_be_hung_up_on_and_who_pauses_is_not() {
        let start = Instant::now();
        for (pause, relentless) in [(Duration::ZERO, true), (PATIENCE / 6, false)] {
            let meter = meter();
            let mut sent = meter.sent();
            let mut now = start;
            let mut rest = start;
            while now < start + PATIENCE + Duration::from_secs(9) {
                sent.charge(now, 4_096);
                now += sent.hold(now).unwrap_or_default();
                if now > rest + Duration::from_secs(15) {
                    now += pause;
                    rest = now;
                }
            }
            assert_eq!(sent.is_relentless(now), relentless, "{pause:?}");
        }
    }

    #[tokio::test]
    async fn what_is_more_comes_later_and_nothing_is_lost() {
        let (mut peer, stream) = duplex(1 << 20);
        let meter = meter();
        let mut stream = Throttled::new(stream, meter.clone());
        let much = 9_000;
        let sent: Vec<u8> = (0..much).map(|n| n as u8).collect();
        peer.write_all(&sent).await.unwrap();
        drop(peer);
        meter.charge(BURST as usize + 16_000);
        let since = Instant::now();
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.unwrap();
        assert!(read == sent);
        let least = Duration::from_secs_f64((16_000.0 + PORTION) / RATE);
        assert!(since.elapsed() >= least, "{:?}", since.elapsed());
    }
}
