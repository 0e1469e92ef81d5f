use super::Owners;
use super::diag::Diag;
use crate::procfs::sockets::is_open;
use crate::procfs::tcp::Ends;
use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

/// A connection on a loopback address, from the one end and the other.
fn pair(listening: &TcpListener, to: SocketAddr) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(to).unwrap();
    (client, listening.accept().unwrap().0)
}

fn ends(server: &TcpStream) -> Ends {
    Ends::on_loopback(server.peer_addr().unwrap(), server.local_addr().unwrap()).unwrap()
}

fn own() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// Both ways to find an owner; one alone where the kernel has no `tcp_diag`.
fn ways() -> Vec<Owners> {
    let diag = Diag::open().inspect_err(|error| println!("SKIPPED: sock_diag: {error}"));
    let diag = diag.ok().map(|diag| Owners { diag: Some(diag) });
    diag.into_iter().chain([Owners { diag: None }]).collect()
}

#[test]
fn the_other_end_is_found_whichever_families_it_is_of() {
    let v4 = TcpListener::bind("127.0.0.1:0").unwrap();
    let both = TcpListener::bind("[::]:0").unwrap();
    let port = both.local_addr().unwrap().port();
    let mapped: SocketAddr = format!("[::ffff:127.0.0.1]:{port}").parse().unwrap();
    for owners in ways() {
        let owner = |ends: Ends| owners.of(&[ends]).unwrap()[0];
        for (listening, to) in [
            (&v4, v4.local_addr().unwrap()),
            (&both, ([127, 0, 0, 1], port).into()),
            (&both, format!("[::1]:{port}").parse().unwrap()),
            (&both, mapped),
        ] {
            let (client, server) = pair(listening, to);
            let ends = ends(&server);
            assert_eq!(owner(ends), Some(own()), "{to}");
            assert!(is_open(&server));
            // It waits for the answer to what it has sent.
            client.shutdown(Shutdown::Write).unwrap();
            (&server).read_to_end(&mut Vec::new()).unwrap();
            assert_eq!(owner(ends), Some(own()), "{to}");
            assert!(is_open(&server));
            drop(client);
            assert_eq!(owner(ends), None, "{to}");
        }
    }
}

/// Whoever listens on the port that a peer had is not the peer.
#[test]
fn who_listens_is_at_nobodys_other_end() {
    let listening = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = listening.local_addr().unwrap();
    let ends = Ends::on_loopback(theirs, ([127, 0, 0, 1], 8_080).into()).unwrap();
    for owners in ways() {
        assert_eq!(owners.of(&[ends, ends]).unwrap(), [None, None]);
    }
}

/// Run alone, for the numbers: `cargo test -p runqlat-web --release -- --ignored --nocapture twenty_thousand`
#[test]
#[ignore = "opens 19,800 descriptors, and is there for the numbers that it prints"]
fn a_look_up_among_twenty_thousand_sockets() {
    let allowed = crate::procfs::allow_files(19_900);
    assert!(allowed >= 19_900, "ulimit -n: {allowed}");
    let listening = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listening.local_addr().unwrap();
    let held: Vec<_> = (0..9_900).map(|_| pair(&listening, to)).collect();
    let asked = [0, 4_999, 9_899].map(|at: usize| ends(&held[at].1));
    for owners in ways() {
        let mut took: Vec<_> = (0..20)
            .map(|_| {
                let start = Instant::now();
                assert_eq!(owners.of(&asked).unwrap(), [Some(own()); 3]);
                start.elapsed()
            })
            .collect();
        took.sort_unstable();
        let how = owners.diag.map_or("tables", |_| "sock_diag");
        let (median, longest) = (took[10], took[19]);
        println!("19,800 sockets, {how}: median {median:?}, longest {longest:?}");
    }
}
