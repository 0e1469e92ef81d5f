//! New tokens from the page: who may, what it asks, what it shows, and what becomes of the others. In real browsers;
//! on the synthetic machine, so that it needs no root.

mod support;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::Value;
use support::browser::Browser;
use support::client::get;
use support::server::{Server, bearer};

const STATE: &str = "/api/v1/state";

fn guarded(args: &[&str]) -> Server {
    let always = ["--demo", "--interval", "100ms", "--token"];
    Server::start(&[&always, args].concat())
}

async fn open(url: &str) -> Browser {
    let browser = Browser::open(1280, 720).await;
    browser.page.goto(url).await.expect("a page");
    browser.painted(2).await;
    browser
        .run("document.querySelector('.people').open = true")
        .await;
    browser
}

/// An element that a person sees, by its test id.
fn seen(testid: &str) -> String {
    format!("document.querySelector('[data-testid={testid}]')?.checkVisibility()")
}

async fn is_seen(browser: &Browser, testid: &str) -> bool {
    browser.run(&format!("return !!{}", seen(testid))).await == Value::Bool(true)
}

async fn until_seen(browser: &Browser, testid: &str) {
    browser
        .until(testid, &format!("return {}", seen(testid)))
        .await;
}

async fn click(browser: &Browser, testid: &str) {
    until_seen(browser, testid).await;
    let script = format!("document.querySelector('[data-testid={testid}]').click()");
    browser.run(&script).await;
}

/// A key as a hand presses it.
async fn key(browser: &Browser, value: char) {
    let keys = KeyActions::new("keys".into())
        .then(KeyAction::Down { value })
        .then(KeyAction::Up { value });
    browser.page.perform_actions(keys).await.expect("a key");
}

/// Goes on with Tab until the focus is on an element.
async fn tab_to(browser: &Browser, testid: &str) {
    for _ in 0..40 {
        if focus(browser).await == testid {
            return;
        }
        key(browser, char::from(Key::Tab)).await;
    }
    panic!("Tab does not lead to {testid}");
}

/// The test id of what has the focus.
async fn focus(browser: &Browser) -> String {
    let focus = browser
        .run("return document.activeElement?.dataset?.testid ?? ''")
        .await;
    focus.as_str().unwrap_or_default().to_owned()
}

async fn link_at(browser: &Browser, testid: &str) -> String {
    let script = format!("return document.querySelector('[data-testid={testid}]')?.value");
    let link = browser.until(testid, &script).await;
    link.as_str().expect("a link").to_owned()
}

fn status(server: &Server, bearer: &str) -> u16 {
    get(server.address, STATE, &[("Authorization", bearer)]).status
}

/// Counts what it shows of being thrown out, from now on.
const WATCH: &str = "window.alarms = 0;
    const shown = () => [...document.querySelectorAll('.banner')].filter(banner => banner.checkVisibility());
    new MutationObserver(() => { window.alarms += shown().length })
        .observe(document.documentElement, { childList: true, subtree: true, attributes: true })";

/// Whether a token stands anywhere in the page or its address.
const TRACES: &str = "const all = [location.href, document.documentElement.outerHTML,
        ...[...document.querySelectorAll('input')].map(i => i.value)];
    return all.some(text => /token=[0-9a-f]/.test(text))";

