//! A viewer's machine that sleeps, as a laptop does, or has too much else to do. On the synthetic machine.

mod support;

use runqlat_common::wire::Format;
use std::time::{Duration, Instant};
use support::browser::Browser;
use support::client::{Viewer, get};
use support::server::Server;

/// The browser stands still until the server has given it up. Whoever else watches notices nothing; and when it wakes,
/// the page comes back by itself, with what it has missed.
#[tokio::test]
async fn a_page_that_slept_is_dropped_and_comes_back_by_itself() {
    let server = Server::start(&["--demo=20", "--interval", "500ms"]);
    let address = server.address;
    let browser = Browser::open(1280, 860).await;
    browser.page.goto(&server.url()).await.expect("a page");
    browser.painted(3).await;
    let mut watcher = Viewer::join(address, Format::Postcard).await;
    let mut seq = watcher.interval().await.column.seq;
    browser.signal(libc::SIGSTOP);
    let since = Instant::now();
    let viewers = || get(address, "/api/v1/state", &[]).json()["viewers"].as_u64();
    while viewers() != Some(1) {
        assert!(since.elapsed() < Duration::from_secs(75), "it is kept");
        let next = watcher.interval().await.column.seq;
        assert_eq!(next, seq + 1, "the other one misses intervals");
        seq = next;
    }
    println!("dropped after {:?}", since.elapsed());
    browser.signal(libc::SIGCONT);
    let since = Instant::now();
    browser.painted(seq).await;
    let live = "return document.querySelector('[data-testid=connection]').innerText === 'live'";
    browser.until("it is live again", live).await;
    println!("current again after {:?}", since.elapsed());
    // What came meanwhile is there.
    let known = format!("return Number({}.facts.seq)", support::browser::MAP);
    let shown = browser.run(&known).await.as_u64().expect("a number");
    assert!(shown >= seq, "{shown} is shown, and {seq} is over");
    browser.close().await;
}

/// Messages that a page does not take are not kept without end: it is told why, and gets a snapshot when it is back.
#[tokio::test]
async fn a_page_that_is_too_slow_starts_anew_and_says_why() {
    let server = Server::start(&["--demo=20", "--interval", "100ms"]);
    let browser = Browser::open(1280, 860).await;
    browser.page.goto(&server.url()).await.expect("a page");
    browser.painted(3).await;
    // A banner stands for a second: it is looked for from within.
    let busy = "window.said = '';
        new MutationObserver(() => {
            window.said += document.querySelector('[data-testid=connection-banner]')?.innerText ?? '';
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
        const end = performance.now() + 9000;
        while (performance.now() < end);
        return true";
    browser.run(busy).await;
    let told = "return window.said.includes('this page was too slow')";
    browser.until("it says why", told).await;
    let live = "return document.querySelector('[data-testid=connection]').innerText === 'live'";
    browser.until("it is live again", live).await;
    // More than came while it was busy, and all of it.
    browser.painted(100).await;
    let missing = "return document.querySelector('[data-testid=notice]').innerText";
    assert_eq!(browser.run(missing).await, "");
    browser.close().await;
}
