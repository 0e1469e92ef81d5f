//! The server behind real proxies, with the settings of docs/proxy.md: TLS ended by the proxy, under a path, in a real
//! browser. And what is refused, or counted, where a proxy says whose a request is. On the synthetic machine.

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use support::browser::{Browser, press};
use support::client::{Reply, connect_with, get, request};
use support::proxy::{Kind, NAME, Proxy, TRUSTING, free_port};
use support::server::Server;
use tokio_tungstenite::tungstenite;

const VIEW: &str = "view-0123456789-0123456789";
const CONTROL: &str = "control-0123456789-0123456789";

/// A server that asks for fixed tokens, and the files that they are in.
struct Guarded {
    server: Server,
    files: [PathBuf; 2],
}

impl Guarded {
    fn start(args: &[&str]) -> Self {
        let files = [("view", VIEW), ("control", CONTROL)].map(|(name, token)| {
            let path = std::env::temp_dir().join(format!("rw-{}-{name}", free_port()));
            std::fs::write(&path, token).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            path
        });
        let [view, control] = files.each_ref().map(|path| path.to_str().unwrap());
        let always = ["--demo", "--interval", "100ms", "--token"];
        let tokens = ["--view-token-file", view, "--control-token-file", control];
        let server = Server::start(&[&always[..], &tokens, args].concat());
        Self { server, files }
    }

    /// One that people open at this address.
    fn at(url: &str) -> Self {
        Self::start(&["--public-url", url])
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        for file in &self.files {
            let _ = std::fs::remove_file(file);
        }
    }
}

fn public(port: u16) -> String {
    format!("https://{NAME}:{port}/runqlat/")
}

async fn browser() -> Browser {
    Browser::open_with(1280, 720, &TRUSTING).await
}

async fn open(url: &str) -> Browser {
    let browser = browser().await;
    browser.page.goto(url).await.expect("a page");
    browser
}

fn there(testid: &str) -> String {
    format!("return document.querySelector('[data-testid={testid}]') !== null")
}

/// Until an element's text holds `text`; all of it.
async fn says(browser: &Browser, testid: &str, text: &str) -> String {
    let script = format!(
        "const said = document.querySelector('[data-testid={testid}]')?.textContent ?? '';
        return said.includes('{text}') && said"
    );
    let said = browser
        .until(&format!("{testid} says {text}"), &script)
        .await;
    said.as_str().unwrap_or_default().to_owned()
}

async fn click(browser: &Browser, testid: &str) {
    let script = format!(
        "const e = document.querySelector('[data-testid={testid}]'); e?.click(); return !!e"
    );
    browser.until(testid, &script).await;
}

async fn run(browser: &Browser, script: &str) -> String {
    let said = browser.run(script).await;
    said.as_str().unwrap_or_default().to_owned()
}

