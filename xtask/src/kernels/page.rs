//! The page as another machine gets it: everything that it names over HTTP, and the first frames of its WebSocket.
//! Frames are read by hand, as all that is asked of servers here.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::http;

/// An emulated machine is slow, and its server shares it with a load.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server in the machine listens beyond its loopback, so it asks for a token: the one that `guest/prove.sh` gives
/// it.
const TOKEN: &str = "Authorization: Bearer for-this-proof-and-nobody-else\r\n";

/// A ping without a payload.
const PING: [u8; 2] = [0x89, 0];

/// Loads the page and all it names, then watches until an interval with waits has come. Returns what was seen.
pub(super) fn load(address: SocketAddr) -> Result<String> {
    let mut waiting = vec!["/".to_owned()];
    let mut known = BTreeSet::new();
    let mut bytes = 0;
    while let Some(path) = waiting.pop() {
        if !known.insert(path.clone()) {
            continue;
        }
        let body =
            http::get(address, &path, TOKEN, PATIENCE).with_context(|| format!("GET {path}"))?;
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

/// Joins as a viewer does: a snapshot first, then intervals. Returns the waits of the first that has some.
fn watch(address: SocketAddr) -> Result<u64> {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = http::join(address, TOKEN, PATIENCE)?;
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

/// The next text frame, which holds JSON; pings are passed over, for this does not stay long. A server's frames are not
/// masked, and this one's not fragmented.
fn message(stream: &mut impl Read) -> Result<Value> {
    let [mut start, mut length] = bytes(stream)?;
    while [start, length] == PING {
        [start, length] = bytes(stream)?;
    }
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
            frame.splice(..0, PING);
            let value = message(&mut frame.as_slice()).unwrap();
            assert_eq!(value.as_str().map(str::len), Some(length));
            frame[2] = 0x88;
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
