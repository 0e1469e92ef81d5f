//! Asking a server under test, in plain HTTP/1.1 and by hand: a library would be larger than the rest of this tool.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// The key of RFC 6455's example, and its answer.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The body of a GET, which must be answered 200, in so much time for each step. `headers` are complete lines.
pub(crate) fn get(
    address: SocketAddr,
    path: &str,
    headers: &str,
    patience: Duration,
) -> Result<Vec<u8>> {
    let headers = format!("Connection: close\r\n{headers}");
    let mut stream = request(address, "GET", path, (&headers, ""), patience)?;
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

/// The body of the answer to a JSON request, whatever its status.
pub(crate) fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
    patience: Duration,
) -> Result<Vec<u8>> {
    let headers = format!(
        "Connection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    let mut stream = request(address, method, path, (&headers, body), patience)?;
    let head = head(&mut stream)?;
    let length = header(&head, "content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.with_context(|| format!("no length in {head}"))?];
    stream.read_exact(&mut body).context("the body")?;
    Ok(body)
}

/// Joins as a viewer; what comes next is frames. `headers` are complete lines.
pub(crate) fn join(
    address: SocketAddr,
    headers: &str,
    patience: Duration,
) -> Result<BufReader<TcpStream>> {
    let upgrade = format!(
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{headers}"
    );
    let mut stream = request(address, "GET", "/ws", (&upgrade, ""), patience)?;
    let head = head(&mut stream)?;
    ensure!(head.starts_with("HTTP/1.1 101 "), "answered {head}");
    let accept = header(&head, "sec-websocket-accept");
    ensure!(accept == Some(ACCEPT), "accepted with {accept:?}");
    Ok(stream)
}

/// Sends a request; its headers are complete lines.
fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    (headers, body): (&str, &str),
    patience: Duration,
) -> Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect_timeout(&address, patience).context("cannot connect")?;
    stream.set_read_timeout(Some(patience))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n{body}"
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
            _ => ensure!(head.len() <= 8_192, "a head without an end"),
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_to_their_end_and_not_beyond() {
        let mut stream = &b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"[..];
        let found = head(&mut stream).unwrap();
        assert_eq!(header(&found, "content-length"), Some("4"));
        assert_eq!(stream, b"body");
        assert!(head(&mut &b"HTTP/1.1 200 OK\r\n"[..]).is_err());
        let mut upgraded =
            &b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x82\x01x"[..];
        assert!(head(&mut upgraded).unwrap().starts_with("HTTP/1.1 101 "));
        assert_eq!(upgraded, b"\x82\x01x");
    }
}
