//! The page for everybody: axe-core finds nothing serious in any of its states, in the light and in the dark; and
//! who asks for more contrast gets it.

mod support;

use std::path::Path;
use support::browser::{Browser, PIXELS, press};
use support::server::Server;

/// Where `cargo xtask setup` puts it.
const AXE: &str = "../target/tools/axe-core/node_modules/axe-core/axe.min.js";

/// What axe-core thinks of the page: a line for each serious finding, with the elements.
const CHECK: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'], rules: RULES }).then(({ violations }) => {
        const grave = violations.filter(v => ['serious', 'critical'].includes(v.impact));
        done(grave.map(v => `${v.id} (${v.help}): `
            + v.nodes.slice(0, 6).map(n => `${n.target} ${n.any[0]?.message ?? n.all[0]?.message ?? ''}`).join('; ')));
    }, error => done([String(error)]));";

/// A window on a page in a theme, which is chosen as the page keeps it.
async fn open(server: &Server, theme: &str) -> Browser {
    open_at(&server.url(), theme).await
}

async fn open_at(url: &str, theme: &str) -> Browser {
    let browser = Browser::open(1280, 720).await;
    browser.page.goto(url).await.expect("a page");
    let choose = format!("localStorage.setItem('runqlat-web.theme', '{theme}'); location.reload()");
    browser.run(&choose).await;
    let themed = format!("return document.documentElement.dataset.theme === '{theme}'");
    browser.until("the theme", &themed).await;
    browser.painted(15).await;
    browser
}

/// The serious findings in what is shown now.
async fn findings(browser: &Browser, state: &str) -> Vec<String> {
    findings_by(browser, state, "{}").await
}

/// The same, with other rules than those that are on by themselves.
async fn findings_by(browser: &Browser, state: &str, rules: &str) -> Vec<String> {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join(AXE);
    let axe = std::fs::read_to_string(&axe)
        .unwrap_or_else(|_| panic!("no {}; run `cargo xtask setup`", axe.display()));
    browser.run(&axe).await;
    let check = CHECK.replace("RULES", rules);
    let found = browser.page.execute_async(&check, vec![]).await;
    let found = found.expect("axe-core runs");
    browser.keep(&format!("accessible-{state}")).await;
    let found = found.as_array().expect("a list").iter();
    found.map(|line| format!("{state}: {line}")).collect()
}

