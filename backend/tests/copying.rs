//! Copying, where browsers give pages no clipboard (plain http beyond this host) and where somebody has forbidden it. In a
//! real browser, by a hand that clicks; what was copied is pasted.

mod support;

use fantoccini::Locator;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use support::browser::Browser;
use support::proxy::TRUSTING;
use support::server::Server;

const COPY: &str = "[data-testid=copy-link]";

async fn open(url: &str, before: &str) -> Browser {
    let browser = Browser::open_with(1280, 720, &TRUSTING).await;
    browser.run_before(before).await;
    browser.page.goto(url).await.expect("a page");
    browser.painted(2).await;
    browser
}

async fn click(browser: &Browser, css: &str) {
    let button = browser.page.find(Locator::Css(css)).await;
    button.expect("a button").click().await.expect("a click");
}

async fn label(browser: &Browser, text: &str) {
    let script = format!("return document.querySelector('{COPY}').textContent === '{text}'");
    browser.until(&format!("it says {text}"), &script).await;
}

/// What a person who pastes now gets.
async fn pasted(browser: &Browser) -> String {
    let field = "const i = document.querySelector('input[type=search], [data-testid=filter]'); i.value = ''; i.focus()";
    browser.run(field).await;
    let keys = KeyActions::new("keys".into())
        .then(KeyAction::Down {
            value: char::from(Key::Control),
        })
        .then(KeyAction::Down { value: 'v' })
        .then(KeyAction::Up { value: 'v' })
        .then(KeyAction::Up {
            value: char::from(Key::Control),
        });
    browser.page.perform_actions(keys).await.expect("keys");
    let value = browser
        .until("it is pasted", "return document.activeElement.value")
        .await;
    value.as_str().unwrap_or_default().to_owned()
}

async fn is_alive(browser: &Browser) {
    let crashed = browser
        .run("return document.querySelector('.fatal')?.innerText ?? ''")
        .await;
    assert_eq!(crashed, "");
}

fn named() -> (Server, String) {
    let server = Server::start(&[
        "--demo",
        "--interval",
        "100ms",
        "--host-name",
        "db1.example",
    ]);
    let url = format!("http://db1.example:{}/", server.address.port());
    (server, url)
}

#[tokio::test]
async fn without_a_clipboard_it_is_copied_by_selection() {
    let (_server, url) = named();
    let browser = open(&format!("{url}?by=share"), "").await;
    assert_eq!(
        browser
            .run("return isSecureContext || !!navigator.clipboard")
            .await,
        false
    );
    // Twice: the second click once crashed the page.
    for _ in 0..2 {
        click(&browser, COPY).await;
        label(&browser, "Copied").await;
        label(&browser, "Copy link").await;
    }
    is_alive(&browser).await;
    let got = pasted(&browser).await;
    assert!(
        got.starts_with(&format!("{url}?")) && got.contains("by=share"),
        "{got}"
    );
    browser.close().await;
}

#[tokio::test]
async fn where_it_is_forbidden_it_is_copied_by_selection() {
    let server = Server::start(&["--demo", "--interval", "100ms"]);
    let url = format!("http://localhost:{}/", server.address.port());
    let browser = Browser::open_with(1280, 720, &TRUSTING).await;
    browser
        .permit(url.trim_end_matches('/'), "clipboard-write", "denied")
        .await;
    browser.page.goto(&url).await.expect("a page");
    browser.painted(2).await;
    let refused = "return navigator.clipboard.writeText('x').then(() => false, () => true)";
    assert_eq!(browser.run(refused).await, true);
    click(&browser, COPY).await;
    label(&browser, "Copied").await;
    assert!(pasted(&browser).await.starts_with(&url));
    browser.close().await;
}

/// Neither the clipboard nor the selection: the text is there to be copied by hand, and nothing claims that it was.
#[tokio::test]
async fn where_nothing_copies_the_text_is_selected() {
    let (_server, url) = named();
    let browser = open(&url, "document.execCommand = () => false").await;
    click(&browser, COPY).await;
    let selected = "const t = document.querySelector('[data-testid=by-hand] textarea');
        return t && document.activeElement === t && t.selectionEnd - t.selectionStart === t.value.length && t.value";
    let text = browser.until("it is selected", selected).await;
    assert!(text.as_str().unwrap().starts_with(&url), "{text}");
    label(&browser, "Copy link").await;
    for (width, theme) in [
        (1280, "light"),
        (1280, "dark"),
        (360, "light"),
        (360, "dark"),
    ] {
        browser.resize(width, 740).await;
        browser.prefer(&[("prefers-color-scheme", theme)]).await;
        browser
            .until(
                "it fits",
                "return document.documentElement.scrollWidth <= innerWidth",
            )
            .await;
        browser.keep(&format!("copy-by-hand-{width}-{theme}")).await;
    }
    let keys = KeyActions::new("keys".into())
        .then(KeyAction::Down {
            value: char::from(Key::Escape),
        })
        .then(KeyAction::Up {
            value: char::from(Key::Escape),
        });
    browser.page.perform_actions(keys).await.expect("keys");
    browser
        .until(
            "it is gone",
            "return !document.querySelector('[data-testid=by-hand]')",
        )
        .await;
    click(&browser, COPY).await;
    browser.until("it is there again", selected).await;
    is_alive(&browser).await;
    browser.close().await;
}
