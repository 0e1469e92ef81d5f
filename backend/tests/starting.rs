//! A page that can't show pictures says so, and why, in place of an empty map. In a real browser, on the synthetic machine.

mod support;

use support::browser::Browser;
use support::server::Server;

/// What the page says of its start, as a person reads it.
async fn told(server: &Server, browser: &Browser) -> String {
    browser.page.goto(&server.url()).await.expect("a page");
    let told = "return document.querySelector('[data-testid=start-error]')?.innerText";
    let told = browser.until("what is wrong", told).await;
    told.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_browser_whose_workers_have_no_canvases_is_told() {
    let server = Server::start(&["--demo"]);
    let browser = Browser::open(1280, 860).await;
    browser
        .run_before("delete HTMLCanvasElement.prototype.transferControlToOffscreen")
        .await;
    let told = told(&server, &browser).await;
    assert!(told.contains("could not start"), "{told}");
    assert!(told.contains("workers have no canvases"), "{told}");
    assert!(told.contains("Hint: "), "{told}");
    browser.close().await;
}

/// Has the page ask for a worker that is not there. What the browser fetches for one can't be kept from it.
async fn miss(browser: &Browser, worker: &str) {
    let script = format!(
        "window.Worker = class extends Worker {{
            constructor(url) {{ super(`${{url}}`.includes('{worker}') ? `${{url}}.gone` : url) }}
        }}"
    );
    browser.run_before(&script).await;
}

#[tokio::test]
async fn a_painter_that_does_not_come_is_missed() {
    let server = Server::start(&["--demo"]);
    let browser = Browser::open(1280, 860).await;
    miss(&browser, "painter").await;
    let told = told(&server, &browser).await;
    assert!(told.contains("cannot paint"), "{told}");
    assert!(told.contains("could not be loaded"), "{told}");
    // All else goes on.
    let rows = "return document.querySelectorAll('[data-testid=process-row]').length > 3";
    browser.until("the list", rows).await;
    browser.close().await;
}

#[tokio::test]
async fn a_worker_for_the_connection_that_does_not_come_is_missed() {
    let server = Server::start(&["--demo"]);
    let browser = Browser::open(1280, 860).await;
    miss(&browser, "socket").await;
    let told = told(&server, &browser).await;
    assert!(told.contains("cannot connect"), "{told}");
    assert!(told.contains("could not be loaded"), "{told}");
    browser.close().await;
}
