//! Who owns the sockets of this host, as the kernel's tables say. They show those of this process' network namespace, to
//! anybody, also where /proc shows only processes.

use super::tcp::{self, Ends, Line, Search};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};

/// The kernel's number for users whom it can't name, where it does not say (`DEFAULT_OVERFLOWUID`).
const OVERFLOW_UID: u32 = 65_534;

/// A page and more, which is what one reading of a table gives.
const BUFFER: usize = 16 * 1024;

/// Who owns the other ends of these connections, in their order. Reads both tables: a socket for both families is in the
/// second, whatever it is connected to.
pub fn owners(of: &[Ends]) -> io::Result<Vec<Option<u32>>> {
    let mut search = Search::new(of);
    each_line(|line| search.see(line))?;
    Ok(of.iter().map(|ends| search.owner(ends)).collect())
}

/// The user who listens on an address, or on all with its port.
pub fn listener(address: SocketAddr) -> Option<u32> {
    let mut holder = None;
    let read = each_line(|line| {
        let line = Line::parse(line).filter(|line| tcp::holds(line, address));
        holder = holder.or(line.map(|line| line.uid));
    });
    read.ok().and(holder)
}

fn each_line(mut see: impl FnMut(&[u8])) -> io::Result<()> {
    lines_of("/proc/self/net/tcp", &mut see)?;
    match lines_of("/proc/self/net/tcp6", &mut see) {
        // A kernel without IPv6.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        read => read,
    }
}

fn lines_of(path: &str, see: &mut impl FnMut(&[u8])) -> io::Result<()> {
    let mut table = BufReader::with_capacity(BUFFER, File::open(path)?);
    let mut line = Vec::with_capacity(256);
    while table.read_until(b'\n', &mut line)? > 0 {
        see(&line);
        line.clear();
    }
    Ok(())
}

/// Whether a connection is still one: neither reset nor closed from here.
pub fn is_open(socket: &impl AsFd) -> bool {
    // `tcp_info` begins with the state.
    let mut info = [0u8; 8];
    let mut length = info.len() as libc::socklen_t;
    // SAFETY: writes at most `length` bytes to `info`, whose length that is.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    result == 0 && tcp::is_open(info[0])
}

/// The uid that the kernel shows for all users whom it can't name here: it is nobody's.
pub fn overflow_uid() -> u32 {
    let text = std::fs::read_to_string("/proc/sys/kernel/overflowuid").unwrap_or_default();
    text.trim().parse().unwrap_or(OVERFLOW_UID)
}

#[cfg(test)]
mod tests {
    use super::{listener, overflow_uid};
    use std::net::TcpListener;

    #[test]
    fn who_listens_is_found() {
        let listening = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listening.local_addr().unwrap();
        assert_eq!(listener(address), Some(nix::unistd::geteuid().as_raw()));
        assert_eq!(listener(([127, 0, 0, 2], address.port()).into()), None);
        assert_eq!(overflow_uid(), 65_534);
    }
}
