//! A viewer as the page is one: a WebSocket that takes what comes, in the page's format. It only counts.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::http;

/// The server is on this machine; a busy one takes its time.
const PATIENCE: Duration = Duration::from_secs(5);

/// It does not read pings, and says by itself that it is there: often enough not to be given up.
const SPEAK: Duration = Duration::from_secs(5);

/// A pong without a payload, with a mask of zeros.
pub(super) const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// Bytes on the wire since it joined, frames' headers included; ends when dropped.
pub(super) struct Viewer {
    stream: TcpStream,
    bytes: Arc<AtomicU64>,
}

impl Viewer {
    pub(super) fn join(address: SocketAddr) -> Result<Self> {
        let format = "Sec-WebSocket-Protocol: runqlat-web.v2.postcard\r\n";
        let mut incoming = http::join(address, format, PATIENCE)?;
        let stream = incoming.get_ref().try_clone()?;
        stream.set_read_timeout(None)?;
        let bytes = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&bytes);
        let mut outgoing = stream.try_clone()?;
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            let mut spoke = Instant::now();
            while let Ok(read @ 1..) = incoming.read(&mut buffer) {
                counter.fetch_add(read as u64, Ordering::Relaxed);
                if spoke.elapsed() > SPEAK && outgoing.write_all(&PONG).is_ok() {
                    spoke = Instant::now();
                }
            }
        });
        Ok(Self { stream, bytes })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        // Ends the reading thread, too.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}
