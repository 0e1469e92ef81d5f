//! A viewer as the page is one: a WebSocket that takes what comes, in the page's format. Written by hand, since it
//! needs no more than counting.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Bytes on the wire since it joined, frames' headers included; ends when dropped.
pub(super) struct Viewer {
    stream: TcpStream,
    bytes: Arc<AtomicU64>,
}

impl Viewer {
    pub(super) fn join(address: &str) -> Result<Self> {
        let mut stream =
            TcpStream::connect(address).with_context(|| format!("cannot reach {address}"))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(request(address).as_bytes())?;
        let head = head(&mut stream).context("no answer to the WebSocket's request")?;
        if !head.starts_with("HTTP/1.1 101 ") {
            bail!("the server refused a WebSocket:\n{head}");
        }
        let bytes = Arc::new(AtomicU64::new(0));
        let (mut incoming, counter) = (stream.try_clone()?, Arc::clone(&bytes));
        incoming.set_read_timeout(None)?;
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(read @ 1..) = incoming.read(&mut buffer) {
                counter.fetch_add(read as u64, Ordering::Relaxed);
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

fn request(address: &str) -> String {
    // The key is RFC 6455's example: nobody here checks the answer to it.
    format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: runqlat-web.v1.postcard\r\n\r\n"
    )
}

/// The answer's head, byte by byte: what follows it is frames.
fn head(stream: &mut impl Read) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
        if head.len() > 8192 {
            return Err(ErrorKind::InvalidData.into());
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_ends_where_the_frames_begin() {
        let mut answer =
            &b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x82\x01x"[..];
        let text = head(&mut answer).unwrap();
        assert!(text.starts_with("HTTP/1.1 101 "));
        assert_eq!(answer, b"\x82\x01x");
        assert!(head(&mut &b"HTTP/1.1 400"[..]).is_err());
    }
}