/// All that one does with the page, at an address that is not the server's own.
async fn serves_the_page(kind: Kind) {
    let port = free_port();
    let url = public(port);
    let guarded = Guarded::at(&url);
    let _proxy = Proxy::start(kind, port, &guarded.server, |text| text);
    let ada = open(&format!("{url}?last=60#token={CONTROL}")).await;
    ada.painted(2).await;
    ada.until("it controls", &there("choose-scope")).await;
    assert_eq!(
        run(&ada, "return location.href").await,
        format!("{url}?last=60")
    );
    // The session outlives the page; and a slash that somebody leaves out comes back.
    ada.page
        .goto(url.trim_end_matches('/'))
        .await
        .expect("a page");
    ada.painted(2).await;
    ada.until("it controls", &there("choose-scope")).await;
    assert!(run(&ada, "return location.href").await.starts_with(&url));
    let copied = "navigator.clipboard.writeText = async text => { window.copied = text };
        document.querySelector('[data-testid=copy-link]').click();
        return window.copied";
    assert!(run(&ada, copied).await.starts_with(&format!("{url}?")));

    let bob = open(&format!("{url}#token={VIEW}")).await;
    bob.painted(2).await;
    bob.until("it views", &there("view-only")).await;
    click(&ada, "present").await;
    says(&ada, "presence", "You present").await;
    says(&bob, "presence", "presents").await;
    press(&bob, "f").await;
    bob.until(
        "it follows",
        "return !!document.querySelector('.presence.driven')",
    )
    .await;
    click(&ada, "process-row").await;
    let is_one = "return location.search.match(/series=\\d+/)?.[0]";
    let series = ada.until("a series", is_one).await;
    let same =
        format!("return location.search.includes({series}) && location.pathname === '/runqlat/'");
    bob.until("the same series", &same).await;
    bob.keep(&format!("proxy-{kind:?}")).await;

    // New links are those of the proxy, by the page's own request and for programs.
    click(&ada, "turn-tokens").await;
    click(&ada, "turn-now").await;
    let link = "return document.querySelector('[data-testid=new-view]')?.value";
    let link = ada.until("a link", link).await;
    let link = link.as_str().unwrap();
    assert!(link.starts_with(&format!("{url}#token=")), "{link}");
    says(&bob, "entry-banner", "No access").await;
    bob.page.goto(link).await.expect("a page");
    bob.until(
        "it is let in again",
        "return !document.querySelector('[data-testid=entry-banner]')",
    )
    .await;
    for browser in [ada, bob] {
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{kind:?}: {complaints:?}");
        browser.close().await;
    }
}

#[tokio::test]
async fn nginx_serves_the_page_under_a_path() {
    serves_the_page(Kind::Nginx).await;
}

#[tokio::test]
async fn haproxy_serves_the_page_under_a_path() {
    serves_the_page(Kind::Haproxy).await;
}

#[tokio::test]
async fn caddy_serves_the_page_under_a_path() {
    serves_the_page(Kind::Caddy).await;
}

/// The page's API shows its session in a header of its own, so that the proxy's password does not hide it.
#[tokio::test]
async fn a_password_of_the_proxy_is_not_in_the_way() {
    let port = free_port();
    let url = public(port);
    let guarded = Guarded::at(&url);
    let passwords = std::env::temp_dir().join(format!("rw-passwords-{port}"));
    std::fs::write(&passwords, "ada:{PLAIN}secret\n").unwrap();
    let asks = format!(
        "location /runqlat/ {{ auth_basic ops; auth_basic_user_file {};",
        passwords.display()
    );
    let _proxy = Proxy::start(Kind::Nginx, port, &guarded.server, |text| {
        text.replace("location /runqlat/ {", &asks)
    });
    let signed_in = url.replace("https://", "https://ada:secret@");
    let browser = open(&format!("{signed_in}#token={CONTROL}")).await;
    browser.painted(2).await;
    click(&browser, "turn-tokens").await;
    click(&browser, "turn-now").await;
    browser.until("a link", &there("new-view")).await;
    browser.close().await;
    std::fs::remove_file(passwords).unwrap();
}

/// The settings with a line changed that has to be there.
fn without(text: &str, line: &str, instead: &str) -> String {
    assert!(text.contains(line), "{line}");
    text.replace(line, instead)
}

#[tokio::test]
async fn a_proxy_that_passes_no_upgrade_is_told_of() {
    let port = free_port();
    let url = public(port);
    let guarded = Guarded::at(&url);
    let _proxy = Proxy::start(Kind::Nginx, port, &guarded.server, |text| {
        without(&text, "proxy_set_header Upgrade $http_upgrade;", "")
    });
    let browser = open(&format!("{url}#token={CONTROL}")).await;
    let why = "may not pass WebSocket upgrades";
    let said = says(&browser, "connection-banner", why).await;
    assert!(
        said.starts_with("No connection: ") && said.contains("docs/proxy.md"),
        "{said}"
    );
    look(&browser, "proxy-no-upgrade").await;
    browser.close().await;
}

