//! Series' recent past in the list: a strip in each row, and the first series as strips on one time axis. In a real
//! browser, on the synthetic machine.

mod support;

use support::browser::{Browser, PIXELS, press};
use support::server::Server;

const ROWS: &str = "[...document.querySelectorAll('[data-testid=process-row]:not([hidden])')]";
const STRIPS: &str =
    "[...document.querySelectorAll('[data-testid=strip-row]')].filter(r => r.offsetParent)";

async fn open(query: &str) -> (Server, Browser) {
    let server = Server::start(&["--demo=60", "--interval", "100ms"]);
    let browser = Browser::open(1280, 720).await;
    let address = format!("{}{query}", server.url());
    browser.page.goto(&address).await.expect("a page");
    browser.painted(20).await;
    (server, browser)
}

/// The highest bar of the ten intervals that the list sums up is as high as the row's `max` says.
#[tokio::test]
async fn the_bars_of_a_row_are_as_high_as_its_longest_waits() {
    let (_server, browser) = open("").await;
    browser.resize(1280, 1000).await;
    let compare = format!(
        "{PIXELS} const canvas = document.querySelector('[data-testid=row-strips]');
        if (devicePixelRatio !== 1) throw new Error('made for one pixel in a CSS pixel');
        const {{ top, width }} = canvas.getBoundingClientRect(), units = {{ 'µs': 1, ms: 1e3, s: 1e6 }};
        const wrong = [], seen = [];
        const box = document.querySelector('[data-testid=list-scroll]').getBoundingClientRect();
        for (const row of {ROWS}) {{
            const at = row.getBoundingClientRect();
            if (at.bottom <= box.top || at.top >= box.bottom) continue;
            const max = document.getElementById(row.getAttribute('aria-owns').split(' ').at(-1)).innerText.trim();
            const [, most, unit] = max.match(/–([\\d.]+) (\\S+)$/) ?? [];
            if (!most) continue;
            const slot = Math.round(Math.log2(most * units[unit])) - 1;
            const y = Math.round(row.getBoundingClientRect().top - top);
            // The base line is at 20; what lies above it is a bar.
            const pixels = pixelsOf(canvas, width - 10, y, 10, 20);
            const filled = new Array(10).fill(0);
            for (let i = 0; i < 200; i++) filled[i % 10] += pixels[4 * i + 3] === 255;
            const height = Math.max(...filled), right = Math.round(Math.min(slot, 20) / 20 * 17) + 1;
            seen.push(height);
            if (height !== right) wrong.push(`${{row.innerText}}: ${{height}} and not ${{right}}`);
        }}
        // What is written is painted with the next frame.
        document.title = wrong.join('; ');
        return seen.length > 8 && new Set(seen).size > 2 && wrong.length === 0"
    );
    browser.until("the rows' strips", &compare).await;
    browser.keep("strips-rows").await;
    browser.close().await;
}

#[tokio::test]
async fn the_first_of_the_list_are_strips_in_its_order() {
    let (_server, browser) = open("").await;
    press(&browser, "v").await;
    let order = format!(
        "const keys = rows => rows.map(r => r.dataset.key).slice(0, 8).join();
        const places = [...document.querySelectorAll('[data-testid=process-row]:not([hidden])')];
        places.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex);
        const strips = {STRIPS};
        return strips.length === 8 && keys(strips) === keys(places)"
    );
    browser.until("eight strips", &order).await;
    let address = "return location.search.includes('list=strips')";
    browser.until("the address says it", address).await;
    let painted = format!(
        "{PIXELS} const c = document.querySelector('[data-testid=strips] canvas');
        const {{ width, height }} = c.getBoundingClientRect(), row = height / 8;
        const data = pixelsOf(c, Math.round(width) - 20, 0, 20, height);
        const filled = new Array(8).fill(0);
        for (let i = 3; i < data.length; i += 4) filled[Math.floor((i >> 2) / 20 / row)] += data[i] > 0;
        return filled.every(n => n > 20) || false"
    );
    browser.until("all have their bars", &painted).await;
    browser.keep("strips").await;
    let click = format!("const r = {STRIPS}[1]; r.click(); return r.dataset.key");
    let key = browser.run(&click).await;
    let key = key.as_str().expect("a key").to_owned();
    let chosen = format!(
        "return document.querySelector('[data-testid=series-title]').innerText.includes('{key}')
            && location.search.includes('series={key}')"
    );
    browser.until("its heatmap", &chosen).await;
    browser.run("history.go(-2)").await;
    let list = format!("return {STRIPS}.length === 0 && {ROWS}.some(r => r.offsetParent)");
    browser.until("back to the list", &list).await;
    browser.close().await;
}

#[tokio::test]
async fn a_link_opens_strips() {
    let (_server, browser) = open("?list=strips").await;
    let strips = format!("return {STRIPS}.length === 8");
    browser.until("strips", &strips).await;
    browser.close().await;
}

/// The list leaves the page and comes back with what is measured; what watches its size goes with it.
#[tokio::test]
async fn the_list_can_go_and_come_back() {
    let (_server, browser) = open("").await;
    for (key, shown) in [
        (
            "global",
            "!!document.querySelector('[data-testid=not-by-process]')".to_owned(),
        ),
        ("process", format!("{ROWS}.length >= 8")),
        (
            "global",
            "!!document.querySelector('[data-testid=not-by-process]')".to_owned(),
        ),
        ("thread", format!("{ROWS}.length >= 8")),
    ] {
        let measure = format!(
            "fetch('/api/v1/scope', {{ method: 'PUT', body: JSON.stringify({{ key: '{key}' }}) }})"
        );
        browser.run(&measure).await;
        let is_shown = format!("return {shown}");
        browser.until(key, &is_shown).await;
    }
    let broken = "return document.querySelector('[data-testid=start-error]')?.innerText ?? 'none'";
    assert_eq!(browser.run(broken).await, "none");
    browser.close().await;
}

/// Also where no list tells who waited then: beside strips, which are the present's, and for a whole system.
#[tokio::test]
async fn looking_back_the_histogram_is_of_the_time_that_is_shown() {
    for (options, query) in [("--by=process", "?list=strips"), ("--by=global", "")] {
        let server = Server::start(&["--demo=60", "--interval", "100ms", options]);
        let browser = Browser::open(1280, 720).await;
        let address = format!("{}{query}", server.url());
        browser.page.goto(&address).await.expect("a page");
        browser.painted(40).await;
        press(&browser, "+").await;
        press(&browser, "[").await;
        // What the picture shows of it is summed, and said; the picture itself follows with the next frame.
        let told = "const head = document.querySelector('[data-testid=histogram-title]').innerText;
            const map = document.querySelector('[data-testid=heatmap]').facts;
            const times = head.match(/(\\d+):(\\d+):([\\d.]+) – (\\d+):(\\d+):([\\d.]+)/)?.slice(1).map(Number);
            if (!head.includes('time shown') || !times) return false;
            const seconds = at => times[at] * 3600 + times[at + 1] * 60 + times[at + 2];
            const end = map.endMs / 1000 % 86400;
            return seconds(3) - seconds(0) > 1 && Math.abs(seconds(3) - end) < 1";
        browser
            .until(&format!("the time shown, {options}"), told)
            .await;
        press(&browser, "l").await;
        let newest = "return document.querySelector('[data-testid=histogram-title]').innerText.includes('newest')";
        browser.until("the newest again", newest).await;
        browser.close().await;
    }
}
