//! The panels that open over the page, with a real keyboard and a real pointer. On the synthetic machine.

mod support;

use fantoccini::Locator;
use fantoccini::key::Key;
use support::browser::{Browser, MAP, press};
use support::server::Server;

async fn open(server: &Server) -> Browser {
    let browser = Browser::open(1280, 860).await;
    browser.page.goto(&server.url()).await.expect("a page");
    browser.painted(3).await;
    browser
}

async fn type_there(browser: &Browser, css: &str, text: &str) {
    let field = browser.page.find(Locator::Css(css)).await;
    let field = field.expect("a field");
    field.send_keys(text).await.expect("keys");
}

/// In an incident one types and presses Enter; whoever watches sees what comes of it.
#[tokio::test]
async fn typing_and_enter_measure_what_is_found_first() {
    const SEARCH: &str = "[data-testid=target-search]";
    let server = Server::start(&["--demo=100", "--interval", "100ms"]);
    let browser = open(&server).await;
    press(&browser, "s").await;
    type_there(&browser, SEARCH, "no such thing").await;
    let told = "return document.querySelector('[data-testid=scope-picker]').innerText
        .includes('No process and no cgroup matches “no such thing”')";
    browser.until("it says that nothing matches", told).await;
    // Then there is nothing to apply.
    type_there(&browser, SEARCH, &Key::Enter.to_string()).await;
    let stays = "return document.querySelector('[data-testid=scope-picker]').open
        && document.querySelector('[data-testid=apply]').disabled
        && document.querySelectorAll('[data-testid=mark]').length === 0";
    assert_eq!(browser.run(stays).await, true);
    let empty = format!("document.querySelector('{SEARCH}').select()");
    browser.run(&empty).await;
    type_there(&browser, SEARCH, "redis").await;
    let draft = "return document.querySelector('[data-testid=draft]').innerText
        .match(/process (\\d+)/)?.[1]";
    let tgid = browser
        .until("the first that matches is chosen", draft)
        .await;
    type_there(&browser, SEARCH, &Key::Enter.to_string()).await;
    let measured = format!(
        "return document.querySelector('[data-testid=scope]').innerText.includes('{}')",
        tgid.as_str().expect("an id")
    );
    browser.until("it is measured", &measured).await;
    browser.close().await;
}

#[tokio::test]
async fn a_small_panel_closes_by_escape_by_a_press_beside_it_and_by_another() {
    const VIEW: &str = "[data-testid=drawing] > summary";
    const VIEWERS: &str = "[data-testid=viewers]";
    let server = Server::start(&["--demo=10", "--interval", "100ms"]);
    let browser = open(&server).await;
    let click = async |css: &str| {
        let button = browser.page.find(Locator::Css(css)).await;
        button.expect("a button").click().await.expect("a click");
    };
    let count = "return document.querySelectorAll('details.popover[open]').length";
    click(VIEW).await;
    assert_eq!(browser.run(count).await, 1);
    type_there(&browser, VIEW, &Key::Escape.to_string()).await;
    assert_eq!(browser.run(count).await, 0);
    click(VIEW).await;
    click(VIEWERS).await;
    let which = "return document.querySelector('details.popover[open]').className";
    assert_eq!(browser.run(count).await, 1);
    assert_eq!(browser.run(which).await, "popover people");
    click("[data-testid=own-name]").await;
    assert_eq!(browser.run(count).await, 1, "a press in it leaves it open");
    click("h2").await;
    assert_eq!(browser.run(count).await, 0);
    assert_eq!(browser.run(&format!("return !!{MAP}")).await, true);
    browser.close().await;
}