/// Keeps what a state looks like, wide and narrow, light and dark.
async fn look(browser: &Browser, name: &str) {
    for (width, theme) in [
        (1280, "light"),
        (1280, "dark"),
        (360, "light"),
        (360, "dark"),
    ] {
        browser.resize(width, 740).await;
        browser.prefer(&[("prefers-color-scheme", theme)]).await;
        let fits = "return document.documentElement.scrollWidth <= innerWidth";
        browser.until("it fits", fits).await;
        browser.keep(&format!("{name}-{width}-{theme}")).await;
    }
}

/// What the page says while it is cut off from the server, in three ways; and it comes back by itself.
#[tokio::test]
async fn a_lost_connection_says_why_and_comes_back() {
    let port = free_port();
    let url = public(port);
    let guarded = Guarded::at(&url);
    let mut proxy = Proxy::start(Kind::Nginx, port, &guarded.server, |text| text);
    let browser = open(&format!("{url}#token={CONTROL}")).await;
    browser.painted(2).await;
    proxy.stop();
    let said = says(
        &browser,
        "connection-banner",
        "does not trust its certificate",
    )
    .await;
    assert!(
        said.starts_with("Connection lost: the server can't be reached"),
        "{said}"
    );
    look(&browser, "proxy-gone").await;

    // The server is away, and the proxy there.
    let other = Guarded::at(&url);
    let address = other.server.address;
    drop(other);
    drop(proxy);
    let nowhere = |text: String| text.replace("127.0.0.1:8080", &address.to_string());
    let proxy = Proxy::start(Kind::Nginx, port, &guarded.server, nowhere);
    let said = says(&browser, "connection-banner", "status 502").await;
    assert!(said.contains("does not reach the server"), "{said}");

    // Something else is at its place.
    drop(proxy);
    let proxy = Proxy::start(Kind::Nginx, port, &guarded.server, |text| {
        text.replace("location /runqlat/ {", "location /elsewhere/ {")
    });
    says(
        &browser,
        "connection-banner",
        "not runqlat-web (status 404)",
    )
    .await;

    drop(proxy);
    let _proxy = Proxy::start(Kind::Nginx, port, &guarded.server, |text| text);
    browser
        .until(
            "it is back",
            "return !document.querySelector('[data-testid=connection-banner]')",
        )
        .await;
    browser.close().await;
}

/// Without TLS and a proxy: no certificate is named.
#[tokio::test]
async fn a_server_that_has_stopped_can_not_be_reached() {
    let server = Server::start(&["--demo", "--interval", "100ms"]);
    let browser = open(&server.url()).await;
    browser.painted(2).await;
    server.signal(libc::SIGKILL);
    let said = says(&browser, "connection-banner", "can\\'t be reached").await;
    assert!(
        !said.contains("certificate") && said.contains("tunnel"),
        "{said}"
    );
    browser.close().await;
}

/// A server that was not told of its proxy refuses the page's own scripts; the page says so in the server's words.
#[tokio::test]
async fn a_page_that_is_refused_says_why_it_does_not_start() {
    let port = free_port();
    let guarded = Guarded::start(&["--host-name", NAME]);
    let strips = |text: String| {
        text.replace(
            "proxy_pass http://127.0.0.1:8080;",
            "proxy_pass http://127.0.0.1:8080/;",
        )
    };
    let _proxy = Proxy::start(Kind::Nginx, port, &guarded.server, strips);
    let browser = open(&public(port)).await;
    let said = says(&browser, "start-error", "a page of another site").await;
    assert!(said.contains("--public-url"), "{said}");
    look(&browser, "start-refused").await;
    browser.close().await;
}

/// A part of the page that is not delivered is named.
#[tokio::test]
async fn a_script_that_is_not_delivered_is_named() {
    for (script, name) in [("boot", "start-no-boot"), ("enter", "start-no-enter")] {
        let port = free_port();
        let url = public(port);
        let guarded = Guarded::at(&url);
        let refuses = format!(
            "location ~ /runqlat/assets/{script} {{ return 403; }}\n    location /runqlat/ {{"
        );
        let _proxy = Proxy::start(Kind::Nginx, port, &guarded.server, |text| {
            text.replace("location /runqlat/ {", &refuses)
        });
        let browser = open(&url).await;
        let said = says(&browser, "start-error", "status 403").await;
        assert!(
            said.contains(&format!("/runqlat/assets/{script}")),
            "{said}"
        );
        browser.keep(name).await;
        browser.close().await;
    }
}

