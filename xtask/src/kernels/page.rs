//! The page as another machine gets it: everything that it names over HTTP, and the first frames of its WebSocket.
//! By hand, in plain HTTP/1.1: a library would be larger than the rest of this tool.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// An emulated machine is slow, and its server shares it with a load.
const PATIENCE: Duration = Duration::from_secs(30);

/// The key of RFC 6455's example, and its answer.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Loads the page and all it names, then watches until an interval with waits has come. Returns what was seen.
pub(super) fn load(address: SocketAddr) -> Result<String> {
    let mut waiting = vec!["/".to_owned()];
    let mut known = BTreeSet::new();
    let mut bytes = 0;
    while let Some(path) = waiting.pop() {
        if !known.insert(path.clone()) {
            continue;
        }
        let body = get(address, &path).with_context(|| format!("GET {path}"))?;
        ensure!(!body.is_empty(), "GET {path}: empty");
        bytes += body.len();
        if path.ends_with(".wasm") {
            ensure!(body.starts_with(b"\0asm"), "GET {path}: no WebAssembly");
        } else {
            waiting.extend(named(&String::from_utf8_lossy(&body)));
        }
    }
    for ending in [".js", ".css", ".wasm"] {
        let found = known.iter().any(|path| path.ends_with(ending));
        ensure!(found, "the page names no {ending}: {known:?}");
    }
    let waits = watch(address).context("/ws")?;
    Ok(format!(
        "{} files, {bytes} bytes, then an interval of {waits} waits",
        known.len()
    ))
}

/// The body of a GET, which must be answered 200.
fn get(address: SocketAddr, path: &str) -> Result<Vec<u8>> {
    let mut stream = request(address, path, "Connection: close\r\n")?;
    let head = head(&mut stream)?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "answered {head}");
    let mut body = Vec::new();
    stream.read_to_end(&mut body).context("the body")?;
    let length = header(&head, "content-length").and_then(|length| length.parse().ok());
    ensure!(
        length == Some(body.len()),
        "{} bytes came; the head is {head}",
        body.len()
    );
    Ok(body)
}

/// Joins as a viewer does: a snapshot first, then intervals. Returns the waits of the first that has some.
fn watch(address: SocketAddr) -> Result<u64> {
    let deadline = Instant::now() + PATIENCE;
    let upgrade = format!(
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"
    );
    let mut stream = request(address, "/ws", &upgrade)?;
    let head = head(&mut stream)?;
    ensure!(head.starts_with("HTTP/1.1 101 "), "answered {head}");
    let accept = header(&head, "sec-websocket-accept");
    ensure!(accept == Some(ACCEPT), "accepted with {accept:?}");
    let first = message(&mut stream).context("the first frame")?;
    let snapshot = &first["snapshot"];
    ensure!(
        snapshot["probe"]["attached"].is_object(),
        "the first frame is no snapshot of an attached probe: {first}"
    );
    while Instant::now() < deadline {
        let message = message(&mut stream)?;
        let waits = waits(&message["interval"]["column"]["counts"]);
        if waits > 0 {
            return Ok(waits);
        }
    }
    bail!("no interval with waits in {} s", PATIENCE.as_secs())
}

/// The sum over both causes' buckets.
fn waits(counts: &Value) -> u64 {
    let buckets = ["woken", "preempted"].map(|cause| counts[cause]["counts"].as_array());
    let buckets = buckets.into_iter().flatten().flatten();
    buckets.filter_map(Value::as_u64).sum()
}

fn request(address: SocketAddr, path: &str, headers: &str) -> Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).context("cannot connect")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n"
    )?;
    Ok(BufReader::new(stream))
}

/// Everything before the empty line.
fn head(stream: &mut impl BufRead) -> Result<String> {
    let mut head = String::new();
    loop {
        let before = head.len();
        stream.read_line(&mut head).context("the head")?;
        match head[before..].trim_end() {
            "" if head.len() == before => bail!("the connection ended in the head: {head:?}"),
            "" => return Ok(head),
            _ => {}
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// The next text frame, which holds JSON. A server's frames are not masked, and this one's not fragmented.
fn message(stream: &mut impl Read) -> Result<Value> {
    let [start, length] = bytes(stream)?;
    ensure!(start == 0x81, "no whole text frame: {start:#x}");
    let length = match length {
        126 => u64::from(u16::from_be_bytes(bytes(stream)?)),
        127 => u64::from_be_bytes(bytes(stream)?),
        short => u64::from(short),
    };
    let mut payload = Vec::new();
    stream.take(length).read_to_end(&mut payload)?;
    serde_json::from_slice(&payload).context("a frame that is no JSON")
}

fn bytes<const N: usize>(stream: &mut impl Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    stream
        .read_exact(&mut bytes)
        .context("the connection ended")?;
    Ok(bytes)
}

/// The assets that a text names.
fn named(text: &str) -> Vec<String> {
    const FOLDER: &str = "/assets/";
    let part = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    text.match_indices(FOLDER)
        .filter_map(|(at, _)| {
            let name = &text[at + FOLDER.len()..];
            let name = &name[..name.find(|c| !part(c)).unwrap_or(name.len())];
            (!name.is_empty()).then(|| format!("{FOLDER}{name}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_found_in_markup_and_scripts() {
        let text =
            r#"<link href="/assets/style-1a.css"> import("/assets/app_bg.wasm"); '/assets/'"#;
        assert_eq!(named(text), ["/assets/style-1a.css", "/assets/app_bg.wasm"]);
    }

    #[test]
    fn heads_are_read_to_their_end_and_not_beyond() {
        let mut stream = &b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"[..];
        let head = head(&mut stream).unwrap();
        assert_eq!(header(&head, "content-length"), Some("4"));
        assert_eq!(stream, b"body");
        assert!(super::head(&mut &b"HTTP/1.1 200 OK\r\n"[..]).is_err());
    }

    #[test]
    fn frames_of_every_length_are_read() {
        for length in [20_usize, 200, 70_000] {
            let json = format!("\"{}\"", "x".repeat(length));
            let mut frame = vec![0x81];
            match json.len() {
                short @ ..=125 => frame.push(short as u8),
                middle @ ..=0xffff => {
                    frame.push(126);
                    frame.extend((middle as u16).to_be_bytes());
                }
                long => {
                    frame.push(127);
                    frame.extend((long as u64).to_be_bytes());
                }
            }
            frame.extend(json.as_bytes());
            let value = message(&mut frame.as_slice()).unwrap();
            assert_eq!(value.as_str().map(str::len), Some(length));
            frame[0] = 0x88;
            assert!(message(&mut frame.as_slice()).is_err());
        }
    }

    #[test]
    fn waits_of_both_causes_count() {
        let counts =
            r#"{"woken":{"counts":[1,2],"sum_ns":9},"preempted":{"counts":[0,4],"sum_ns":9}}"#;
        let counts = serde_json::from_str(counts).unwrap();
        assert_eq!(waits(&counts), 7);
        assert_eq!(waits(&Value::Null), 0);
    }
}
