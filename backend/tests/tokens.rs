//! Who may look and who may control, from outside: with which token, over which way, until when. On
//! synthetic data, so that it needs no root.

mod support;

use runqlat_common::wire::{
    CLOSE_NO_TOKEN, ClientMessage, Format, Region, Scope, ServerMessage, SetScope,
};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use support::client::{Reply, Viewer, connect_with, get, post, put, refusal, request, send};
use support::server::{Server, bearer, binary, run};

const STATE: &str = "/api/v1/state";
const SCOPE: &str = "/api/v1/scope";
const ROTATE: &str = "/api/v1/tokens/rotate";
const SESSION: &str = "/api/v1/session";

/// Beyond loopback, with short intervals.
fn exposed(args: &[&str]) -> Server {
    let always = ["--demo", "--interval", "100ms", "--listen", "0.0.0.0:0"];
    Server::start_with(&[&always, args].concat())
}

fn with(token: &str) -> [(&'static str, &str); 1] {
    [("Authorization", token)]
}

fn error(reply: &Reply) -> (String, String) {
    let json = reply.json();
    let text = |field: &str| json[field].as_str().expect(field).to_owned();
    (text("error"), text("hint"))
}

fn region() -> ClientMessage {
    ClientMessage::Region(Region {
        from_seq: 1,
        to_seq: 9,
        from_slot: 0,
        to_slot: 35,
        context_from_seq: 1,
        context_to_seq: 9,
        cause: None,
    })
}

fn targets() -> ClientMessage {
    ClientMessage::Targets {
        query: "postgres".into(),
    }
}

fn set_scope() -> ClientMessage {
    let scope = Scope {
        tgid: Some(1_000),
        ..Scope::default()
    };
    ClientMessage::SetScope(SetScope {
        scope,
        expect: None,
    })
}

#[test]
fn beyond_loopback_nothing_is_told_without_a_token() {
    let server = exposed(&[]);
    let address = server.local();
    assert!(
        server.said.contains("warning: without TLS"),
        "{}",
        server.said
    );
    for path in [
        STATE,
        SCOPE,
        "/api/v1/histogram",
        "/api/v1/region",
        "/api/v1/targets",
        "/nothing",
        "/",
    ] {
        let reply = get(address, path, &[]);
        assert_eq!(reply.status, 401, "{path}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let (error, hint) = error(&reply);
        assert_eq!(error, "this server asks for a token");
        assert!(hint.contains("links that it printed"), "{hint}");
    }
    for (method, path) in [("PUT", SCOPE), ("POST", ROTATE), ("DELETE", STATE)] {
        let reply = send(address, method, path, &[("Content-Length", "2")], "{}");
        assert_eq!(reply.status, 401, "{method} {path}");
    }
    // A browser gets the page, which asks for a token; it holds nothing of this host.
    let page = get(address, "/", &[("Accept", "text/html,*/*;q=0.8")]);
    assert_eq!(
        (page.status, page.header("cache-control")),
        (200, Some("no-cache"))
    );
    assert!(page.text().contains("<script"));
    assert_eq!(get(address, "/healthz", &[]).text(), "ok\n");
}

#[test]
fn tokens_that_are_none_are_refused() {
    let server = exposed(&[]);
    let (address, view) = (server.local(), server.bearer("view"));
    let basic = view.replace("Bearer", "Basic");
    let (short, long) = (&view[..view.len() - 1], format!("{view}0"));
    for token in ["Bearer", "Bearer ", "Bearer x", &basic, short, &long] {
        assert_eq!(get(address, STATE, &with(token)).status, 401, "{token}");
    }
    // Not in the address, where logs would have it.
    let query = format!("{STATE}?token={}", &view["Bearer ".len()..]);
    assert_eq!(get(address, &query, &[]).status, 401);
}

#[tokio::test]
async fn a_viewer_looks_and_a_controller_controls() {
    let server = exposed(&[]);
    let address = server.local();
    let (view, control) = (server.bearer("view"), server.bearer("control"));
    assert_ne!(view, control);
    for (token, may) in [(&view, false), (&control, true)] {
        let state = get(address, STATE, &with(token)).json();
        assert_eq!(state["may_control"], may);
        let reply = get(address, "/api/v1/targets?q=postgres", &with(token));
        assert_eq!(reply.status, if may { 200 } else { 403 });
        assert_eq!(reply.text().contains("/usr"), may, "{}", reply.text());
        let headers = [("Authorization", &**token), ("Content-Length", "2")];
        let reply = send(address, "PUT", SCOPE, &headers, "{}");
        assert_eq!(
            reply.status,
            if may { 200 } else { 403 },
            "{}",
            reply.text()
        );
    }
    for format in Format::ALL {
        let mut viewer = Viewer::join_with(address, format, &with(&view)).await;
        assert!(!viewer.snapshot().await.may_control);
        viewer.send(&targets()).await;
        let (reason, hint) = viewer.error().await;
        assert!(
            reason.ends_with("only by those who may control"),
            "{reason}"
        );
        assert!(hint.contains("link or the token to control"), "{hint}");
        viewer.send(&set_scope()).await;
        let refused = loop {
            if let ServerMessage::ScopeRefused { reason, .. } = viewer.next().await {
                break reason;
            }
        };
        assert!(refused.starts_with("what is measured can be changed only by"));
        viewer.send(&region()).await;
        assert_eq!(viewer.region().await.region.to_seq, 9);
    }
    let mut controller = Viewer::join_with(address, Format::Postcard, &with(&control)).await;
    assert!(controller.snapshot().await.may_control);
    controller.send(&targets()).await;
    assert!(!controller.targets().await.processes.is_empty());
    controller.send(&set_scope()).await;
    assert_eq!(controller.scope().await.scope.tgid, Some(1_000));
}

#[tokio::test]
async fn without_a_token_a_program_is_answered_and_a_page_is_told() {
    let server = exposed(&[]);
    let address = server.local();
    let (status, body) = refusal(connect_with(address, &[]).await);
    assert_eq!(status, 401);
    assert!(body.contains("asks for a token"), "{body}");
    let mut page = Viewer::page(address, "").await;
    let (code, reason) = page.farewell().await;
    assert_eq!(code, CLOSE_NO_TOKEN);
    assert_eq!(reason, "this server asks for a token");
    // With or without a token, other sites' pages are not let in.
    let token = server.bearer("control");
    let evil = [
        ("origin", "https://evil.example"),
        ("authorization", &*token),
    ];
    let (status, _) = refusal(connect_with(address, &evil).await);
    assert_eq!(status, 403);
}

#[test]
fn other_sites_are_refused_without_origin_too() {
    let server = Server::start(&["--demo", "--host-name", "db1.example"]);
    let cross = [("Sec-Fetch-Site", "cross-site")];
    for (method, path) in [
        ("GET", STATE),
        ("PUT", SCOPE),
        ("POST", ROTATE),
        ("GET", "/ws"),
    ] {
        assert_eq!(
            request(server.address, method, path, &cross).status,
            403,
            "{path}"
        );
    }
    let opened = ["cross-site", "navigate", "document"];
    let names = ["Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"];
    let headers: Vec<_> = names.into_iter().zip(opened).collect();
    assert_eq!(get(server.address, "/", &headers).status, 200);
    for (host, status) in [
        ("db1.example", 200),
        ("DB1.example:80", 200),
        ("db2.example", 421),
    ] {
        assert_eq!(
            get(server.address, STATE, &[("Host", host)]).status,
            status,
            "{host}"
        );
    }
    let headers = get(server.address, "/", &[]);
    let policy = headers.header("content-security-policy").unwrap();
    assert!(!policy.contains("unsafe-inline") && policy.contains("frame-ancestors 'none'"));
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(headers.header(name), Some(value));
    }
}

#[tokio::test]
async fn read_only_takes_control_from_all() {
    let server = Server::start(&["--demo", "--read-only"]);
    assert!(server.said.contains("read-only: nobody can change"));
    let reply = put(server.address, SCOPE, "{}");
    assert_eq!(reply.status, 403);
    assert!(error(&reply).1.contains("--read-only"));
    assert_eq!(get(server.address, STATE, &[]).json()["may_control"], false);
    let mut viewer = Viewer::join(server.address, Format::Json).await;
    assert!(!viewer.snapshot().await.may_control);
}

#[tokio::test]
async fn other_tokens_throw_everybody_out() {
    let server = exposed(&[]);
    let address = server.local();
    let (view, control) = (server.bearer("view"), server.bearer("control"));
    let mut viewers = Vec::new();
    for token in [&view, &view, &control] {
        let mut viewer = Viewer::join_with(address, Format::Json, &with(token)).await;
        viewer.snapshot().await;
        viewers.push(viewer);
    }
    let refused = request(address, "POST", ROTATE, &with(&view));
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(get(address, STATE, &with(&view)).status, 200);

    let reply = request(address, "POST", ROTATE, &with(&control));
    assert_eq!(reply.status, 200, "{}", reply.text());
    for viewer in &mut viewers {
        let (code, reason) = viewer.farewell().await;
        assert_eq!(code, CLOSE_NO_TOKEN);
        assert_eq!(
            reason,
            "the tokens of this server were changed; ask who changed them for a new link"
        );
    }
    for old in [&view, &control] {
        assert_eq!(get(address, STATE, &with(old)).status, 401);
    }
    let links = reply.json();
    let new = |to: &str| bearer(links[to].as_str().unwrap());
    for (to, may) in [("view", false), ("control", true)] {
        let state = get(address, STATE, &with(&new(to))).json();
        assert_eq!(state["may_control"], may);
    }
    // Who comes by a session goes on with a new one.
    let by_token = links["session"].as_str();
    assert_eq!(by_token, None);
    let session = sign_in(&server, &new("control"));
    let reply = request(address, "POST", ROTATE, &with(&session));
    let renewed = reply.json()["session"].as_str().unwrap().to_owned();
    assert_eq!(get(address, STATE, &with(&session)).status, 401);
    let state = get(address, STATE, &with(&format!("Bearer {renewed}"))).json();
    assert_eq!(state["may_control"], true);
}

/// A session for this token, both as the Authorization of a request.
fn sign_in(server: &Server, bearer: &str) -> String {
    let body = format!(r#"{{"token": "{}"}}"#, &bearer["Bearer ".len()..]);
    let reply = post(server.local(), SESSION, &body);
    assert_eq!(reply.status, 200, "{}", reply.text());
    format!("Bearer {}", reply.json()["session"].as_str().unwrap())
}

/// A file of the test's own.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rw-{}-{name}", std::process::id()));
        let mut file = std::fs::File::create(&path).unwrap();
        file.set_permissions(PermissionsExt::from_mode(0o600))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const VIEW: &str = "correct-horse-battery-staple";
const CONTROL: &str = "incorrect-mule-battery-staple";

#[test]
fn tokens_from_files_are_asked_for_and_not_printed() {
    let (view, control) = (
        File::new("view", &format!("{VIEW}\n")),
        File::new("control", CONTROL),
    );
    let files = [
        "--view-token-file",
        view.path(),
        "--control-token-file",
        control.path(),
    ];
    let server = Server::start(&[&["--demo"], &files[..]].concat());
    assert!(
        !server.said.contains(VIEW) && !server.said.contains(CONTROL),
        "{}",
        server.said
    );
    assert!(server.link("view").contains(view.path()));
    assert_eq!(get(server.address, STATE, &[]).status, 401);
    for (token, may) in [(VIEW, false), (CONTROL, true)] {
        let token = format!("Bearer {token}");
        let state = get(server.address, STATE, &with(&token)).json();
        assert_eq!(state["may_control"], may);
    }
}

/// A folder of systemd's credentials, which are the owner's to read and the group's.
struct Credentials(PathBuf);

impl Credentials {
    fn new(name: &str, tokens: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("rw-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (file, token) in tokens {
            let path = folder.join(file);
            std::fs::write(&path, token).unwrap();
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o440)).unwrap();
        }
        Self(folder)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.env("CREDENTIALS_DIRECTORY", &self.0);
        command.args(["--demo", "--listen", "127.0.0.1:0"]);
        command
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn systemds_credentials_are_found() {
    let both = [("view-token", VIEW), ("control-token", CONTROL)];
    let credentials = Credentials::new("credentials", &both);
    let server = Server::start_by(&mut credentials.command());
    let token = format!("Bearer {CONTROL}");
    let state = get(server.address, STATE, &with(&token)).json();
    assert_eq!(state["may_control"], true);
    assert!(!server.said.contains(CONTROL), "{}", server.said);
}

/// A service whose credentials are not there must not start open, or with a token that it prints.
#[test]
fn credentials_that_are_missing_are_code_8_and_named() {
    let table: [(&[(&str, &str)], &str); 3] = [
        (&[], "has no view-token"),
        (&[("view-token", VIEW)], "has no control-token"),
        (&[("control-token", CONTROL)], "has no view-token"),
    ];
    for (held, missing) in table {
        let credentials = Credentials::new("missing", held);
        let output = credentials.command().output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(8), "{stderr}");
        assert!(stderr.contains(missing), "{stderr}");
        assert!(stderr.contains("\nhint: the unit wants"), "{stderr}");
        assert!(!stderr.contains("staple"), "{stderr}");
    }
}

#[test]
fn files_that_can_not_be_used_are_code_8() {
    let (short, good) = (
        File::new("short", "sesame"),
        File::new("good", &"x".repeat(30)),
    );
    let open = File::new("open", VIEW);
    std::fs::set_permissions(&open.0, PermissionsExt::from_mode(0o644)).unwrap();
    let (view, control) = ("--view-token-file", "--control-token-file");
    let table: [(&[&str], &str); 5] = [
        (
            &[view, "/no/such/file", control, good.path()],
            "can't read the token file /no/such/file",
        ),
        (
            &[view, good.path(), control, short.path()],
            "it has 6 characters",
        ),
        (&[view, good.path(), control, good.path()], "are the same"),
        (&[view, good.path()], "--control-token-file is missing"),
        (
            &[view, good.path(), control, open.path()],
            "others than its owner can read or change the token file",
        ),
    ];
    for (args, said) in table {
        let output = run(&[&["--demo"], args].concat());
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(8), "{stderr}");
        assert!(
            stderr.contains(said) && stderr.contains("\nhint: "),
            "{stderr}"
        );
        assert!(
            !stderr.contains("sesame") && !stderr.contains("staple"),
            "{stderr}"
        );
    }
}

/// Links are to be opened elsewhere: their address is one that a server on all addresses answers.
#[test]
fn printed_links_lead_to_the_server() {
    let server = exposed(&[]);
    let link = server.link("view");
    let (before, _) = link.split_once("/#token=").unwrap();
    let address: SocketAddr = before.strip_prefix("http://").unwrap().parse().unwrap();
    assert!(!address.ip().is_unspecified(), "{link}");
    assert_eq!(
        get(address, STATE, &with(&server.bearer("view"))).status,
        200
    );
    let named = exposed(&["--host-name", "db1.example"]);
    let port = named.address.port();
    assert!(
        named
            .link("view")
            .starts_with(&format!("http://db1.example:{port}/#"))
    );
}