/// Where not even the style sheet comes, the page's own text says what that means.
#[tokio::test]
async fn a_page_of_which_nothing_is_delivered_says_so() {
    const SEEN: &str = "return document.querySelector('.stuck')?.checkVisibility({ visibilityProperty: true }) === true";
    let port = free_port();
    let guarded = Guarded::at(&public(port));
    let _proxy = Proxy::start(Kind::Caddy, port, &guarded.server, |text| {
        let text = without(&text, "redir /runqlat /runqlat/ 308", "");
        without(&text, "handle_path /runqlat/*", "handle_path /runqlat*")
    });
    let browser = open(public(port).trim_end_matches('/')).await;
    browser.until("it says so", SEEN).await;
    assert!(browser.text().await.contains("has to end with a slash"));
    look(&browser, "start-nothing").await;
    // With a slash all is there, and nobody sees that text.
    browser.page.goto(&public(port)).await.expect("a page");
    browser.until("it starts", &there("entry-banner")).await;
    browser.close().await;
}

/// The session is forgotten with the page, which says so before that.
#[tokio::test]
async fn a_browser_that_stores_nothing_is_told_so() {
    let guarded = Guarded::start(&[]);
    let browser = browser().await;
    let blocked = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })";
    browser.run_before(blocked).await;
    let link = format!("{}/#token={VIEW}", guarded.server.url());
    browser.page.goto(&link).await.expect("a page");
    browser.painted(2).await;
    browser.until("it is told", &there("not-kept")).await;
    look(&browser, "not-kept").await;
    browser.run("location.reload()").await;
    says(&browser, "entry-banner", "store anything").await;
    look(&browser, "not-kept-out").await;
    browser.close().await;
}

fn refusal(reply: &Reply) -> (u16, String) {
    let said = reply.json();
    (reply.status, format!("{}; {}", said["error"], said["hint"]))
}

/// Over TLS that trusts anybody a test would need a client of its own: this proxy speaks plain HTTP.
fn plain(text: &str) -> String {
    without(
        text,
        "bind :443 ssl crt /etc/ssl/private/ops.example.pem",
        "bind 127.0.0.1:443",
    )
}

#[test]
fn two_hosts_get_one_clear_refusal() {
    let port = free_port();
    let guarded = Guarded::at(&public(port));
    let proxy = Proxy::start(Kind::Haproxy, port, &guarded.server, |text| {
        let adds = "option httpchk GET /healthz\n    http-request add-header Host other.example";
        without(&plain(&text), "option httpchk GET /healthz", adds)
    });
    let host = [("Host", NAME)];
    for path in ["/runqlat/", "/runqlat/ws", "/runqlat/api/v1/state"] {
        let (status, said) = refusal(&get(proxy.address, path, &host));
        assert_eq!(status, 400, "{said}");
        assert!(
            said.contains("more than one Host") && said.contains("docs/proxy.md"),
            "{said}"
        );
    }
}

/// HAProxy's health check has no Host and no prefix; a proxy that is asked for the wrong name passes that on.
#[test]
fn a_healthy_server_stays_in_the_balance() {
    let port = free_port();
    let guarded = Guarded::at(&public(port));
    let proxy = Proxy::start(Kind::Haproxy, port, &guarded.server, |text| plain(&text));
    let ask = |host: &str, path: &str| get(proxy.address, path, &[("Host", host)]);
    assert_eq!(ask(NAME, "/runqlat/healthz").text(), "ok\n");
    assert_eq!(ask("balancer.example", "/runqlat/healthz").text(), "ok\n");
    let (status, said) = refusal(&ask("balancer.example", "/runqlat/api/v1/state"));
    assert_eq!(status, 421);
    assert!(
        said.contains("balancer.example") && said.contains(&public(port)),
        "{said}"
    );
    let reply = ask(NAME, "/runqlat");
    assert_eq!(
        (reply.status, reply.header("location")),
        (308, Some("/runqlat/"))
    );
}

