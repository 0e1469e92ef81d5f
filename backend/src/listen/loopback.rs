//! Both loopback addresses, with one port. Browsers take `localhost` for either, and whoever listens on the one that is
//! left free is sent what is meant for this server.

use super::{Listen, ListenError, own_address, refused};
use socket2::Socket;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// How often the kernel is asked for a port that is free on both.
const TRIES: u32 = 100;

type Bound = Vec<(Socket, SocketAddr)>;

/// Sockets on both; on one, and a note, where the host has no IPv6. Port 0 is one that is free on both.
pub(super) fn bind(port: u16) -> Result<(Bound, Option<String>), ListenError> {
    let asked = Listen::Localhost(port);
    let mut tries = 0;
    loop {
        tries += 1;
        let v4: SocketAddr = (Ipv4Addr::LOCALHOST, port).into();
        let first = super::bind(v4).map_err(|error| refused(v4, &asked, error))?;
        let v4 = own_address(&first, v4);
        let v6: SocketAddr = (Ipv6Addr::LOCALHOST, v4.port()).into();
        return match super::bind(v6) {
            Ok(second) => Ok((vec![(first, v4), (second, v6)], None)),
            Err(error) if is_missing(&error) => Ok((
                vec![(first, v4)],
                Some("this host has no IPv6 on loopback: localhost is 127.0.0.1 alone".into()),
            )),
            Err(error) if port == 0 && tries < TRIES && error.kind() == ErrorKind::AddrInUse => {
                continue;
            }
            Err(error) => Err(refused(v6, &asked, error)),
        };
    }
}

/// The kernel has no IPv6, or none on this host, or is told not to give it to this program.
fn is_missing(error: &io::Error) -> bool {
    error.kind() == ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(libc::EAFNOSUPPORT)
}
