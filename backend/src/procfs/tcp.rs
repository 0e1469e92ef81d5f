//! Lines of `/proc/net/tcp` and `/proc/net/tcp6`, and what they say about who owns a socket. Pure: lines are given.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::collections::HashMap;

/// States of a socket, by the kernel's numbers (`tcp_states.h`).
mod state {
    pub const ESTABLISHED: u8 = 1;
    pub const FIN_WAIT1: u8 = 4;
    pub const FIN_WAIT2: u8 = 5;
    pub const CLOSE_WAIT: u8 = 8;
    pub const LISTEN: u8 = 10;
}

/// Whether a socket in this state still is this connection's.
pub fn is_open(state: u8) -> bool {
    matches!(state, state::ESTABLISHED | state::CLOSE_WAIT)
}

/// A socket. An IPv4-mapped address is the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub state: u8,
    pub uid: u32,
    /// 0 where no process has the socket any more; its uid then is 0, too, whoever had it.
    pub inode: u64,
}

impl Line {
    /// `0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 640 …`
    pub fn parse(line: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(line).ok()?;
        let mut fields = text.split_ascii_whitespace().skip(1);
        let (local, remote) = (address(fields.next()?)?, address(fields.next()?)?);
        let state = u8::from_str_radix(fields.next()?, 16).ok()?;
        // Between them: the queues, the timer, how often it was sent again.
        let uid = fields.nth(3)?.parse().ok()?;
        let inode = fields.nth(1)?.parse().ok()?;
        Some(Self {
            local,
            remote,
            state,
            uid,
            inode,
        })
    }

    /// The uid that owns the other end of this connection, if this is its line.
    pub fn owner(&self, of: &Ends) -> Option<u32> {
        let is_its = self.local == of.theirs && self.remote == of.ours;
        (is_its && self.has_owner()).then_some(self.uid)
    }

    /// Whether a process has it and may still send over it. In `FIN_WAIT`, it has sent all and waits for the answer.
    fn has_owner(&self) -> bool {
        use state::{CLOSE_WAIT, ESTABLISHED, FIN_WAIT1, FIN_WAIT2};
        let lives = matches!(self.state, ESTABLISHED | FIN_WAIT1 | FIN_WAIT2 | CLOSE_WAIT);
        self.inode != 0 && lives
    }
}

/// `0100007F:1F90`: an address as the words that the kernel holds it in, and the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16)
        .ok()
        .filter(|_| port.len() == 4)?;
    let word = |at: usize| {
        let digits = ip.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    let ip: IpAddr = match ip.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Ipv6Addr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// A connection as its other end has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ends {
    theirs: SocketAddr,
    ours: SocketAddr,
}

impl Ends {
    /// Of a connection on loopback; elsewhere the other end is no socket of this host.
    pub fn on_loopback(theirs: SocketAddr, ours: SocketAddr) -> Option<Self> {
        let plain = |end: SocketAddr| SocketAddr::new(end.ip().to_canonical(), end.port());
        let (theirs, ours) = (plain(theirs), plain(ours));
        let loopback = theirs.ip().is_loopback() && ours.ip().is_loopback();
        loopback.then_some(Self { theirs, ours })
    }

    pub fn theirs(&self) -> SocketAddr {
        self.theirs
    }

    pub fn ours(&self) -> SocketAddr {
        self.ours
    }
}

/// What the lines say about some connections.
#[derive(Debug)]
pub struct Search(HashMap<Ends, Found>);

/// What was found of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Owner(u32),
    /// Somebody who has closed it, or two lines. The table is not read at once, so another reading may tell more.
    Unclear,
}

impl Search {
    pub fn new(asked: &[Ends]) -> Self {
        Self(asked.iter().map(|ends| (*ends, Found::Nothing)).collect())
    }

    pub fn see(&mut self, line: &[u8]) {
        let Some(line) = Line::parse(line) else {
            return;
        };
        let ends = Ends {
            theirs: line.local,
            ours: line.remote,
        };
        if let Some(found) = self.0.get_mut(&ends) {
            *found = match *found {
                Found::Nothing if line.has_owner() => Found::Owner(line.uid),
                _ => Found::Unclear,
            };
        }
    }

    /// The user who owns the other end, if exactly one line says so.
    pub fn owner(&self, of: &Ends) -> Option<u32> {
        match self.0.get(of) {
            Some(Found::Owner(uid)) => Some(*uid),
            _ => None,
        }
    }
}

/// Whether the socket of this line keeps others from listening on `address`.
pub fn holds(line: &Line, address: SocketAddr) -> bool {
    let (held, wanted) = (line.local, address);
    let everywhere = |ip: IpAddr| ip.is_unspecified();
    let same = held.ip() == wanted.ip().to_canonical();
    line.state == state::LISTEN
        && held.port() == wanted.port()
        && (same || everywhere(held.ip()) || everywhere(wanted.ip()))
}

#[cfg(test)]
mod tests;
