//! Sessions as a browser has them: no other server is sent one, a person can end it, and it works where storage is blocked.
//! On the synthetic machine, so that it needs no root.

mod support;

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use support::browser::Browser;
use support::client::{get, request};
use support::server::{Server, bearer};

const STATE: &str = "/api/v1/state";

/// Where a page keeps its session.
const STORED: &str = "return localStorage.getItem('runqlat-web.session /') ?? ''";

fn guarded() -> Server {
    Server::start(&["--demo", "--interval", "100ms", "--token"])
}

async fn open(url: &str) -> Browser {
    let browser = Browser::open(1280, 720).await;
    browser.page.goto(url).await.expect("a page");
    browser
}

async fn click(browser: &Browser, testid: &str) {
    let open = "document.querySelector('.people').open = true";
    browser.run(open).await;
    let seen = format!("document.querySelector('[data-testid={testid}]')");
    browser
        .until(testid, &format!("return {seen}?.checkVisibility()"))
        .await;
    browser.run(&format!("{seen}.click()")).await;
}

fn exists(testid: &str) -> String {
    format!("return document.querySelector('[data-testid={testid}]') !== null")
}

async fn stored(browser: &Browser) -> String {
    let stored = browser.run(STORED).await;
    stored.as_str().unwrap_or_default().to_owned()
}

fn status(server: &Server, secret: &str) -> u16 {
    let shown = format!("Bearer {secret}");
    get(server.address, STATE, &[("Authorization", &shown)]).status
}

/// Another program of this host's, that somebody else has started: what browsers send it.
fn other_server() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (tell, told) = channel();
    std::thread::spawn(move || {
        // Each by itself: browsers open connections that they may never use.
        for stream in listener.incoming() {
            let (mut stream, tell) = (stream.expect("a connection"), tell.clone());
            std::thread::spawn(move || {
                let mut head = vec![0; 16_384];
                let Ok(read @ 1..) = stream.read(&mut head) else {
                    return;
                };
                let _ = tell.send(String::from_utf8_lossy(&head[..read]).into_owned());
                let page = "<!doctype html><title>another</title>";
                let length = page.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
                     Connection: close\r\n\r\n{page}"
                );
            });
        }
    });
    (address, told)
}

#[tokio::test]
async fn a_server_on_another_port_gets_no_secret() {
    let server = guarded();
    let browser = open(server.link("control")).await;
    browser.painted(2).await;
    let session = stored(&browser).await;
    assert_eq!(session.len(), 97, "{session}");
    assert_eq!(status(&server, &session), 200);
    let cookies = browser.page.get_all_cookies().await.expect("its cookies");
    assert!(cookies.is_empty(), "{cookies:?}");

    let (other, told) = other_server();
    // The same host by both its names, for cookies are a host's and not a port's.
    for host in ["127.0.0.1", "localhost"] {
        let address = format!("http://{host}:{}/", other.port());
        browser.page.goto(&address).await.expect("a page");
        let loaded = "return document.title === 'another'";
        browser.until("the other's page", loaded).await;
        assert_eq!(
            browser
                .run("return document.cookie + localStorage.length")
                .await,
            "0"
        );
        // Nor does what that page asks of the server bring one along.
        let steal = format!(
            "return fetch('{}{STATE}', {{ credentials: 'include', mode: 'no-cors' }})
                .then(answer => answer.type + answer.status, error => String(error))",
            server.url()
        );
        let got = browser.run(&steal).await;
        assert!(!got.as_str().unwrap().contains("200"), "{got}");
    }
    let token = &server.bearer("control")["Bearer ".len()..];
    let mut heads = Vec::new();
    while let Ok(head) = told.recv_timeout(std::time::Duration::from_millis(300)) {
        heads.push(head);
    }
    assert!(heads.len() >= 2, "{heads:?}");
    for head in &heads {
        let low = head.to_lowercase();
        assert!(
            !low.contains("cookie") && !low.contains("authorization"),
            "{head}"
        );
        assert!(!head.contains(&session) && !head.contains(token), "{head}");
    }
    browser.close().await;
}