/// All states of the page of a busy machine.
async fn walk(theme: &str) {
    let server = Server::start(&["--demo=100", "--interval", "100ms"]);
    let browser = open(&server, theme).await;
    let mut found = findings(&browser, &format!("busy-{theme}")).await;
    // Each state with the key that leads to it and, where it isn't the same, back.
    for (state, key, shown) in [
        ("help", "?", "[data-testid=help][open]"),
        ("picker", "s", "[data-testid=scope-picker][open]"),
        ("table", "t", "[data-testid=map-table]"),
        ("strips", "v", "[data-testid=strips]:not(.away)"),
    ] {
        press(&browser, key).await;
        let is_shown = format!("return !!document.querySelector('{shown}')");
        browser.until(state, &is_shown).await;
        found.extend(findings(&browser, &format!("{state}-{theme}")).await);
        // The page hears of it a moment later, and takes no keys until then.
        let close = "document.querySelector('dialog[open]')?.close();
            return new Promise(done => requestAnimationFrame(() => setTimeout(() => done(true))))";
        browser.until("it is closed", close).await;
        let dialog = matches!(state, "help" | "picker");
        if !dialog {
            press(&browser, key).await;
        }
        browser
            .until(
                "back",
                &format!("return !document.querySelector('{shown}')"),
            )
            .await;
    }
    browser.close().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn nothing_grave_in_the_light() {
    walk("light").await;
}

#[tokio::test]
async fn nothing_grave_in_the_dark() {
    walk("dark").await;
}

/// The panel for new tokens, as it asks and as it shows them.
#[tokio::test]
async fn nothing_grave_about_new_links() {
    let mut found = Vec::new();
    for theme in ["light", "dark"] {
        let server = Server::start(&["--demo", "--interval", "100ms", "--token"]);
        let browser = open_at(server.link("control"), theme).await;
        let click = |testid: &str| {
            format!(
                "const e = document.querySelector('[data-testid={testid}]'); e?.click(); return !!e"
            )
        };
        for (state, button, shown) in [
            ("turn-asks", "turn-tokens", "turn-now"),
            ("turn-done", "turn-now", "new-view"),
        ] {
            browser.until(button, &click(button)).await;
            let is_shown = format!("return !!document.querySelector('[data-testid={shown}]')");
            browser.until(state, &is_shown).await;
            found.extend(findings(&browser, &format!("{state}-{theme}")).await);
        }
        browser.close().await;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn nothing_grave_where_nothing_waits() {
    let server = Server::start(&["--demo", "--interval", "100ms", "-c", "/idle.slice"]);
    let mut found = Vec::new();
    for theme in ["light", "dark"] {
        let browser = open(&server, theme).await;
        let opened = "const d = document.querySelector('[data-testid=empty] details'); if (d) d.open = true; return !!d";
        browser.until("what it would look like", opened).await;
        found.extend(findings(&browser, &format!("idle-{theme}")).await);
        browser.close().await;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Who asks for more contrast gets seven to one, in everything that is text.
#[tokio::test]
async fn more_contrast_is_given_to_who_asks_for_it() {
    const ENHANCED: &str = "{ 'color-contrast-enhanced': { enabled: true } }";
    let server = Server::start(&["--demo=100", "--interval", "100ms"]);
    let mut found = Vec::new();
    for theme in ["light", "dark"] {
        let browser = open(&server, theme).await;
        browser.prefer(&[("prefers-contrast", "more")]).await;
        found.extend(findings_by(&browser, &format!("contrast-{theme}"), ENHANCED).await);
        browser.close().await;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Where the system forces its colours, those that say something are still there.
#[tokio::test]
async fn forced_colours_leave_what_colours_say() {
    let server = Server::start(&["--demo=100", "--interval", "100ms"]);
    let browser = open(&server, "dark").await;
    browser.prefer(&[("forced-colors", "active")]).await;
    // Pressed buttons say so by their background. Bars are painted, and keep their colour as the map does: it must be told
    // from the page's.
    let painted = "const ground = css => getComputedStyle(document.querySelector(css)).backgroundColor;
        const page = ground('body');
        const pressed = ['.segments [aria-pressed=true]']
            .filter(css => [page, 'rgba(0, 0, 0, 0)'].includes(ground(css)));
        const far = (pixel, rgb) => pixel[3] === 255 && rgb.some((v, k) => Math.abs(v - pixel[k]) > 100);
        const bars = ['bars', 'shares'].filter(id => {
            const canvas = document.querySelector(`[data-testid=${id}]`);
            const { clientWidth: width, clientHeight: height } = canvas, pixels = pixelsOf(canvas, 0, 0, 1, height);
            const rgb = page.match(/\\d+/g).map(Number);
            return !width || !Array.from({ length: height }).some((_, y) => far(pixels.slice(4 * y, 4 * y + 4), rgb));
        });
        return matchMedia('(forced-colors: active)').matches && [...bars, ...pressed].join() || 'all told'";
    let painted = format!("{PIXELS} {painted}");
    // The list and numbers come at two intervals.
    let first = "return ['bars', 'shares'].every(id => {
        const canvas = document.querySelector(`[data-testid=${id}]`), { clientWidth: width, clientHeight: height } = canvas;
        return !width || pixelsOf(canvas, 0, 0, 1, height).some(value => value > 0);
    })";
    let first = format!("{PIXELS} {first}");
    browser.until("the first bars are painted", &first).await;
    let lost = browser.until("forced colours", &painted).await;
    assert_eq!(lost, "all told");
    browser.keep("forced-colours").await;
    browser.close().await;
}