#[tokio::test]
async fn a_controller_throws_all_others_out_and_stays() {
    let server = guarded(&[]);
    let ada = open(server.link("control")).await;
    let bob = open(server.link("view")).await;
    assert!(!is_seen(&bob, "turn-tokens").await, "who may only look");
    click(&ada, "turn-tokens").await;
    until_seen(&ada, "turn-now").await;
    ada.keep("turn-asks").await;
    // Asked, and not done.
    key(&ada, char::from(Key::Escape)).await;
    ada.until("it is closed", &format!("return !{}", seen("turn-now")))
        .await;
    let old = [server.bearer("view"), server.bearer("control")];
    assert_eq!(
        [status(&server, &old[0]), status(&server, &old[1])],
        [200, 200]
    );
    ada.run(WATCH).await;
    click(&ada, "turn-tokens").await;
    click(&ada, "turn-now").await;
    let (view, control) = (
        link_at(&ada, "new-view").await,
        link_at(&ada, "new-control").await,
    );
    until_seen(&bob, "entry-banner").await;
    let text = bob.text().await;
    assert!(
        text.contains(
            "the tokens of this server were changed; ask who changed them for a new link."
        ),
        "{text}"
    );
    bob.keep("turn-thrown-out").await;
    assert_eq!(
        [status(&server, &old[0]), status(&server, &old[1])],
        [401, 401]
    );
    for (link, may) in [(&view, false), (&control, true)] {
        let state = get(server.address, STATE, &[("Authorization", &bearer(link))]);
        assert_eq!(state.json()["may_control"], may);
    }
    // This page goes on, and has shown nothing else in between.
    let seq = "return Number(document.querySelector('[data-testid=heatmap]').facts.seq)";
    let now = ada.run(seq).await.as_u64().expect("a number");
    ada.painted(now + 3).await;
    assert_eq!(ada.run("return window.alarms").await, 0);
    let live = "return document.querySelector('[data-testid=connection]').innerText";
    assert_eq!(ada.run(live).await, "live");
    let copied = "window.copied = '';
        navigator.clipboard.writeText = text => { window.copied += text; return Promise.resolve() };
        document.querySelectorAll('[data-testid=copy-new-link]').forEach(button => button.click());
        return window.copied";
    assert_eq!(ada.run(copied).await, format!("{view}{control}"));
    ada.keep("turn-done").await;
    // What is shown is gone with the panel.
    assert_eq!(ada.run(TRACES).await, true, "the panel shows it");
    key(&ada, char::from(Key::Escape)).await;
    ada.until("no trace", &TRACES.replace("return all", "return !all"))
        .await;
    click(&ada, "turn-tokens").await;
    until_seen(&ada, "turn-now").await;
    // And after a reload it is let in by its new session.
    ada.page.goto(&server.url()).await.expect("a page");
    until_seen(&ada, "choose-scope").await;
    bob.page.goto(&view).await.expect("a page");
    until_seen(&bob, "view-only").await;
    ada.close().await;
    bob.close().await;
}

#[tokio::test]
async fn keys_are_enough() {
    let server = guarded(&[]);
    let browser = open(server.link("control")).await;
    browser
        .run("document.querySelector('.people').open = false; document.activeElement.blur()")
        .await;
    tab_to(&browser, "viewers").await;
    key(&browser, char::from(Key::Enter)).await;
    tab_to(&browser, "turn-tokens").await;
    key(&browser, char::from(Key::Enter)).await;
    until_seen(&browser, "turn-now").await;
    // The page's keys are the panel's now.
    key(&browser, 's').await;
    assert!(!is_seen(&browser, "target-search").await);
    // Not at once: Enter, pressed twice, throws nobody out.
    assert_eq!(focus(&browser).await, "turn-close");
    tab_to(&browser, "turn-now").await;
    key(&browser, char::from(Key::Enter)).await;
    let control = link_at(&browser, "new-control").await;
    let selected = "const i = document.activeElement;
        return i.dataset.testid === 'new-view' && i.selectionEnd - i.selectionStart === i.value.length";
    browser.until("it goes to the link to view", selected).await;
    tab_to(&browser, "copy-new-link").await;
    tab_to(&browser, "new-control").await;
    key(&browser, char::from(Key::Escape)).await;
    let back = "return document.activeElement?.dataset.testid === 'turn-tokens'";
    browser.until("back where it was opened", back).await;
    assert_eq!(status(&server, &bearer(&control)), 200);
    browser.close().await;
}

