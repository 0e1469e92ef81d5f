//! SIGHUP from outside: certificate, key and tokens are read again, with files that are replaced by others, and by a
//! process that can read what the server no longer can.

mod support;

use runqlat_common::wire::CLOSE_NO_TOKEN;
use std::fs::{self, OpenOptions};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::client::{PATIENCE, Viewer, get, post};
use support::server::{Server, binary};

const STATE: &str = "/api/v1/state";
const VIEW: &str = "view-0123456789-0123456789";
const CONTROL: &str = "control-0123456789-0123456789";
const NEW_VIEW: &str = "other-0123456789-0123456789";

/// A folder of the test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rw-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        // The server is nobody, or somebody, and can't look in here any more.
        fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// Puts a file in another's place, as those do that renew certificates.
    fn replace(&self, name: &str, text: &str, mode: u32) {
        let new = self.path("new");
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, PermissionsExt::from_mode(mode)).unwrap();
        fs::rename(new, self.path(name)).unwrap();
    }

    fn tokens(&self, view: &str, control: &str) {
        self.replace("view", view, 0o600);
        self.replace("control", control, 0o600);
    }

    fn token_files(&self) -> [String; 4] {
        let (view, control) = (self.path("view"), self.path("control"));
        [
            "--view-token-file".into(),
            view,
            "--control-token-file".into(),
            control,
        ]
    }

    /// A certificate for this name with its key; the certificate's fingerprint.
    fn certify(&self, name: &str) -> String {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        self.replace("key", &made.signing_key.serialize_pem(), 0o600);
        self.replace("cert", &made.cert.pem(), 0o644);
        made.cert.pem()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn start(args: &[String]) -> Server {
    let always = ["--demo", "--interval", "100ms", "--token"].map(str::to_owned);
    let args: Vec<&str> = always.iter().chain(args).map(String::as_str).collect();
    Server::start(&args)
}

fn status(server: &Server, secret: &str) -> u16 {
    let shown = format!("Bearer {secret}");
    get(server.address, STATE, &[("Authorization", &shown)]).status
}

fn sign_in(server: &Server, token: &str) -> String {
    let body = format!(r#"{{"token": "{token}"}}"#);
    let reply = post(server.address, "/api/v1/session", &body);
    reply.json()["session"].as_str().expect("a session").into()
}

/// The certificate that openssl's client is shown, in PEM.
fn shown(server: &Server) -> String {
    let address = server.address.to_string();
    let client = Command::new("openssl")
        .args(["s_client", "-connect", &address, "-servername", "localhost"])
        .stdin(Stdio::null())
        .output()
        .expect("openssl");
    let text = String::from_utf8_lossy(&client.stdout).into_owned();
    let from = text
        .find("-----BEGIN CERTIFICATE")
        .unwrap_or_else(|| panic!("{text}"));
    let end = "-----END CERTIFICATE-----";
    text[from..text.find(end).unwrap() + end.len()].to_owned()
}

fn same(pem: &str, other: &str) -> bool {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    bare(pem) == bare(other)
}

#[tokio::test]
async fn changed_tokens_end_what_rested_on_them_and_nothing_else() {
    let folder = Folder::new("tokens");
    folder.tokens(VIEW, CONTROL);
    let server = start(&folder.token_files());
    let (view, control) = (sign_in(&server, VIEW), sign_in(&server, CONTROL));
    let mut viewer = Viewer::page(server.address, &view).await;
    let mut controller = Viewer::page(server.address, &control).await;
    viewer.snapshot().await;
    controller.snapshot().await;

    server.signal(libc::SIGHUP);
    server.says(&["audit", "reload", "tokens", "they are the same"]);
    assert_eq!([status(&server, &view), status(&server, VIEW)], [200, 200]);

    folder.tokens(NEW_VIEW, CONTROL);
    server.signal(libc::SIGHUP);
    server.says(&["audit", "reload", "tokens", "done"]);
    assert_eq!(viewer.farewell().await.0, CLOSE_NO_TOKEN);
    let all = [VIEW, &view, NEW_VIEW, CONTROL, &control].map(|secret| status(&server, secret));
    assert_eq!(all, [401, 401, 200, 200, 200]);
    controller.fresh().await;

    // What is wrong with a file is said with its name, and changes nothing.
    for (text, mode, why) in [
        (
            NEW_VIEW,
            0o644,
            "others than its owner can read or change the token file",
        ),
        ("short", 0o600, "it has 5 characters"),
        (CONTROL, 0o600, "are the same"),
    ] {
        folder.replace("view", text, mode);
        server.signal(libc::SIGHUP);
        let line = server.says(&["WARN", why, "stays in force"]);
        assert!(line.contains("/view") || why == "are the same", "{line}");
        assert!(
            !line.contains(NEW_VIEW) && !line.contains(CONTROL),
            "{line}"
        );
        assert_eq!(
            [status(&server, NEW_VIEW), status(&server, &control)],
            [200, 200]
        );
    }
    fs::remove_file(folder.path("view")).unwrap();
    server.signal(libc::SIGHUP);
    server.says(&["WARN", "can't read the token file", "/view: No such file"]);
    assert_eq!(status(&server, NEW_VIEW), 200);
    // And mended, it counts again.
    folder.tokens(VIEW, CONTROL);
    server.signal(libc::SIGHUP);
    server.says(&["audit", "tokens", "done"]);
    assert_eq!(
        [status(&server, VIEW), status(&server, NEW_VIEW)],
        [200, 401]
    );
    // The very session of before: its token is the same again.
    assert_eq!(status(&server, &view), 200);
}

/// By rename, and by a link that leads elsewhere, as certbot and Kubernetes do it.
#[test]
fn openssl_sees_the_new_certificate() {
    let folder = Folder::new("cert");
    let first = folder.certify("localhost");
    let args = [
        "--tls-cert",
        &folder.path("cert"),
        "--tls-key",
        &folder.path("key"),
    ];
    let args = args.map(str::to_owned);
    let server = start(&args);
    assert!(same(&shown(&server), &first));
    let second = folder.certify("localhost");
    assert!(same(&shown(&server), &first), "not before it is told to");
    server.signal(libc::SIGHUP);
    server.says(&["audit", "reload", "certificate", "done"]);
    assert!(same(&shown(&server), &second));

    // A key that is another's, and one that everybody can read.
    let key = fs::read_to_string(folder.path("key")).unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    for (text, mode, why) in [
        (other.signing_key.serialize_pem(), 0o600, "can't be used"),
        (
            key,
            0o644,
            "others than its owner can read or change the private key",
        ),
    ] {
        folder.replace("key", &text, mode);
        server.signal(libc::SIGHUP);
        server.says(&["WARN", why, "the old certificate stays"]);
        assert!(same(&shown(&server), &second));
    }

    let elsewhere = Folder::new("elsewhere");
    let third = elsewhere.certify("localhost");
    for name in ["cert", "key"] {
        fs::remove_file(folder.path(name)).unwrap();
        symlink(elsewhere.path(name), folder.path(name)).unwrap();
    }
    server.signal(libc::SIGHUP);
    server.says(&["audit", "reload", "certificate", "done"]);
    assert!(same(&shown(&server), &third));
}

/// The children of a process, by their ids.
fn children(of: u32) -> Vec<u32> {
    let path = format!("/proc/{of}/task/{of}/children");
    let ids = fs::read_to_string(path).unwrap_or_default();
    ids.split_whitespace()
        .map(|id| id.parse().unwrap())
        .collect()
}

fn field(id: u32, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    line.trim_start_matches(':').trim().to_owned()
}

#[test]
fn what_reads_the_files_can_do_nothing_else_and_ends_with_the_server() {
    let folder = Folder::new("reader");
    folder.tokens(VIEW, CONTROL);
    let server = start(&folder.token_files());
    let [reader] = children(server.id())[..] else {
        panic!("one child, and not {:?}", children(server.id()));
    };
    // It has answered, so it has given its rights up.
    server.signal(libc::SIGHUP);
    server.says(&["audit", "reload", "tokens"]);
    const READ_SEARCH: u64 = 1 << 2;
    const OVERRIDE: u64 = 1 << 1;
    let effective = u64::from_str_radix(&field(reader, "CapEff"), 16).unwrap();
    assert!(
        [0, OVERRIDE, READ_SEARCH].contains(&effective),
        "{effective:x}"
    );
    assert_eq!(
        (field(reader, "NoNewPrivs"), field(reader, "Seccomp")),
        ("1".into(), "2".into())
    );
    assert_eq!(field(reader, "Threads"), "1");
    if field(std::process::id(), "Uid").starts_with("0\t") && effective != 0 {
        assert!(
            !field(reader, "Uid").split('\t').any(|uid| uid == "0"),
            "still root"
        );
    }
    server.signal(libc::SIGKILL);
    drop(server);
    let since = Instant::now();
    while fs::metadata(format!("/proc/{reader}")).is_ok() {
        assert!(since.elapsed() < PATIENCE, "it is still there");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// One that is gone is told, and changes nothing.
#[test]
fn a_reader_that_is_gone_is_told() {
    let folder = Folder::new("gone");
    folder.tokens(VIEW, CONTROL);
    let server = start(&folder.token_files());
    for reader in children(server.id()) {
        // SAFETY: signals a child of the server that this test has started, which has not waited for it.
        unsafe { libc::kill(reader as i32, libc::SIGKILL) };
    }
    folder.tokens(NEW_VIEW, CONTROL);
    server.signal(libc::SIGHUP);
    server.says(&["audit", "reload", "is gone", "restart the server"]);
    assert_eq!(
        [status(&server, VIEW), status(&server, NEW_VIEW)],
        [200, 401]
    );
}

#[test]
fn without_files_there_is_no_reader_and_nothing_to_reload() {
    let server = start(&[]);
    assert_eq!(children(server.id()), Vec::<u32>::new());
    server.signal(libc::SIGHUP);
    server.says(&["audit", "nothing to reload"]);
    assert_eq!(get(server.address, "/healthz", &[]).status, 200);
}

/// The end of the terminal that it was started from ends it, as it ends what does not handle SIGHUP.
#[test]
fn it_ends_with_its_terminal() {
    // Closed in every program that is started, or some server would hold its terminal's other end itself.
    let mut options = OpenOptions::new();
    let terminal = options.read(true).write(true).open("/dev/ptmx").unwrap();
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: unlocks the terminal that was just opened, and opens its other end, which is nobody else's.
    let end = unsafe {
        assert_eq!(libc::unlockpt(terminal.as_raw_fd()), 0);
        let end = libc::ioctl(terminal.as_raw_fd(), libc::TIOCGPTPEER, flags);
        assert!(end >= 0, "{}", std::io::Error::last_os_error());
        OwnedFd::from_raw_fd(end)
    };
    let mut command = Command::new(binary());
    command.args(["--demo", "--listen", "127.0.0.1:0", "--token"]);
    command.stdin(end);
    let server = Server::start_by(&mut command);
    drop(command);
    server.signal(libc::SIGHUP);
    server.says(&["audit", "nothing to reload"]);
    drop(terminal);
    server.signal(libc::SIGHUP);
    assert_eq!(server.wait_status(), Some(0));
}

/// With token files, a restarted server lets in who was in.
#[test]
fn sessions_outlive_a_restart_where_tokens_are_in_files() {
    let folder = Folder::new("restart");
    folder.tokens(VIEW, CONTROL);
    let server = start(&folder.token_files());
    let session = sign_in(&server, VIEW);
    drop(server);
    let server = start(&folder.token_files());
    assert_eq!(status(&server, &session), 200);
    let made = start(&[]);
    assert_eq!(status(&made, &session), 401);
}
