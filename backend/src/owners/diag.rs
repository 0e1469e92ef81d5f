//! Asks the kernel for the socket with these two addresses (`inet_diag_dump_one_icsk`). That takes some microseconds,
//! however many sockets there are; reading the tables of 19,800 sockets takes 0.1 s.

use crate::procfs::tcp::{Ends, Line};
use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags,
};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr as NetlinkAddress};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// More than an answer takes, with all attributes that a kernel may add.
const ANSWER: usize = 4 * 1024;

/// A cookie that fits all sockets (`INET_DIAG_NOCOOKIE`).
const ANY_COOKIE: [u8; 8] = [0xff; 8];

/// A connection on loopback takes microseconds, unless a packet filter drops it.
const PATIENCE: Duration = Duration::from_millis(200);

/// A socket for questions about sockets of this network namespace.
pub struct Diag {
    socket: Socket,
    asked: AtomicU32,
}

impl Diag {
    /// Opens the socket and tries it.
    ///
    /// # Errors
    /// If the kernel has no `tcp_diag`, or something keeps this process from it.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
        socket.bind_auto()?;
        let diag = Self {
            socket,
            asked: AtomicU32::new(0),
        };
        if !diag.finds_its_own()? {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(diag)
    }

    /// Whether it finds a connection of this process. A kernel without `tcp_diag` answers that there is no such socket.
    fn finds_its_own(&self) -> io::Result<bool> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let client = TcpStream::connect_timeout(&listener.local_addr()?, PATIENCE)?;
        let ends = Ends::on_loopback(client.local_addr()?, client.peer_addr()?);
        let owner = ends.map(|ends| self.owner(&ends)).transpose()?;
        Ok(owner.flatten().is_some())
    }

    /// The uid that owns the other end, if a process has it and it is bound to no interface: two sockets with the same
    /// addresses, one of them bound, could be told apart by nothing else.
    ///
    /// # Errors
    /// If the kernel gives no answer that can be read; that there is no such socket is one.
    pub fn owner(&self, of: &Ends) -> io::Result<Option<u32>> {
        let number = self.asked.fetch_add(1, Relaxed);
        self.socket
            .send_to(&question(of, number), &NetlinkAddress::new(0, 0), 0)?;
        loop {
            // The kernel has answered before `send_to` returned.
            let mut bytes = Vec::with_capacity(ANSWER);
            let (_, from) = self.socket.recv_from(&mut bytes, libc::MSG_DONTWAIT)?;
            let answer = NetlinkMessage::<SockDiagMessage>::deserialize(&bytes);
            let answer = answer.map_err(io::Error::other)?;
            // What is left of an earlier question that failed.
            if from.port_number() != 0 || answer.header.sequence_number != number {
                continue;
            }
            return match answer.payload {
                NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(found)) => {
                    Ok(owner(&found.header, of))
                }
                NetlinkPayload::Error(error) => match error.to_io() {
                    error if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    error => Err(error),
                },
                _ => Err(io::Error::other("another answer than was asked for")),
            };
        }
    }
}

/// The kernel compares all but the interface, which it takes as that of a packet: 0 finds sockets that are bound to none.
fn question(ends: &Ends, number: u32) -> Vec<u8> {
    let (theirs, ours) = (ends.theirs(), ends.ours());
    let family = match theirs {
        SocketAddr::V4(_) => libc::AF_INET,
        SocketAddr::V6(_) => libc::AF_INET6,
    };
    let request = InetRequest {
        family: family as u8,
        protocol: libc::IPPROTO_TCP as u8,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id: SocketId {
            source_port: theirs.port(),
            destination_port: ours.port(),
            source_address: theirs.ip(),
            destination_address: ours.ip(),
            interface_id: 0,
            cookie: ANY_COOKIE,
        },
    };
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    header.sequence_number = number;
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// Where no connection has these addresses, the kernel may answer with one that listens on the port.
fn owner(found: &InetResponseHeader, of: &Ends) -> Option<u32> {
    let id = &found.socket_id;
    let line = Line {
        local: SocketAddr::new(id.source_address.to_canonical(), id.source_port),
        remote: SocketAddr::new(id.destination_address.to_canonical(), id.destination_port),
        state: found.state,
        uid: found.uid,
        inode: found.inode.into(),
    };
    (id.interface_id == 0).then(|| line.owner(of)).flatten()
}
