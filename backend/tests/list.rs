//! The list of series in a real browser: its filter, its pins, its focus, and a length that no page builds.

mod support;

use fantoccini::Locator;
use support::browser::Browser;
use support::server::Server;

const ROWS: &str = "[...document.querySelectorAll('[data-testid=process-row]:not([hidden])')]";

/// A window on synthetic processes whose list is there.
async fn open(processes: u32) -> (Server, Browser) {
    let server = Server::start(&[&format!("--demo={processes}"), "--interval", "100ms"]);
    let browser = Browser::open(1280, 720).await;
    browser.page.goto(&server.url()).await.expect("a page");
    let rows = format!("return {ROWS}.length > 5");
    browser.until("rows", &rows).await;
    (server, browser)
}

async fn type_filter(browser: &Browser, text: &str) {
    let filter = browser.page.find(Locator::Css("[data-testid=filter]"));
    let filter = filter.await.expect("a filter");
    filter.send_keys(text).await.expect("keys");
}

#[tokio::test]
async fn a_wrong_filter_is_told_as_one_types() {
    let (_server, browser) = open(300).await;
    type_filter(&browser, "/post(").await;
    let error = "return document.querySelector('[data-testid=filter-error]').innerText";
    let error = browser.until("an error", error).await;
    assert!(error.as_str().unwrap().contains("/post(/"), "{error}");
    browser.keep("list-filter-error").await;
    type_filter(&browser, "gres)/").await;
    let only = format!(
        "const rows = {ROWS}; return rows.length > 0
            && rows.every(r => r.innerText.includes('postgres'))
            && document.querySelector('[data-testid=filter-error]').innerText === ''"
    );
    browser.until("only those rows", &only).await;
    browser.close().await;
}

#[tokio::test]
async fn scrolling_reaches_the_last_of_thousands() {
    let (_server, browser) = open(3_000).await;
    let end = "const s = document.querySelector('[data-testid=list-scroll]');
        s.scrollTop = s.scrollHeight;
        const rows = Number(document.querySelector('[aria-rowcount]').ariaRowCount);
        const last = document.querySelector(`[aria-rowindex=\"${rows}\"]`);
        if (!last || rows < 1000) return false;
        const [a, b] = [last.getBoundingClientRect(), s.getBoundingClientRect()];
        return a.top >= b.top && a.bottom <= b.bottom + 1";
    browser.until("the last row is seen", end).await;
    let built = format!("return {ROWS}.length < 100");
    browser.until("few rows are built", &built).await;
    browser.keep("list-end").await;
    browser.close().await;
}

#[tokio::test]
async fn a_pin_survives_order_and_filter() {
    let (_server, browser) = open(300).await;
    let pin = format!(
        "const row = {ROWS}.find(r => r.ariaRowIndex === '5');
        row.querySelector('.pin').click(); return row.dataset.key"
    );
    let key = browser.run(&pin).await;
    let first = format!(
        "const row = {ROWS}.find(r => r.ariaRowIndex === '2');
        return row?.dataset.key === {key} && row.classList.contains('pinned')"
    );
    browser.until("it is on top", &first).await;
    let sort = "document.querySelector('[data-sort=name]').click()";
    browser.run(sort).await;
    let sorted = "return document.querySelector('th.c-name').ariaSort === 'ascending'";
    browser.until("the order is another", sorted).await;
    browser.until("it is on top", &first).await;
    type_filter(&browser, "no such thing").await;
    let alone = format!("return {ROWS}.length === 1");
    browser.until("the others are filtered away", &alone).await;
    browser.until("it is on top", &first).await;
    browser.keep("list-pinned").await;
    browser.close().await;
}

#[tokio::test]
async fn the_focus_stays_with_its_series() {
    let (_server, browser) = open(300).await;
    let focus = format!("const r = {ROWS}[8]; r.focus(); return r.dataset.key");
    let key = browser.run(&focus).await;
    // Its place changes with the updates, and its element does not.
    let moved = format!(
        "const r = document.activeElement;
        window.placesSeen ??= new Set(); window.placesSeen.add(r.ariaRowIndex);
        if (r.dataset.key !== {key}) throw new Error('on ' + r.outerHTML);
        return window.placesSeen.size > 3"
    );
    browser.until("it has moved", &moved).await;
    browser.keep("list-focus").await;
    browser.close().await;
}