#[tokio::test]
async fn the_button_is_for_those_who_may_control() {
    // Who needs no token may still want links for others.
    let known = Server::start(&["--demo", "--interval", "100ms"]);
    let browser = open(&known.url()).await;
    assert!(is_seen(&browser, "present").await && is_seen(&browser, "choose-scope").await);
    assert!(is_seen(&browser, "turn-tokens").await);
    let read_only = guarded(&["--read-only"]);
    browser
        .page
        .goto(read_only.link("view"))
        .await
        .expect("a page");
    until_seen(&browser, "view-only").await;
    browser
        .run("document.querySelector('.people').open = true")
        .await;
    assert!(is_seen(&browser, "present").await);
    assert!(!is_seen(&browser, "turn-tokens").await);
    browser.close().await;
}

/// The panel says so when it does not work, and a page without a right to it is no way around.
#[tokio::test]
async fn what_fails_is_told() {
    let server = guarded(&[]);
    let browser = open(server.link("control")).await;
    click(&browser, "turn-tokens").await;
    until_seen(&browser, "turn-now").await;
    // Somebody else takes the right away, or the server is gone.
    server.signal(libc::SIGSTOP);
    server.signal(libc::SIGKILL);
    click(&browser, "turn-now").await;
    let told = "return document.querySelector('[data-testid=turn] [role=alert]')?.innerText";
    let told = browser.until("it is told", told).await;
    assert!(
        told.as_str().unwrap().starts_with("No answer came."),
        "{told}"
    );
    browser.keep("turn-failed").await;
    browser.close().await;
}

/// Through a proxy or by an address, the server's own idea of its name may lead nowhere. Without TLS a browser gives a page
/// no clipboard; the buttons work all the same.
#[tokio::test]
async fn links_are_those_that_this_page_was_opened_by() {
    let exposed =
        |args: &[&str]| Server::start_with(&[&["--demo", "--listen", "0.0.0.0:0"], args].concat());
    let link = exposed(&[]).link("control").to_owned();
    let host = link
        .strip_prefix("http://")
        .and_then(|rest| rest.split(':').next());
    let host = host.expect("an address");
    let server = exposed(&["--host-name", "db1.example"]);
    let at = format!("http://{host}:{}/", server.address.port());
    let token = &server.bearer("control")["Bearer ".len()..];
    let browser = open(&format!("{at}#token={token}")).await;
    click(&browser, "turn-tokens").await;
    click(&browser, "turn-now").await;
    let view = link_at(&browser, "new-view").await;
    assert!(view.starts_with(&format!("{at}#token=")), "{view}");
    let watch =
        "document.addEventListener('copy', () => { window.copied = String(getSelection()) });
        return isSecureContext";
    assert_eq!(browser.run(watch).await, host == "127.0.0.1");
    tab_to(&browser, "copy-new-link").await;
    key(&browser, char::from(Key::Enter)).await;
    let said = "return document.activeElement.innerText === 'Copied'";
    browser.until("it is copied", said).await;
    if host != "127.0.0.1" {
        assert_eq!(browser.run("return window.copied").await, view);
    }
    browser.close().await;
}

/// For looking at: the panel, wide and narrow, light and dark.
#[tokio::test]
async fn the_panel_fits_wide_and_narrow() {
    let server = guarded(&[]);
    let browser = open(server.link("control")).await;
    for (width, theme) in [
        (1280, "light"),
        (1280, "dark"),
        (360, "light"),
        (360, "dark"),
    ] {
        browser.resize(width, 740).await;
        browser.prefer(&[("prefers-color-scheme", theme)]).await;
        browser.keep(&format!("turn-people-{width}-{theme}")).await;
        for (button, shown) in [("turn-tokens", "turn-now"), ("turn-now", "new-view")] {
            click(&browser, button).await;
            until_seen(&browser, shown).await;
            let inside = "const d = document.querySelector('[data-testid=turn]');
                return d.scrollWidth <= d.clientWidth && document.documentElement.scrollWidth <= innerWidth";
            browser.until("it fits", inside).await;
            browser.keep(&format!("turn-{shown}-{width}-{theme}")).await;
        }
        key(&browser, char::from(Key::Escape)).await;
        browser
            .until("it is closed", &format!("return !{}", seen("new-view")))
            .await;
    }
    browser.close().await;
}
