//! What the page says about itself: an idle machine's picture, the shares of a histogram's buckets, and what a word
//! means, under the pointer. In a real browser, on the synthetic machine.

mod support;

use fantoccini::Locator;
use support::browser::Browser;
use support::server::Server;

async fn open(args: &[&str]) -> (Server, Browser) {
    let server = Server::start(&[args, &["--interval", "100ms"]].concat());
    let browser = Browser::open(1280, 800).await;
    browser.resize(1280, 720).await;
    browser.page.goto(&server.url()).await.expect("a page");
    browser.painted(12).await;
    (server, browser)
}

#[tokio::test]
async fn where_nothing_waits_it_shows_an_example_and_a_load() {
    let (_server, browser) = open(&["--demo", "-c", "/idle.slice"]).await;
    let example = "const c = document.querySelector('[data-testid=empty] canvas');
        if (!c?.width) return false;
        const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, colours = new Set();
        for (let i = 0; i < data.length; i += 4) colours.add(data.slice(i, i + 3).join());
        return colours.size > 4";
    browser.until("an example", example).await;
    // Nobody told it how long it looked: what is hatched is not known to be quiet.
    let told = "return document.querySelector('[data-testid=empty] p').innerText";
    let told = browser.run(told).await;
    assert!(told.as_str().unwrap().contains("not hatched"), "{told}");
    browser.keep("idle").await;
    let load = "const summary = document.querySelector('[data-testid=empty] summary');
        summary.click();
        return document.querySelector('[data-testid=empty] pre').innerText";
    let load = browser.run(load).await;
    assert!(load.as_str().unwrap().contains("while :;"), "{load}");
    let inside = "const [box, pre, copy] = ['[data-testid=empty]', '[data-testid=empty] pre', '[data-testid=copy-load-here]']
            .map(css => document.querySelector(css).getBoundingClientRect());
        return pre.height > 15 && copy.bottom <= box.bottom && copy.top >= box.top";
    browser.until("it is all in view", inside).await;
    // A browser lets a page copy only after a hand's click.
    let copy = browser
        .page
        .find(Locator::Css("[data-testid=copy-load-here]"));
    copy.await.unwrap().click().await.expect("a click");
    let copied =
        "return document.querySelector('[data-testid=copy-load-here]').innerText === 'Copied'";
    browser.until("it is copied", copied).await;
    browser.keep("idle-load").await;
    browser.close().await;
}

#[tokio::test]
async fn a_load_is_not_offered_where_something_waits() {
    let (_server, browser) = open(&["--demo"]).await;
    let empty = "return document.querySelector('[data-testid=empty]') === null";
    assert_eq!(browser.run(empty).await, true);
    browser.close().await;
}

/// The parts add up, and what has no room in its row is in the row's title.
#[tokio::test]
async fn the_histogram_tells_each_buckets_part() {
    let (_server, browser) = open(&["--demo"]).await;
    browser
        .run("document.querySelector('[data-testid=pause]').click()")
        .await;
    let parts = "const body = document.querySelector('[data-testid=histogram] .bar-body');
        const lines = css => body.querySelector(css).textContent.split('\\n').slice(0, -1);
        const counts = lines('.bar-count').map(text => text === '·' ? 0 : Number(text.replaceAll(',', '')));
        const total = counts.reduce((sum, n) => sum + n, 0);
        if (!total) return false;
        const { top, height } = body.getBoundingClientRect();
        const wrong = []; let above = 0;
        for (const [row, count] of counts.entries()) {
            const clientY = top + (row + 0.5) / counts.length * height;
            body.dispatchEvent(new PointerEvent('pointermove', { clientY, bubbles: true }));
            const [, part, upTo] = body.title.match(/ waits, (.*) % of all; (.*) % were/) ?? [];
            const right = (text, n) => text?.match(/[<>]/) || Math.abs(Number(text) - 100 * n / total) < 0.06;
            if (!right(part, count) || !right(upTo, total - above)) wrong.push(body.title);
            if (!body.title.startsWith(lines('.bar-range')[row] + ':')) wrong.push(body.title);
            const written = [lines('.bar-part')[row], lines('.bar-up-to')[row]].join();
            if (written !== (count ? `${part} %,${upTo} %` : ',')) wrong.push(written);
            above += count;
        }
        return wrong.join('; ') || 'all'";
    let told = browser.until("the parts", parts).await;
    assert_eq!(told, "all");
    let shown = "const seen = css => document.querySelector(`.bar-head ${css}`).offsetWidth > 0;
        return [seen('.bar-part'), seen('.bar-up-to')].join()";
    assert_eq!(browser.run(shown).await, "true,false");
    browser.resize(1920, 1080).await;
    let wide = format!("{shown} === 'true,true'");
    browser.until("room for both", &wide).await;
    browser.keep("histogram-wide").await;
    browser.close().await;
}

/// Words that stand for something say what, to the pointer.
#[tokio::test]
async fn every_term_has_its_meaning_under_the_pointer() {
    let (_server, browser) = open(&["--demo=30"]).await;
    let bare = "const terms = [...document.querySelectorAll(
            'main dt, main th, main small, .bar-head span, .trust dt, .top .badge, .viewers, .subject > *, .count, .legend > *')];
        const has = e => e.closest('[title]:not([title=\"\"])') || e.querySelector('[title]:not([title=\"\"])');
        const bare = terms.filter(e => e.offsetParent && e.offsetWidth > 2 && e.innerText.trim() && !has(e));
        return terms.length > 20 && (bare.map(e => `${e.className || e.tagName}: ${e.innerText}`).join('; ') || 'none')";
    let bare = browser.until("terms", bare).await;
    assert_eq!(bare, "none");
    browser.close().await;
}