/// With the prefix and without it, all is the same; what only begins like it is not.
#[test]
fn both_ways_of_asking_are_answered() {
    let guarded = Guarded::at("https://ops.example/runqlat/");
    let address = guarded.server.address;
    let bearer = format!("Bearer {VIEW}");
    let headers = [("Authorization", &*bearer)];
    let table = [
        ("/api/v1/state", 200),
        ("/runqlat/api/v1/state", 200),
        ("/runqlatapi/v1/state", 404),
        ("/runqlat/runqlat/api/v1/state", 404),
        ("/runqlat", 308),
        ("/runqlat/ws", 426),
    ];
    for (path, status) in table {
        let reply = get(address, path, &headers);
        assert_eq!(reply.status, status, "{path}");
        assert!(reply.header("content-security-policy").is_some(), "{path}");
    }
    let reply = get(address, "/runqlat?by=share", &headers);
    assert_eq!(reply.header("location"), Some("/runqlat/?by=share"));
    let rotated = request(
        address,
        "POST",
        "/api/v1/tokens/rotate",
        &[("Authorization", &format!("Bearer {CONTROL}"))],
    );
    let link = rotated.json()["view"].as_str().unwrap().to_owned();
    assert!(
        link.starts_with("https://ops.example/runqlat/#token="),
        "{link}"
    );
}

/// By whom a request of this host is let in under a public address: by nobody but who shows a token.
#[test]
fn being_on_this_host_gives_no_right_behind_a_proxy() {
    let server = Server::start(&["--demo", "--public-url", "https://ops.example/"]);
    assert_eq!(get(server.address, "/api/v1/state", &[]).status, 401);
    let page = get(
        server.address,
        "/api/v1/state",
        &[("Origin", &server.url())],
    );
    let (status, said) = refusal(&page);
    assert_eq!(status, 403);
    assert!(
        said.contains("open the page at https://ops.example/"),
        "{said}"
    );
}

async fn join(server: &Server, hops: &[&str]) -> Result<support::client::Socket, u16> {
    let bearer = format!("Bearer {VIEW}");
    let mut headers = vec![("authorization", &*bearer)];
    let joined = hops.join(", ");
    if !hops.is_empty() {
        headers.push(("x-forwarded-for", &joined));
    }
    match connect_with(server.address, &headers).await {
        Ok(socket) => Ok(socket),
        Err(tungstenite::Error::Http(reply)) => Err(reply.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

/// One stranger behind the proxy can't take everybody's places; what he writes before the last hop is his own affair.
#[tokio::test]
async fn limits_count_by_the_last_hop() {
    let args = [
        "--max-viewers-per-address",
        "2",
        "--public-url",
        "https://ops.example/",
    ];
    let guarded = Guarded::start(&args);
    let server = &guarded.server;
    let one = ["198.51.100.1", "203.0.113.7"];
    let held = [join(server, &one).await, join(server, &one[1..]).await];
    assert!(held.iter().all(Result::is_ok));
    assert_eq!(
        join(server, &["198.51.100.2", "203.0.113.7"]).await.err(),
        Some(429)
    );
    assert!(join(server, &["203.0.113.7", "203.0.113.8"]).await.is_ok());
    // A tunnel's end has all places, as ever.
    assert!(join(server, &[]).await.is_ok());
    drop(held);

    let unaware = Guarded::start(&["--max-viewers-per-address", "1"]);
    let held = [
        join(&unaware.server, &one).await,
        join(&unaware.server, &one).await,
    ];
    assert!(
        held.iter().all(Result::is_ok),
        "the header is nobody's word there"
    );
}

/// What the documents show is what is tested here.
#[test]
fn the_documents_show_these_settings() {
    let documents = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/proxy.md");
    let text = std::fs::read_to_string(documents).unwrap();
    for kind in Kind::ALL {
        let shown = kind.documented();
        assert!(
            text.contains(&format!("```\n{shown}```\n")),
            "{} differs",
            kind.file()
        );
    }
}
