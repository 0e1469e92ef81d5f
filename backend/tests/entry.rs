//! The door as a browser sees it: links that bring a token, a page without one, rights that are taken
//! away, and names that would be markup.

mod support;

use serde_json::Value;
use support::browser::Browser;
use support::cgroup::Group;
use support::client::{get, request};
use support::is_root;
use support::load::{Process, last_cpu};
use support::server::Server;

fn guarded() -> Server {
    Server::start(&["--demo", "--interval", "100ms", "--token"])
}

async fn open(url: &str) -> Browser {
    let browser = Browser::open(1280, 720).await;
    browser.page.goto(url).await.expect("a page");
    browser
}

fn exists(testid: &str) -> String {
    format!("return document.querySelector('[data-testid={testid}]') !== null")
}

async fn has(browser: &Browser, testid: &str) -> bool {
    browser.run(&exists(testid)).await == Value::Bool(true)
}

async fn type_token(browser: &Browser, text: &str) {
    let field = fantoccini::Locator::Css("[data-testid=token]");
    let field = browser.page.find(field).await.expect("a field");
    field.send_keys(text).await.expect("keys");
    let submit = "document.querySelector('.entry button').click()";
    browser.run(submit).await;
}

#[tokio::test]
async fn a_link_brings_its_token_and_leaves_none_in_the_address() {
    let server = guarded();
    let link = server.link("view").replace("/#", "/?by=share&last=60#");
    let browser = open(&link).await;
    browser.painted(2).await;
    let address = browser.run("return location.href").await;
    let address = address.as_str().unwrap();
    assert!(
        !address.contains("token") && !address.contains('#'),
        "{address}"
    );
    assert!(
        address.contains("by=share") && address.contains("last=60"),
        "{address}"
    );
    assert_eq!(browser.run("return document.cookie").await, "");
    assert!(has(&browser, "view-only").await);
    assert!(!has(&browser, "choose-scope").await);
    browser.keep("view-only").await;
    let press = "dispatchEvent(new KeyboardEvent('keydown', { key: 's', bubbles: true }));
        return document.querySelector('[data-testid=scope-picker]').open";
    assert_eq!(browser.run(press).await, false);

    // The link to control, over the page that is there.
    let control = server.link("control");
    browser.run(&format!("location.href = '{control}'")).await;
    browser.until("it controls", &exists("choose-scope")).await;
    assert!(!has(&browser, "view-only").await);

    // Back later, the session is enough.
    browser.page.goto(&server.url()).await.expect("a page");
    browser.until("it controls", &exists("choose-scope")).await;
    browser.close().await;
}

#[tokio::test]
async fn without_a_token_the_page_asks_for_one() {
    let server = guarded();
    let browser = open(&server.url()).await;
    browser.until("it asks", &exists("entry-banner")).await;
    let text = browser.text().await;
    assert!(
        text.contains("No access: this server asks for a token: ask root, who started it on "),
        "{text}"
    );
    browser.keep("entry").await;
    type_token(&browser, "0123456789012345678901234567").await;
    browser.until("it is told", &exists("token-refused")).await;
    let clear = "document.querySelector('[data-testid=token]').value = ''";
    browser.run(clear).await;
    // A whole link will do.
    type_token(&browser, server.link("view")).await;
    browser.painted(2).await;
    assert!(has(&browser, "view-only").await);
    browser.close().await;
}

/// Of another site's link a browser says so; the page must show all the same.
#[tokio::test]
async fn a_link_on_another_site_opens_the_page() {
    let server = guarded();
    let browser = open(server.link("view")).await;
    browser.painted(1).await;
    let other = Server::start(&["--demo"]);
    let elsewhere = format!("http://localhost:{}/", other.address.port());
    browser.page.goto(&elsewhere).await.expect("a page");
    browser.painted(1).await;
    let follow = format!(
        "const a = document.createElement('a'); a.href = '{}/?by=share'; document.body.append(a); a.click()",
        server.url()
    );
    browser.run(&follow).await;
    let there = format!("return location.href.startsWith('{}')", server.url());
    browser.until("it is there", &there).await;
    browser.painted(1).await;
    assert!(has(&browser, "view-only").await);
    browser.close().await;
}

