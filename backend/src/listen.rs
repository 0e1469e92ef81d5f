//! Where the server listens. All sockets are bound here, before rights are given up; nobody can connect before
//! [`Sockets::listen`].

mod error;
mod loopback;
mod unix;

pub use error::ListenError;

use crate::confine::{Group, User};
use crate::procfs::sockets;
use crate::server::{Listener, SocketFile};
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1_024;

/// An address to listen on, as people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Both loopback addresses, with this port.
    Localhost(u16),
    Address(SocketAddr),
    Unix(PathBuf),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match path {
                "" => Err("unix: wants a path, such as unix:/run/runqlat-web.sock".into()),
                path => Ok(Self::Unix(path.into())),
            };
        }
        if let Some(port) = text.strip_prefix("localhost:") {
            let port = port.parse();
            return port
                .map(Self::Localhost)
                .map_err(|_| "localhost: wants a port from 0 to 65535".into());
        }
        text.parse().map(Self::Address).map_err(|_| {
            "an address and a port, such as localhost:8080 or 10.0.0.5:8080, or unix:PATH".into()
        })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Localhost(port) => write!(f, "localhost:{port}"),
            Self::Address(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Sockets that nobody can connect to yet.
pub struct Sockets {
    bound: Vec<Bound>,
    /// What is to be told about them.
    pub notes: Vec<String>,
}

/// A socket, and what for.
enum Bound {
    Tcp {
        socket: Socket,
        address: SocketAddr,
        asked: Listen,
    },
    Unix {
        socket: Socket,
        file: SocketFile,
    },
}

impl Sockets {
    /// Binds all that was asked for. Unix sockets will belong to `owner` and, where one is given, to a group whose members
    /// may connect, too.
    pub fn bind(
        asked: &[Listen],
        owner: Option<u32>,
        group: Option<&Group>,
    ) -> Result<Self, ListenError> {
        let mut sockets = Self {
            bound: Vec::new(),
            notes: Vec::new(),
        };
        for listen in asked {
            match listen {
                Listen::Localhost(port) => {
                    let (both, note) = loopback::bind(*port)?;
                    sockets.notes.extend(note);
                    for (socket, address) in both {
                        sockets.add(socket, address, listen)?;
                    }
                }
                Listen::Address(address) => {
                    let socket =
                        bind(*address).map_err(|error| refused(*address, listen, error))?;
                    let address = own_address(&socket, *address);
                    sockets.add(socket, address, listen)?;
                }
                Listen::Unix(path) => {
                    let socket = unix::bind(path, owner, group)?;
                    let file = SocketFile(path.clone());
                    sockets.bound.push(Bound::Unix { socket, file });
                }
            }
        }
        if group.is_some() && !asked.iter().any(|listen| matches!(listen, Listen::Unix(_))) {
            let note =
                "--socket-group is for Unix sockets, and without --listen unix:PATH there is none";
            sockets.notes.push(note.into());
        }
        Ok(sockets)
    }

    /// Sockets that do not listen yet share an address, and only the first could listen on it.
    fn add(
        &mut self,
        socket: Socket,
        address: SocketAddr,
        asked: &Listen,
    ) -> Result<(), ListenError> {
        let overlaps = |other: SocketAddr| {
            let ips = [other.ip(), address.ip()];
            let everywhere = ips.iter().any(|ip| ip.is_unspecified());
            other.port() == address.port() && (ips[0] == ips[1] || everywhere)
        };
        if self.addresses().into_iter().any(overlaps) {
            return Err(ListenError::Twice { address });
        }
        self.bound.push(Bound::Tcp {
            socket,
            address,
            asked: asked.clone(),
        });
        Ok(())
    }

    /// Those of them that are on a network.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let address = |bound: &Bound| match bound {
            Bound::Tcp { address, .. } => Some(*address),
            Bound::Unix { .. } => None,
        };
        self.bound.iter().filter_map(address).collect()
    }

    /// Each as a person opens it: both loopback addresses are `localhost`.
    pub fn urls(&self, scheme: &str) -> Vec<String> {
        let url = |bound: &Bound| match bound {
            Bound::Tcp {
                address,
                asked: Listen::Localhost(_),
                ..
            } => format!("{scheme}://localhost:{}", address.port()),
            Bound::Tcp { address, .. } => format!("{scheme}://{address}"),
            Bound::Unix { file, .. } => format!("unix:{}", file.0.display()),
        };
        let mut urls: Vec<String> = self.bound.iter().map(url).collect();
        urls.dedup();
        urls
    }

    /// From now on anybody can connect. Needs the runtime.
    pub fn listen(self) -> Result<Vec<Listener>, ListenError> {
        self.bound.into_iter().map(listen).collect()
    }
}

fn listen(bound: Bound) -> Result<Listener, ListenError> {
    match bound {
        Bound::Tcp {
            socket,
            address,
            asked,
        } => start(&socket)
            .and_then(|()| {
                tokio::net::TcpListener::from_std(OwnedFd::from(socket).into()).map(Listener::Tcp)
            })
            .map_err(|error| refused(address, &asked, error)),
        Bound::Unix { socket, file } => start(&socket)
            .and_then(|()| tokio::net::UnixListener::from_std(OwnedFd::from(socket).into()))
            .map_err(|error| unix_error(&file.0, error))
            .map(|listener| Listener::Unix { listener, file }),
    }
}

fn start(socket: &Socket) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    socket.listen(BACKLOG)
}

fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // A restart needs not wait for the old one's connections to be forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// With the port that the kernel chose.
fn own_address(socket: &Socket, bound: SocketAddr) -> SocketAddr {
    let own = socket.local_addr().ok();
    own.and_then(|own| own.as_socket()).unwrap_or(bound)
}

/// Names whoever has the address.
fn refused(address: SocketAddr, asked: &Listen, error: io::Error) -> ListenError {
    match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::Taken {
            address,
            asked: asked.clone(),
            holder: sockets::listener(address).map(User::numbered),
        },
        _ => ListenError::Address { address, error },
    }
}

fn unix_error(path: &Path, error: io::Error) -> ListenError {
    ListenError::Unix {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests;