#[tokio::test]
async fn signing_out_ends_it_in_all_tabs() {
    let server = guarded();
    let browser = open(server.link("control")).await;
    browser.painted(2).await;
    let session = stored(&browser).await;
    let first = browser.page.window().await.expect("a window");
    let second = browser.page.new_window(true).await.expect("a tab");
    browser
        .page
        .switch_to_window(second.handle)
        .await
        .expect("it is there");
    browser.page.goto(&server.url()).await.expect("a page");
    browser.painted(2).await;
    browser.keep("sign-out").await;
    click(&browser, "sign-out").await;
    browser.until("it asks", &exists("entry-banner")).await;
    assert_eq!(stored(&browser).await, "");
    assert_eq!(status(&server, &session), 401);
    browser
        .page
        .switch_to_window(first)
        .await
        .expect("it is there");
    browser.until("it is told", &exists("entry-banner")).await;
    let text = browser.text().await;
    assert!(text.contains("this browser has signed out"), "{text}");
    // Signed in again in this tab, the other is in as well.
    browser
        .run(&format!("location.href = '{}'", server.link("view")))
        .await;
    browser.painted(3).await;
    browser.until("it may look", &exists("view-only")).await;
    let windows = browser.page.windows().await.expect("windows");
    for window in windows {
        browser
            .page
            .switch_to_window(window)
            .await
            .expect("it is there");
        browser.until("it may look", &exists("view-only")).await;
    }
    browser.close().await;
}

#[tokio::test]
async fn without_a_session_there_is_nothing_to_sign_out_of() {
    let known = Server::start(&["--demo", "--interval", "100ms"]);
    let browser = open(&known.url()).await;
    browser.painted(2).await;
    browser
        .run("document.querySelector('.people').open = true")
        .await;
    let seen = |testid: &str| {
        format!("return document.querySelector('[data-testid={testid}]').checkVisibility()")
    };
    assert_eq!(browser.run(&seen("turn-tokens")).await, Value::Bool(true));
    assert_eq!(browser.run(&seen("sign-out")).await, Value::Bool(false));
    // What is stored of another day takes nothing away.
    browser
        .run("localStorage.setItem('runqlat-web.session /', 'v00'); location.reload()")
        .await;
    browser.painted(2).await;
    assert_eq!(
        browser.run(&exists("choose-scope")).await,
        Value::Bool(true)
    );
    browser.close().await;
}

/// A browser may keep nothing for a page. A session is then the page's for as long as it is open.
#[tokio::test]
async fn blocked_storage_is_no_reason_to_keep_anybody_out() {
    let server = guarded();
    let browser = Browser::open(1280, 720).await;
    let blocked = "Object.defineProperty(window, 'localStorage', {
        get() { throw new DOMException('blocked', 'SecurityError'); } })";
    browser.run_before(blocked).await;
    browser
        .page
        .goto(server.link("view"))
        .await
        .expect("a page");
    browser.painted(2).await;
    assert_eq!(browser.run(&exists("view-only")).await, Value::Bool(true));
    // With another link, over the page that is there.
    browser
        .run(&format!("location.href = '{}'", server.link("control")))
        .await;
    browser.until("it controls", &exists("choose-scope")).await;
    click(&browser, "turn-tokens").await;
    click(&browser, "turn-now").await;
    let link = "return document.querySelector('[data-testid=new-view]')?.value";
    let view = browser.until("the new links", link).await;
    let view = view.as_str().unwrap().to_owned();
    let seq = "return Number(document.querySelector('[data-testid=heatmap]').facts.seq)";
    let now = browser.run(seq).await.as_u64().expect("a number");
    browser.painted(now + 3).await;
    browser.run("location.reload()").await;
    browser.until("it asks", &exists("entry-banner")).await;
    browser.page.goto(&view).await.expect("a page");
    browser.painted(2).await;
    browser.close().await;
}

/// Another tab of the same browser changes the tokens: this one goes on with the new session that it finds.
#[tokio::test]
async fn new_tokens_leave_the_browser_in_that_asked() {
    let server = guarded();
    let browser = open(server.link("control")).await;
    browser.painted(2).await;
    let before = stored(&browser).await;
    let second = browser.page.new_window(true).await.expect("a tab");
    browser
        .page
        .switch_to_window(second.handle)
        .await
        .expect("it is there");
    browser.page.goto(&server.url()).await.expect("a page");
    browser.painted(2).await;
    click(&browser, "turn-tokens").await;
    click(&browser, "turn-now").await;
    let link = "return document.querySelector('[data-testid=new-control]')?.value";
    let control = browser.until("the new links", link).await;
    let after = stored(&browser).await;
    assert_ne!(before, after);
    assert_eq!(
        [status(&server, &before), status(&server, &after)],
        [401, 200]
    );
    let windows = browser.page.windows().await.expect("windows");
    for window in windows {
        browser
            .page
            .switch_to_window(window)
            .await
            .expect("it is there");
        let live = "return document.querySelector('[data-testid=connection]').innerText === 'live'";
        browser.until("it is in", live).await;
    }
    // Somebody else changes them: nobody of this browser is in.
    let shown = bearer(control.as_str().unwrap());
    let rotate = "/api/v1/tokens/rotate";
    let reply = request(server.address, "POST", rotate, &[("Authorization", &shown)]);
    assert_eq!(reply.status, 200);
    browser.until("it is told", &exists("entry-banner")).await;
    assert_eq!(status(&server, &after), 401);
    browser.close().await;
}