#[tokio::test]
async fn who_is_thrown_out_is_told_and_does_not_knock_again() {
    let server = guarded();
    let browser = open(server.link("view")).await;
    browser.painted(2).await;
    browser.count_knocks().await;
    let bearer = server.bearer("control");
    let authorization = [("Authorization", &*bearer)];
    let rotated = request(
        server.address,
        "POST",
        "/api/v1/tokens/rotate",
        &authorization,
    );
    assert_eq!(rotated.status, 200);
    browser.until("it is told", &exists("entry-banner")).await;
    let text = browser.text().await;
    assert!(
        text.contains("the tokens of this server were changed"),
        "{text}"
    );
    let state = "return document.querySelector('[data-testid=connection]').innerText";
    assert_eq!(browser.run(state).await, "no access");
    browser.keep("thrown-out").await;
    // Longer than the page waits before it connects again, when it does.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert_eq!(browser.run("return window.knocks").await, 0);
    let links = rotated.json();
    type_token(&browser, links["view"].as_str().unwrap()).await;
    browser.painted(2).await;
    browser.close().await;
}

/// What a host's processes and groups are called is text, whatever it looks like.
#[tokio::test]
async fn names_are_text_and_not_markup() {
    if !is_root("names_are_text_and_not_markup") {
        return;
    }
    const EVIL: &str = "<img src=x onerror=document.title='owned'>";
    // A comm is the beginning of the file's name.
    let folder = std::env::temp_dir().join(format!("rw-markup-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let shell = folder.join("<img id=owned>x");
    std::fs::copy("/bin/sh", &shell).unwrap();
    let script = format!("while :; do :; done # {EVIL}");
    let (cpu, path) = (last_cpu(), shell.to_str().unwrap());
    let hogs = [0, 1].map(|_| Process::pinned(cpu, path, &["-c", &script]));
    let group = Group::new(EVIL);
    hogs.iter().for_each(|hog| group.take(hog.id()));

    let server = Server::start(&["--interval", "200ms"]);
    let browser = open(&server.url()).await;
    let title = "document.title + document.querySelectorAll('img, [id=owned]').length";
    let title = format!("return {title}");
    let before = browser.run(&title).await;
    let shown = |text: &str| {
        let quoted = Value::from(text);
        format!("return document.body.innerText.includes({quoted})")
    };
    browser
        .until("the process is listed", &shown("<img id=owned>"))
        .await;
    let row = format!(
        "const r = document.querySelector('[data-testid=process-row][data-key^=\"{}@\"]'); r?.click(); return !!r",
        hogs[0].id()
    );
    browser.until("it is chosen", &row).await;
    browser
        .run("document.querySelector('[data-testid=choose-scope]').click()")
        .await;
    browser
        .until("its command is listed", &shown("onerror=document.title"))
        .await;
    browser.keep("markup").await;
    browser
        .run("document.querySelector('[data-testid=scope-picker]').close()")
        .await;
    let body = format!(
        r#"{{"key": "cgroup", "cgroup": {}}}"#,
        Value::from(&*group.path)
    );
    let reply = support::client::put(server.address, "/api/v1/scope", &body);
    assert_eq!(reply.status, 200, "{}", reply.text());
    browser.until("the group is listed", &shown(EVIL)).await;
    browser.keep("markup-cgroup").await;
    assert_eq!(browser.run(&title).await, before, "a name became markup");
    assert_eq!(get(server.address, "/healthz", &[]).text(), "ok\n");
    browser.close().await;
    drop(hogs);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The policy forbids what a hole would need, whatever the page does.
#[tokio::test]
async fn no_script_runs_that_is_not_the_pages_own() {
    let server = Server::start(&["--demo"]);
    let browser = open(&server.url()).await;
    browser.painted(1).await;
    let inject = "const d = document.createElement('div');
        d.innerHTML = '<img src=x onerror=\"window.owned = 1\">';
        const s = document.createElement('script'); s.textContent = 'window.owned = 2';
        document.body.append(d, s);
        return new Promise(done => setTimeout(() => done(window.owned ?? 'safe'), 300))";
    assert_eq!(browser.run(inject).await, "safe");
    browser.close().await;
}
