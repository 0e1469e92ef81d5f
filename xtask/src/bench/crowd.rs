//! Many viewers on one machine: each a WebSocket and a thread that takes every message and notes how late it came.

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use super::viewer::PONG;
use crate::http;

/// A thousand join at once.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a viewer's thread needs beside the message, which is on the heap.
const STACK: usize = 64 << 10;

/// What a message's number and time of sending are, in ms since 1970; `None` for other messages.
pub(super) type Stamp = fn(&[u8]) -> Option<(u64, u64)>;

/// A message came.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Arrival {
    number: u64,
    /// After it was sent, in ms.
    late_ms: f64,
    bytes: usize,
}

/// Viewers, until dropped.
pub(super) struct Crowd {
    streams: Vec<TcpStream>,
    arrivals: Receiver<Arrival>,
}

/// What a crowd saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// For each update that all have got, when the last of them had it, in ms after it was sent.
    pub(super) last_ms: Vec<f64>,
    /// Updates that began to arrive and that some have never got.
    pub(super) incomplete: usize,
    /// Of a message, on average.
    pub(super) bytes: usize,
}

impl Crowd {
    /// Lets so many join; returns when each has its first message.
    pub(super) fn join(
        address: SocketAddr,
        viewers: usize,
        headers: &str,
        read: Stamp,
    ) -> Result<Self> {
        let (sender, arrivals) = channel();
        let (ready, all_ready) = channel();
        let mut streams = Vec::with_capacity(viewers);
        for number in 0..viewers {
            let incoming = http::join(address, headers, PATIENCE)
                .with_context(|| format!("viewer {number} of {viewers} could not join"))?;
            streams.push(incoming.get_ref().try_clone()?);
            let (sender, ready) = (sender.clone(), ready.clone());
            thread::Builder::new()
                .stack_size(STACK)
                .spawn(move || watch(incoming, read, &sender, &ready))?;
        }
        for _ in 0..viewers {
            all_ready
                .recv_timeout(PATIENCE)
                .context("a viewer got nothing")?;
        }
        Ok(Self { streams, arrivals })
    }

    /// What arrives in this time.
    pub(super) fn watch(&self, time: Duration) -> Seen {
        while self.arrivals.try_recv().is_ok() {}
        thread::sleep(time);
        seen(self.arrivals.try_iter(), self.streams.len())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for stream in &self.streams {
            // Ends the thread that reads from it, too.
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// The first and the last update may lie across an end of the time: they do not count.
fn seen(arrivals: impl Iterator<Item = Arrival>, viewers: usize) -> Seen {
    let mut updates: BTreeMap<u64, (usize, f64)> = BTreeMap::new();
    let (mut bytes, mut messages) = (0, 0);
    for arrival in arrivals {
        let (count, last) = updates.entry(arrival.number).or_default();
        *count += 1;
        *last = last.max(arrival.late_ms);
        bytes += arrival.bytes;
        messages += 1;
    }
    updates.pop_first();
    updates.pop_last();
    let (complete, incomplete): (Vec<_>, Vec<_>) =
        updates.values().partition(|(count, _)| *count == viewers);
    Seen {
        last_ms: complete.iter().map(|(_, last)| *last).collect(),
        incomplete: incomplete.len(),
        bytes: bytes / messages.max(1),
    }
}

/// Until the connection ends.
fn watch(
    mut incoming: BufReader<TcpStream>,
    read: Stamp,
    arrivals: &Sender<Arrival>,
    ready: &Sender<()>,
) {
    // It may be silent for long.
    let _ = incoming.get_ref().set_read_timeout(None);
    let mut payload = Vec::new();
    let mut is_first = true;
    while let Ok(kind) = frame(&mut incoming, &mut payload) {
        if kind == PING {
            // Fails where the next reading does, too.
            let _ = incoming.get_mut().write_all(&PONG);
            continue;
        }
        if std::mem::take(&mut is_first) {
            let _ = ready.send(());
        }
        if let Some((number, sent_ms)) = read(&payload) {
            let (late_ms, bytes) = (now_ms() - sent_ms as f64, payload.len());
            // Nobody may be listening any more.
            let _ = arrivals.send(Arrival {
                number,
                late_ms,
                bytes,
            });
        }
    }
}

/// The kind of frame that is to be answered.
const PING: u8 = 9;

/// Reads one frame as servers send them, whole messages and not masked; its kind.
fn frame(incoming: &mut impl Read, payload: &mut Vec<u8>) -> Result<u8> {
    let mut head = [0; 2];
    incoming.read_exact(&mut head)?;
    ensure!(
        head[0] & 0x80 != 0 && head[1] & 0x80 == 0,
        "no whole message"
    );
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            incoming.read_exact(&mut length)?;
            usize::from(u16::from_be_bytes(length))
        }
        127 => {
            let mut length = [0; 8];
            incoming.read_exact(&mut length)?;
            usize::try_from(u64::from_be_bytes(length))?
        }
        short => usize::from(short),
    };
    payload.resize(length, 0);
    incoming.read_exact(payload)?;
    Ok(head[0] & 0x0f)
}

fn now_ms() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(number: u64, late_ms: f64) -> Arrival {
        Arrival {
            number,
            late_ms,
            bytes: 10,
        }
    }

    #[test]
    fn the_last_viewer_counts_and_one_that_misses_an_update_is_told() {
        let arrivals = [
            arrival(1, 900.0),
            arrival(2, 5.0),
            arrival(2, 7.0),
            arrival(3, 1.0),
            arrival(4, 2.0),
            arrival(4, 1.0),
            arrival(5, 1.0),
        ];
        let expected = Seen {
            last_ms: vec![7.0, 2.0],
            incomplete: 1,
            bytes: 10,
        };
        assert_eq!(seen(arrivals.into_iter(), 2), expected);
        assert_eq!(seen([].into_iter(), 2), Seen::default());
    }

    #[test]
    fn frames_of_each_length_are_read() {
        let mut payload = Vec::new();
        let mut incoming = vec![0x82, 2, 7, 8, 0x82, 126, 1, 0];
        incoming.extend([9; 256]);
        let mut incoming = incoming.as_slice();
        assert_eq!(frame(&mut incoming, &mut payload).unwrap(), 2);
        assert_eq!(payload, [7, 8]);
        frame(&mut incoming, &mut payload).unwrap();
        assert_eq!(payload, [9; 256]);
        assert!(frame(&mut incoming, &mut payload).is_err());
        assert!(frame(&mut [0x02, 1, 1].as_slice(), &mut payload).is_err());
    }
}
