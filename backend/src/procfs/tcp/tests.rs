//! Whose a connection is, and whose it must never be.

use super::{Ends, Line, Search, holds, is_open};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// As the kernel writes it.
fn written(address: SocketAddr, mapped: bool) -> String {
    let words = |bytes: &[u8]| -> String {
        let words = bytes.chunks(4).map(|word| word.try_into().unwrap());
        words
            .map(|word| format!("{:08X}", u32::from_ne_bytes(word)))
            .collect()
    };
    let ip = match address.ip() {
        IpAddr::V4(ip) if mapped => words(&ip.to_ipv6_mapped().octets()),
        IpAddr::V4(ip) => words(&ip.octets()),
        IpAddr::V6(ip) => words(&ip.octets()),
    };
    format!("{ip}:{:04X}", address.port())
}

fn line(
    local: SocketAddr,
    remote: SocketAddr,
    state: u8,
    uid: u32,
    inode: u64,
    mapped: bool,
) -> String {
    let [local, remote] = [local, remote].map(|end| written(end, mapped));
    format!(
        "12345: {local} {remote} {state:02X} 00000000:00000000 02:000A7214 00000000 {uid:5}        0 {inode} 2 \
         0000000012345678 20 4 30 10 -1"
    )
}

const OURS: &str = "127.0.0.1:8080";
const THEIRS: &str = "127.0.0.1:40000";

/// What the lines say about the connection from THEIRS to OURS.
fn owner(lines: &[String]) -> Option<u32> {
    let ends = Ends::on_loopback(at(THEIRS), at(OURS)).unwrap();
    let mut search = Search::new(&[ends]);
    search.see(b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode");
    lines.iter().for_each(|line| search.see(line.as_bytes()));
    search.owner(&ends)
}

#[test]
#[cfg(target_endian = "little")]
fn lines_are_read_as_kernels_write_them() {
    let v4 = "   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 2467269 1 \
              000000001ae982d3 100 0 0 10 0                      ";
    let read = Line::parse(v4.as_bytes()).unwrap();
    assert_eq!((read.local, read.remote), (at(OURS), at(THEIRS)));
    assert_eq!((read.state, read.uid, read.inode), (1, 1_000, 2_467_269));
    let v6 = "   0: 00000000000000000000000001000000:1F90 0000000000000000FFFF00000100007F:9C40 08 00000000:00000000 \
              00:00000000 00000000 65534        0 7 1 000000007e0eabf3 100 0 0 10 0";
    let read = Line::parse(v6.as_bytes()).unwrap();
    assert_eq!((read.local, read.remote), (at("[::1]:8080"), at(THEIRS)));
    assert_eq!((read.state, read.uid, read.inode), (8, 65_534, 7));
}

#[test]
fn one_line_with_an_owner_is_an_owner() {
    let (ours, theirs) = (at(OURS), at(THEIRS));
    let of = |state, uid, inode, mapped| line(theirs, ours, state, uid, inode, mapped);
    let own = line(ours, theirs, 1, 0, 5, false);
    let table: [(&[String], Option<u32>); 15] = [
        (&[], None),
        (&[of(1, 1_000, 9, false)], Some(1_000)),
        // A socket for both families.
        (&[of(1, 1_000, 9, true)], Some(1_000)),
        // It has sent all that it had to say, and waits.
        (&[of(4, 1_000, 9, false)], Some(1_000)),
        (&[of(5, 1_000, 9, false)], Some(1_000)),
        // Closed: the kernel shows root's number for a socket that is nobody's.
        (&[of(1, 0, 0, false)], None),
        (&[of(5, 0, 0, false)], None),
        // TIME_WAIT, CLOSE, and somebody who only tries to connect from there.
        (&[of(6, 0, 0, false)], None),
        (&[of(7, 0, 9, false)], None),
        (&[of(2, 0, 9, false)], None),
        // Our own end is no other end.
        (std::slice::from_ref(&own), None),
        (&[own.clone(), of(1, 1_000, 9, false)], Some(1_000)),
        // Two.
        (&[of(1, 0, 9, false), of(1, 0, 9, true)], None),
        (&[of(6, 0, 0, false), of(1, 0, 9, false)], None),
        (&[of(1, 0, 9, false), of(5, 0, 0, false)], None),
    ];
    for (lines, expected) in table {
        assert_eq!(owner(lines), expected, "{lines:?}");
    }
}

#[test]
fn only_the_exact_ends_count() {
    let (ours, theirs) = (at(OURS), at(THEIRS));
    let others = [
        (at("127.0.0.2:40000"), ours),
        (at("127.0.0.1:40001"), ours),
        (theirs, at("127.0.0.1:8081")),
        (theirs, at("127.0.0.2:8080")),
        (at("[::1]:40000"), at("[::1]:8080")),
        (at("0.0.0.0:40000"), ours),
    ];
    for (local, remote) in others {
        assert_eq!(
            owner(&[line(local, remote, 1, 0, 9, false)]),
            None,
            "{local}"
        );
    }
}

#[test]
fn only_on_loopback_is_the_other_end_on_this_host() {
    let table = [
        (THEIRS, OURS, true),
        ("127.9.9.9:1", "127.0.0.1:8080", true),
        ("[::1]:1", "[::1]:8080", true),
        ("[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:8080", true),
        ("10.0.0.5:1", "10.0.0.5:8080", false),
        ("127.0.0.1:1", "10.0.0.5:8080", false),
        ("[::ffff:10.0.0.5]:1", "[::ffff:127.0.0.1]:8080", false),
        ("[2001:db8::1]:1", "[::1]:8080", false),
    ];
    for (theirs, ours, expected) in table {
        let ends = Ends::on_loopback(at(theirs), at(ours));
        assert_eq!(ends.is_some(), expected, "{theirs} {ours}");
    }
    let mapped = Ends::on_loopback(
        at("[::ffff:127.0.0.1]:40000"),
        at("[::ffff:127.0.0.1]:8080"),
    );
    assert_eq!(mapped, Ends::on_loopback(at(THEIRS), at(OURS)));
}

#[test]
fn who_listens_holds_an_address() {
    let table = [
        ("127.0.0.1:8080", "127.0.0.1:8080", true),
        ("0.0.0.0:8080", "127.0.0.1:8080", true),
        ("[::]:8080", "127.0.0.1:8080", true),
        ("127.0.0.1:8080", "0.0.0.0:8080", true),
        ("127.0.0.1:8080", "127.0.0.1:8081", false),
        ("127.0.0.1:8080", "[::1]:8080", false),
        ("[::1]:8080", "[::1]:8080", true),
        ("127.0.0.2:8080", "127.0.0.1:8080", false),
    ];
    for (held, wanted, expected) in table {
        let listens = |state| {
            let text = line(at(held), at("0.0.0.0:0"), state, 1_000, 9, false);
            holds(&Line::parse(text.as_bytes()).unwrap(), at(wanted))
        };
        assert_eq!(listens(10), expected, "{held} {wanted}");
        assert!(!listens(1), "a connection holds nothing");
    }
}

#[test]
fn a_connection_is_open_until_either_end_has_given_it_up() {
    let open: Vec<u8> = (0..=20).filter(|state| is_open(*state)).collect();
    assert_eq!(open, [1, 8]);
}

fn loopback() -> impl Strategy<Value = SocketAddr> {
    let ip = prop_oneof![
        Just(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1u16])),
        (0u8..3).prop_map(|last| Ipv4Addr::new(127, 0, 0, last).into()),
    ];
    (ip, 1u16..5).prop_map(|(ip, port)| SocketAddr::new(ip, port))
}

