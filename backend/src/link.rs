//! `runqlat-web link`: asks the server that runs on this host for a link, as the user who calls it.

mod tls;

use crate::failure::{Explained, Failure};
use crate::listen::Listen;
use runqlat_common::name;
use serde::Deserialize;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

const PATH: &str = "/api/v1/links";

/// For the server to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of an answer.
const MOST: u64 = 64 * 1024;

/// What is asked of which server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub server: Listen,
    pub wanted: Wanted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    View,
    Control,
    Both,
}

#[derive(Deserialize)]
struct Links {
    view: String,
    control: Option<String>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    hint: String,
}

/// What the server said.
struct Reply {
    status: u16,
    body: Vec<u8>,
}

/// Prints what was asked for, or says why there is none.
pub fn run(ask: &Ask, out: &mut impl Write) -> Result<(), Failure> {
    let server = &ask.server;
    let reply = request(server).map_err(|error| {
        let hint = match server {
            Listen::Unix(_) => "start it with this --listen, or name another with --listen",
            _ => "start it, or say with --listen where it listens; on a Unix socket that is unix:PATH",
        };
        refusal(
            format!("no server answers at {server}: {error}"),
            hint.into(),
        )
    })?;
    let links = links(server, &reply)?;
    print(links, ask.wanted, out)
}

fn print(links: Links, wanted: Wanted, out: &mut impl Write) -> Result<(), Failure> {
    // They are printed to a terminal, whoever answered.
    let shown = |link: &str| name::text(link.as_bytes());
    let control = links.control.as_deref().map(shown);
    let view = shown(&links.view);
    let text = match (wanted, control) {
        (Wanted::View, _) => view,
        (Wanted::Control, Some(control)) => control,
        (Wanted::Both, Some(control)) => format!("to view:    {view}\nto control: {control}"),
        (Wanted::Both, None) => format!("to view:    {view}"),
        (Wanted::Control, None) => {
            return Err(refusal(
                "nobody may control this server: it was started with --read-only".into(),
                "`runqlat-web link --view` prints the link to view".into(),
            ));
        }
    };
    writeln!(out, "{text}").map_err(|error| Failure::Other(error.into()))
}

fn links(server: &Listen, reply: &Reply) -> Result<Links, Failure> {
    if reply.status == 200
        && let Ok(links) = serde_json::from_slice(&reply.body)
    {
        return Ok(links);
    }
    let told = serde_json::from_slice::<Refused>(&reply.body);
    let told = told.map_err(|_| {
        refusal(
            format!(
                "what answers at {server} is no runqlat-web, or an older one (status {})",
                reply.status
            ),
            "say with --listen where it listens".into(),
        )
    })?;
    let [error, hint] = [told.error, told.hint].map(|text| name::text(text.as_bytes()));
    Err(match reply.status {
        401 | 403 => Failure::Permission(Explained {
            what: format!("the server at {server} makes no link for you: {error}"),
            hint: "root, the user who started it and those of its --allow-user get one; with --token or --public-url \
                   nobody does: use the links that it printed, or its token files"
                .into(),
        }),
        _ => refusal(format!("the server at {server} makes no link: {error}"), hint),
    })
}

fn refusal(what: String, hint: String) -> Failure {
    Failure::Link(Explained { what, hint })
}

fn request(server: &Listen) -> io::Result<Reply> {
    let addresses: Vec<SocketAddr> = match server {
        Listen::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            return exchange(stream, "localhost");
        }
        Listen::Localhost(port) => {
            vec![
                (Ipv4Addr::LOCALHOST, *port).into(),
                (Ipv6Addr::LOCALHOST, *port).into(),
            ]
        }
        Listen::Address(address) => vec![*address],
    };
    let host = server.to_string();
    let reply = exchange(connect(&addresses)?, &host)?;
    if is_tls(&reply) {
        return exchange(tls::over(connect(&addresses)?)?, &host);
    }
    Ok(reply)
}

/// Connects to the first of these that answers.
fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(addresses)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

/// A server that speaks TLS says so to whoever does not.
fn is_tls(reply: &Reply) -> bool {
    reply.status == 400 && reply.body.starts_with(b"This server speaks TLS")
}

fn exchange(mut stream: impl Read + Write, host: &str) -> io::Result<Reply> {
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    match stream.take(MOST).read_to_end(&mut answer) {
        // TLS may be ended without a word.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && !answer.is_empty() => {}
        read => drop(read?),
    }
    parse(&answer).ok_or_else(|| io::Error::other("it does not speak HTTP"))
}

/// `HTTP/1.1 200 OK`, headers, a blank line, the body as it is.
fn parse(answer: &[u8]) -> Option<Reply> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut words = head.lines().next()?.split(' ');
    words
        .next()
        .filter(|version| version.starts_with("HTTP/1."))?;
    Some(Reply {
        status: words.next()?.parse().ok()?,
        body: answer[end + 4..].to_vec(),
    })
}

#[cfg(test)]
mod tests;
