//! What is bound, what is refused, and what people type.

use super::{Listen, ListenError, Sockets};
use crate::confine::Group;
use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

/// A folder of the test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rw-listen-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn socket(&self) -> (PathBuf, [Listen; 1]) {
        let path = self.0.join("socket");
        (path.clone(), [Listen::Unix(path)])
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn bind(asked: &[Listen]) -> Result<Sockets, ListenError> {
    Sockets::bind(asked, None, None)
}

fn refusal(asked: &[Listen]) -> String {
    let error = bind(asked).map(|_| ()).unwrap_err();
    format!("{error}. {}", error.hint())
}

#[test]
fn addresses_are_read_as_they_are_written() {
    for text in [
        "localhost:8080",
        "localhost:0",
        "10.0.0.5:80",
        "[::1]:8080",
        "unix:/run/a.sock",
    ] {
        assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
    }
    let table = [
        ("localhost", "localhost:8080"),
        ("localhost:", "a port from 0 to 65535"),
        ("localhost:65536", "a port from 0 to 65535"),
        ("db1.example:8080", "an address and a port"),
        ("8080", "an address and a port"),
        ("unix:", "wants a path"),
    ];
    for (text, said) in table {
        let why = text.parse::<Listen>().unwrap_err();
        assert!(why.contains(said), "{text}: {why}");
    }
}

#[test]
fn localhost_is_both_loopback_addresses_with_one_port() {
    let sockets: Vec<_> = (0..20)
        .map(|_| bind(&[Listen::Localhost(0)]).unwrap())
        .collect();
    for sockets in &sockets {
        let [v4, v6] = sockets.addresses()[..] else {
            panic!("{:?}", sockets.addresses());
        };
        assert!(v4.ip().is_loopback() && v6.ip().is_loopback());
        assert!(v4.port() == v6.port() && v4.port() != 0);
        assert_eq!(
            sockets.urls("http"),
            [format!("http://localhost:{}", v4.port())]
        );
        assert!(sockets.notes.is_empty());
    }
}

#[test]
fn where_either_loopback_address_is_taken_its_holder_is_named() {
    for held in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0"] {
        let holder = TcpListener::bind(held).unwrap();
        let port = holder.local_addr().unwrap().port();
        let said = refusal(&[Listen::Localhost(port)]);
        let uid = nix::unistd::geteuid();
        assert!(said.contains(&format!(":{port}: ")), "{said}");
        assert!(
            said.contains(&format!("({uid}) listens there already")),
            "{said}"
        );
        assert!(
            said.contains(&format!("--listen localhost:{}", port + 1)),
            "{said}"
        );
    }
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap();
    let said = refusal(&[Listen::Address(address)]);
    assert!(
        said.contains(&format!("--listen 127.0.0.1:{}", address.port() + 1)),
        "{said}"
    );
    // What others do with the other address is no matter then.
    let other: SocketAddr = format!("[::1]:{}", address.port()).parse().unwrap();
    assert_eq!(
        bind(&[Listen::Address(other)]).unwrap().addresses(),
        [other]
    );
}

#[test]
fn one_address_is_not_listened_on_twice() {
    let port = bind(&[Listen::Localhost(0)]).unwrap().addresses()[0].port();
    let everywhere: SocketAddr = ([0, 0, 0, 0], port).into();
    for other in [Listen::Localhost(port), Listen::Address(everywhere)] {
        let said = refusal(&[Listen::Localhost(port), other]);
        assert!(said.contains("twice"), "{said}");
    }
}

#[tokio::test]
async fn nobody_connects_before_it_listens() {
    let folder = Folder::new("early");
    let (path, asked) = folder.socket();
    let sockets = bind(&asked).unwrap();
    let early = UnixStream::connect(&path).unwrap_err();
    assert_eq!(early.kind(), ErrorKind::ConnectionRefused);
    let listeners = sockets.listen().unwrap();
    UnixStream::connect(&path).unwrap();
    drop(listeners);
    assert!(!path.exists(), "it is removed where it may be");
}

#[test]
fn a_unix_socket_is_for_its_owner_and_for_a_group_that_is_named() {
    let folder = Folder::new("mode");
    let (path, asked) = folder.socket();
    let found = || {
        let metadata = fs::symlink_metadata(&path).unwrap();
        (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
    };
    let own = (
        nix::unistd::geteuid().as_raw(),
        nix::unistd::getegid().as_raw(),
    );
    let sockets = bind(&asked).unwrap();
    assert_eq!(found(), (0o600, own.0, own.1));
    drop(sockets);
    let group = Group::named(&own.1.to_string()).unwrap();
    let _sockets = Sockets::bind(&asked, Some(own.0), Some(&group)).unwrap();
    assert_eq!(found(), (0o660, own.0, own.1));
    if own.0 == 0 {
        let other = Group::named("4711").unwrap();
        let _sockets = Sockets::bind(&asked, Some(1_234), Some(&other)).unwrap();
        assert_eq!(found(), (0o660, 1_234, 4_711));
    }
}

#[test]
fn a_stale_socket_is_replaced_and_nothing_else() {
    let folder = Folder::new("stale");
    let (path, asked) = folder.socket();
    let living = UnixListener::bind(&path).unwrap();
    let said = refusal(&asked);
    assert!(
        said.contains("another server listens there already"),
        "{said}"
    );
    assert!(path.exists());
    drop(living);
    drop(bind(&asked).unwrap());
    for make in [
        |path: &PathBuf| fs::write(path, "kept").unwrap(),
        |path: &PathBuf| fs::create_dir(path).unwrap(),
        |path: &PathBuf| std::os::unix::fs::symlink("/nowhere", path).unwrap(),
    ] {
        let _ = fs::remove_file(&path);
        make(&path);
        let said = refusal(&asked);
        assert!(said.contains("is no socket"), "{said}");
        let kept = fs::symlink_metadata(&path).unwrap().file_type();
        assert!(!kept.is_socket());
        let _ = fs::remove_dir(&path);
    }
}

/// Connecting to it would wait for a place.
#[test]
fn a_socket_whose_queue_is_full_is_alive() {
    let folder = Folder::new("full");
    let (path, asked) = folder.socket();
    let address = socket2::SockAddr::unix(&path).unwrap();
    let socket =
        || socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    let full = socket();
    full.bind(&address).unwrap();
    full.listen(0).unwrap();
    let waiting: Vec<_> = std::iter::repeat_with(|| {
        let waiting = socket();
        waiting.set_nonblocking(true).unwrap();
        waiting.connect(&address).map(|()| waiting)
    })
    .take_while(Result::is_ok)
    .collect();
    assert!(!waiting.is_empty());
    assert!(refusal(&asked).contains("another server"));
}

#[test]
fn where_everybody_may_write_no_socket_is_made() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("open");
    let (path, asked) = folder.socket();
    let open = |mode| fs::set_permissions(&folder.0, fs::Permissions::from_mode(mode)).unwrap();
    open(0o777);
    let said = refusal(&asked);
    assert!(
        said.contains("everybody may write") && !path.exists(),
        "{said}"
    );
    open(0o1777);
    assert!(bind(&asked).is_ok());
    let said = refusal(&[Listen::Unix("/nowhere/at/all".into())]);
    assert!(said.contains("No such file"), "{said}");
    let long = PathBuf::from(format!("/tmp/{}", "x".repeat(200)));
    assert!(refusal(&[Listen::Unix(long)]).contains("can't listen on unix:/tmp/x"));
}
