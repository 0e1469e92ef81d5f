//! Who is at the other end of a connection.

use crate::access::Rights;
use crate::audit::{Role, Who};
use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

/// Known once for each connection, before its first request; in each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) end: End,
    /// The user who owns the other end, where the kernel says: on loopback and on a Unix socket.
    pub(super) uid: Option<u32>,
    /// Whose request the proxy of the public address says that it passes on.
    pub(super) forwarded: Option<IpAddr>,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Tcp(IpAddr),
    Unix,
}

impl End {
    /// On this host.
    pub(super) fn is_local(self) -> bool {
        match self {
            Self::Tcp(address) => address.to_canonical().is_loopback(),
            Self::Unix => true,
        }
    }
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

impl Display for Peer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.forwarded {
            Some(address) => write!(f, "{address} through {}", self.end),
            None => self.end.fmt(f),
        }
    }
}

impl Peer {
    /// The address whose places and questions are counted.
    pub(super) fn counted(&self) -> End {
        self.forwarded.map_or(self.end, End::Tcp)
    }

    /// As the audit's lines have it, with these rights.
    pub(super) fn with<'a>(&'a self, rights: Option<&Rights>) -> Who<'a> {
        Who {
            peer: self,
            uid: self.uid,
            role: rights.map_or(Role::Stranger, |rights| Role::of(rights.may_control)),
        }
    }
}
