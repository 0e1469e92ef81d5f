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
    use super::{is_open, listener, overflow_uid, owners};
    use crate::procfs::tcp::Ends;
    use std::io::Read;
    use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
    use std::time::Instant;

    /// A connection on a loopback address, from the one end and the other.
    fn pair(listening: &TcpListener, to: SocketAddr) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(to).unwrap();
        (client, listening.accept().unwrap().0)
    }

    fn owner(server: &TcpStream) -> Option<u32> {
        let (theirs, ours) = (server.peer_addr().unwrap(), server.local_addr().unwrap());
        owners(&[Ends::on_loopback(theirs, ours).unwrap()]).unwrap()[0]
    }

    fn own() -> u32 {
        nix::unistd::geteuid().as_raw()
    }

    #[test]
    fn the_other_end_is_found_whichever_families_it_is_of() {
        let v4 = TcpListener::bind("127.0.0.1:0").unwrap();
        let both = TcpListener::bind("[::]:0").unwrap();
        let port = both.local_addr().unwrap().port();
        let mapped: SocketAddr = format!("[::ffff:127.0.0.1]:{port}").parse().unwrap();
        for (listening, to) in [
            (&v4, v4.local_addr().unwrap()),
            (&both, ([127, 0, 0, 1], port).into()),
            (&both, format!("[::1]:{port}").parse().unwrap()),
            (&both, mapped),
        ] {
            let (client, server) = pair(listening, to);
            assert_eq!(owner(&server), Some(own()), "{to}");
            assert!(is_open(&server));
            // It waits for the answer to what it has sent.
            client.shutdown(Shutdown::Write).unwrap();
            (&server).read_to_end(&mut Vec::new()).unwrap();
            assert_eq!(owner(&server), Some(own()), "{to}");
            assert!(is_open(&server));
            drop(client);
            assert_eq!(owner(&server), None, "{to}");
        }
    }

    #[test]
    fn who_listens_is_found() {
        let listening = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listening.local_addr().unwrap();
        assert_eq!(listener(address), Some(own()));
        assert_eq!(listener(([127, 0, 0, 2], address.port()).into()), None);
        assert_eq!(overflow_uid(), 65_534);
    }

    /// Run alone, for the number: `cargo test -p runqlat-web --release -- --ignored --nocapture twenty_thousand`
    #[test]
    #[ignore = "opens 19,800 descriptors, and is there for the number that it prints"]
    fn a_look_up_among_twenty_thousand_sockets() {
        let allowed = crate::procfs::allow_files(19_900);
        assert!(allowed >= 19_900, "ulimit -n: {allowed}");
        let listening = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listening.local_addr().unwrap();
        let held: Vec<_> = (0..9_900).map(|_| pair(&listening, to)).collect();
        let of: Vec<_> = [0, 4_999, 9_899]
            .map(|at: usize| held[at].1.peer_addr().unwrap())
            .to_vec();
        let ends: Vec<_> = of
            .iter()
            .map(|theirs| Ends::on_loopback(*theirs, to).unwrap())
            .collect();
        let mut took: Vec<_> = (0..20)
            .map(|_| {
                let start = Instant::now();
                assert_eq!(owners(&ends).unwrap(), [Some(own()); 3]);
                start.elapsed()
            })
            .collect();
        took.sort_unstable();
        println!(
            "19,800 sockets: median {:?}, longest {:?}",
            took[10], took[19]
        );
    }
}