prop_compose! {
    fn socket()(
        local in loopback(), remote in loopback(),
        state in 0u8..14, uid in 0u32..4, inode in 0u64..3, mapped: bool,
    ) -> (Line, String) {
        let text = line(local, remote, state, uid, inode, mapped);
        (Line { local, remote, state, uid, inode }, text)
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read((expected, text) in socket()) {
        prop_assert_eq!(Line::parse(text.as_bytes()), Some(expected));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
        let _ = Line::parse(&bytes);
    }

    /// Whatever else the tables hold: whoever is named has a socket with exactly these ends, the only one with them.
    #[test]
    fn nobody_is_named_who_does_not_hold_the_other_end(
        sockets in proptest::collection::vec(socket(), 0..40),
        theirs in loopback(), ours in loopback(),
    ) {
        let ends = Ends::on_loopback(theirs, ours).unwrap();
        let mut search = Search::new(&[ends]);
        for (_, text) in &sockets {
            search.see(text.as_bytes());
        }
        let with_ends: Vec<&Line> = sockets.iter().map(|(line, _)| line)
            .filter(|line| line.local == theirs && line.remote == ours).collect();
        let expected = match with_ends[..] {
            [only] if only.inode != 0 && [1, 4, 5, 8].contains(&only.state) => Some(only.uid),
            _ => None,
        };
        prop_assert_eq!(search.owner(&ends), expected);
    }
}
