//! Looking at the heatmap: time that is zoomed and moved, regions that are marked, what is measured that is
//! chosen on the page, and links that show the same. In a real browser, on the synthetic machine.

mod support;

use fantoccini::actions::{InputSource, MouseActions, PointerAction, WheelAction, WheelActions};
use serde_json::Value;
use std::time::Duration;
use support::browser::{Browser, MAP, PIXELS, PLOT, point, press};
use support::is_root;
use support::load::{Process, last_cpu};
use support::server::Server;

async fn open(server: &Server, query: &str) -> Browser {
    let browser = Browser::open(1280, 860).await;
    let address = format!("{}{query}", server.url());
    browser.page.goto(&address).await.expect("a page");
    browser.painted(12).await;
    browser
}

fn demo() -> Server {
    Server::start(&["--demo=100", "--interval", "100ms"])
}

async fn number(browser: &Browser, what: &str) -> f64 {
    let script = format!("return Number({MAP}.facts.{what})");
    browser.run(&script).await.as_f64().expect("a number")
}

async fn drag(browser: &Browser, from: (f64, f64), to: (f64, f64)) {
    let step = Some(Duration::from_millis(30));
    let to_point = |(x, y)| PointerAction::MoveTo {
        duration: step,
        x,
        y,
    };
    let button = fantoccini::actions::MOUSE_BUTTON_LEFT;
    let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
    let actions = MouseActions::new("mouse".into())
        .then(to_point(from))
        .then(PointerAction::Down { button })
        .then(to_point(middle))
        .then(to_point(to))
        .then(PointerAction::Up { button });
    browser.page.perform_actions(actions).await.expect("a drag");
}

async fn wheel(browser: &Browser, at: (f64, f64), delta_y: i64) {
    let actions = WheelActions::new("wheel".into()).then(WheelAction::Scroll {
        duration: None,
        x: at.0 as i64,
        y: at.1 as i64,
        delta_x: 0,
        delta_y,
    });
    browser
        .page
        .perform_actions(actions)
        .await
        .expect("a wheel");
}

#[tokio::test]
async fn looking_back_stands_still_and_one_key_follows_again() {
    let server = demo();
    let browser = open(&server, "").await;
    browser.painted(60).await;
    let middle = point(&browser, 0.99, 0.5).await;
    wheel(&browser, middle, -1_800).await;
    let zoomed = format!("return {MAP}.facts.endMs - {MAP}.facts.startMs < 6000");
    browser.until("the wheel zooms in", &zoomed).await;
    let end = number(&browser, "endMs").await;
    press(&browser, "[").await;
    let moved = format!("return {MAP}.facts.endMs < {end}");
    browser.until("it moves back", &moved).await;
    let held = number(&browser, "endMs").await;
    let later = format!(
        "return document.querySelector('[data-testid=follow]') && location.search.includes('to={held:.0}')"
    );
    browser
        .until("it stands, and the address says where", &later)
        .await;
    assert_eq!(number(&browser, "endMs").await, held);
    press(&browser, "l").await;
    let live = format!(
        "return {MAP}.facts.endMs > {end} && !document.querySelector('[data-testid=follow]')"
    );
    browser.until("it follows again", &live).await;
    browser.close().await;
}

#[tokio::test]
async fn a_marked_region_says_who_waits_in_it() {
    let server = demo();
    let browser = open(&server, "").await;
    browser.painted(40).await;
    let (from, to) = (
        point(&browser, 0.97, 0.2).await,
        point(&browser, 0.99, 0.95).await,
    );
    drag(&browser, from, to).await;
    let rows = "const rows = [...document.querySelectorAll('[data-testid=region-row]')];
        return rows.filter(r => r.getBoundingClientRect().height > 15).length || false";
    let rows = browser.until("who waits there is listed", rows).await;
    assert!(rows.as_u64() > Some(5), "{rows}");
    let headline = "return document.querySelector('[data-testid=region-headline]').innerText";
    let headline = browser.run(headline).await;
    assert!(headline.as_str().unwrap().contains("account"), "{headline}");
    let marked = "return /[?&]mark=\\d+,\\d+,\\d+,\\d+/.test(location.search)";
    browser.until("the address says it", marked).await;
    browser.keep("marked").await;
    press(&browser, "b").await;
    let kept = "return document.querySelector('[data-testid=differences]')?.innerText";
    let told = browser.until("the baseline is compared with", kept).await;
    assert_eq!(told, "Like the baseline");
    press(&browser, "Escape").await;
    let cleared = "return !document.querySelector('[data-testid=region]')";
    browser.until("Escape clears the mark", cleared).await;
    browser.keep("baseline").await;
    browser.close().await;
}

#[tokio::test]
async fn a_link_shows_somebody_else_the_same_and_back_goes_back() {
    let server = demo();
    let browser = open(
        &server,
        "?series=1002&by=share&waits=woken&last=120&filter=java",
    )
    .await;
    let shown = format!(
        "const d = {MAP}.facts;
        return d.measure === 'share' && d.cause === 'woken' && d.endMs - d.startMs === 120000
            && document.querySelector('[data-testid=series-title]').innerText.startsWith('java')
            && document.querySelector('[data-testid=filter]').value === 'java'"
    );
    browser.until("the link's view", &shown).await;
    press(&browser, "m").await;
    let address = "return location.search.includes('by=time')";
    browser.until("the address follows", address).await;
    browser.keep("series").await;
    browser.run("history.back()").await;
    let back = format!("return {MAP}.facts.measure === 'share'");
    browser.until("back goes back", &back).await;
    browser.close().await;
}

#[tokio::test]
async fn what_is_measured_is_chosen_on_the_page() {
    let server = demo();
    let browser = open(&server, "").await;
    press(&browser, "s").await;
    let search = "const s = document.querySelector('[data-testid=target-search]');
        if (document.activeElement !== s) return false;
        s.value = 'redis'; s.dispatchEvent(new InputEvent('input', { bubbles: true })); return true";
    browser.until("the picker is open", search).await;
    let found = "const t = [...document.querySelectorAll('[data-testid=target]')];
        const redis = t.find(r => r.innerText.startsWith('redis-server'));
        if (!redis || t.some(r => r.innerText.startsWith('java'))) return false;
        redis.click(); return redis.innerText.match(/redis-server (\\d+)/)[1]";
    let tgid = browser.until("redis is found", found).await;
    let tgid = tgid.as_str().expect("an id").to_owned();
    browser.keep("picker").await;
    let apply = "const b = document.querySelector('[data-testid=apply]');
        if (b.disabled) return false; b.click(); return true";
    browser.until("it can be applied", apply).await;
    let measured = format!(
        "return !document.querySelector('[data-testid=scope-picker]').open
            && document.querySelector('[data-testid=scope]').innerText.includes('{tgid}')
            && !!document.querySelector('[data-testid=mark]')"
    );
    browser.until("it is measured, and marked", &measured).await;
    // And back again, by the list of what was measured before.
    press(&browser, "s").await;
    let back = "const b = document.querySelector('[data-testid=earlier]'); b?.click(); return !!b";
    browser
        .until("what was measured before is offered", back)
        .await;
    let all =
        "return document.querySelector('[data-testid=scope]').innerText.includes('all tasks')";
    browser.until("everything is measured again", all).await;
    browser.close().await;
}

#[tokio::test]
async fn a_scope_that_is_refused_says_why_and_changes_nothing() {
    if !is_root("a_scope_that_is_refused_says_why_and_changes_nothing") {
        return;
    }
    let server = Server::start(&["--interval", "100ms"]);
    let browser = open(&server, "").await;
    let hog = Process::hog(last_cpu());
    press(&browser, "s").await;
    // Asked for once: an answer that comes when it is gone says that nothing is found, and nothing is chosen then.
    let search = format!(
        "const s = document.querySelector('[data-testid=target-search]');
        if (!s) return false;
        s.value = '{}'; s.dispatchEvent(new InputEvent('input', {{ bubbles: true }}));
        return true",
        hog.id()
    );
    browser.until("there is a search", &search).await;
    let choose = format!(
        "const t = document.querySelectorAll('[data-testid=target]')[0];
        if (!t?.innerText.includes('{}')) return false;
        t.click(); return true",
        hog.id()
    );
    browser.until("the process is found", &choose).await;
    drop(hog);
    browser
        .run("document.querySelector('[data-testid=apply]').click()")
        .await;
    let refused = "return document.querySelector('[data-testid=refused]')?.innerText";
    let refused = browser.until("it is refused", refused).await;
    let refused = refused.as_str().unwrap();
    assert!(
        refused.contains("no process") && refused.contains("still is"),
        "{refused}"
    );
    browser.keep("refused").await;
    let scope = "return document.querySelector('[data-testid=scope]').innerText";
    let scope = browser.run(scope).await;
    assert!(scope.as_str().unwrap().contains("all tasks"), "{scope}");
    browser.close().await;
}

#[tokio::test]
async fn the_picture_is_a_table_too_and_help_is_one_key_away() {
    let server = demo();
    let browser = open(&server, "").await;
    press(&browser, "t").await;
    let rows = "return document.querySelector('[data-testid=map-table] tbody tr:nth-child(5)')?.offsetHeight > 15
        && /µs/.test(document.querySelector('[data-testid=map-table]').innerText)";
    browser.until("the map as a table", rows).await;
    press(&browser, "t").await;
    press(&browser, "?").await;
    let help = "return document.querySelector('[data-testid=help]').open
        && document.querySelector('[data-testid=help]').innerText.includes('Run-queue latency')";
    browser.until("the help", help).await;
    browser.keep("help").await;
    browser
        .run("document.querySelector('[data-testid=help]').close()")
        .await;
    browser.close().await;
}

/// In a tab behind another the list and the histogram go on, and no picture is made until the page is seen again.
#[tokio::test]
async fn a_page_that_nobody_sees_paints_no_picture() {
    let server = demo();
    let browser = open(&server, "").await;
    let show = |is_hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{ get: () => {is_hidden}, configurable: true }});
            document.dispatchEvent(new Event('visibilitychange', {{ bubbles: true }}))"
        )
    };
    browser.run(&show(true)).await;
    let list = "const rates = document.querySelector('.columns .c-rate').innerText;
        window.was ??= [];
        if (window.was.at(-1) !== rates) window.was.push(rates);
        return window.was.length > 2";
    // What was on its way when it was hidden is painted by then.
    browser.until("a list made anew twice", list).await;
    let before = number(&browser, "seq").await;
    browser.run("delete window.was").await;
    browser.until("a list made anew twice more", list).await;
    assert_eq!(number(&browser, "seq").await, before, "painted for nobody");
    browser.run(&show(false)).await;
    browser.painted(before as u64 + 15).await;
    browser.close().await;
}

/// The worker makes of a line for each row of cells, and of stripes where none are, the picture that is meant: every cell
/// has one colour from its top to its bottom, and stripes stand where they stand in every picture.
#[tokio::test]
async fn rows_are_stretched_and_missing_time_is_striped() {
    let server = demo();
    let browser = open(&server, "?last=60").await;
    let wrong = format!(
        "{PIXELS}{PLOT} const c = {MAP}, scale = devicePixelRatio;
        const {{ left, top, width, row, rows }} = plotOf(c);
        const h = rows * row, pixels = new Uint32Array(pixelsOf(c, left, top, width, h).buffer);
        const at = (x, y) => pixels[y * width + x], all = (n, test) => [...Array(n).keys()].every(test);
        const period = Math.round(8 * scale), stripe = Math.round(2 * scale);
        // An hour of which seconds are known: the left is missing, and the right end is not.
        const ground = at(period - 1, 0), striped = at(0, 0);
        const isStriped = all(h, y => all(3 * period, x =>
            at(x, y) === ((x + y) % period < stripe ? striped : ground)));
        const last = width - 1, colours = new Set(Array.from({{ length: rows }}, (_, r) => at(last, r * row)));
        const isStretched = all(h, y => at(last, y) === at(last, y - y % row));
        if (ground === striped || colours.size < 3) return false;
        return JSON.stringify({{ isStriped, isStretched }})"
    );
    let found = browser.until("a picture", &wrong).await;
    assert_eq!(found, r#"{"isStriped":true,"isStretched":true}"#);
    browser.close().await;
}

/// One wait among hours of quiet, merged into a picture of an hour, still has its pixel: the synthetic
/// machine's rare long waits are in the top rows whatever the zoom.
#[tokio::test]
async fn a_lone_outlier_survives_zooming_out_to_an_hour() {
    let server = demo();
    let browser = open(&server, "?last=60").await;
    let top = format!(
        "{PIXELS}{PLOT} const c = {MAP}, d = c.facts;
        const {{ left, top, width: w, row, rows: all }} = plotOf(c);
        const empty = [16, 8, 0].map((by) => (d.emptyRgb >> by) & 255);
        // Rows of 100 ms and more.
        const rows = Math.max(0, all - 17);
        if (!rows) return false;
        const h = rows * row, pixels = pixelsOf(c, left, top, w, h);
        const start = Number(d.startMs), span = d.endMs - start;
        let found = 0;
        for (let y = Math.floor(row / 2); y < h; y += row)
            for (let x = 0; x < w; x++) {{
                // Time that is hatched is not the background either: only what was measured counts.
                const at = start + (x + .5) / w * span;
                if (at < FROM) continue;
                const i = 4 * (y * w + x);
                if (empty.some((v, k) => Math.abs(v - pixels[i + k]) > 3)) found++;
            }}
        return found || false"
    );
    let from = number(&browser, "endMs").await - 500.0;
    let top = top.replace("FROM", &format!("{from}"));
    let near = browser.until("a long wait", &top).await;
    assert_ne!(near, Value::from(0));
    let hour = "[...document.querySelectorAll('[data-window]')].find(b => b.dataset.window === '60').click()";
    browser.run(hour).await;
    let wide = format!("return {MAP}.facts.endMs - {MAP}.facts.startMs === 3600000");
    browser.until("an hour is shown", &wide).await;
    let far = browser.until("it is still there", &top).await;
    assert_ne!(far, Value::from(0));
    browser.keep("hour").await;
    browser.close().await;
}

/// Beside its mark, too: the longest bar was once shortened to make room for it.
#[tokio::test]
async fn bars_are_as_long_as_their_counts() {
    let server = demo();
    let browser = open(&server, "").await;
    // Paused, so that texts and picture are of one time.
    browser
        .run("document.querySelector('.pause').click()")
        .await;
    let bars = r"const canvas = document.querySelector('[data-testid=bars]'), width = canvas.clientWidth, height = canvas.clientHeight;
        const counts = document.querySelector('[data-testid=histogram] .bar-body .bar-count').textContent.split('\n')
            .slice(0, -1).map(text => text === '·' ? 0 : Number(text.replaceAll(',', '')));
        return whenPainted().then(() => {
            const row = height / counts.length, middle = at => Math.floor((at + .5) * row);
            const line = at => pixelsOf(canvas, 0, middle(at), width, 1).filter((_, i) => i % 4 === 3);
            return counts.map((count, at) => ({ count, width, pixels: line(at).filter(alpha => alpha === 255).length }));
        })";
    let bars = browser.run(&format!("{PIXELS} {bars}")).await;
    let bars = bars.as_array().expect("bars");
    let of = |bar: &Value, what: &str| bar[what].as_f64().expect("a number");
    let most = bars.iter().map(|bar| of(bar, "count")).fold(0.0, f64::max);
    assert!(most > 0.0 && bars.len() >= 14, "{bars:?}");
    for bar in bars {
        let (count, width) = (of(bar, "count"), of(bar, "width"));
        assert!(width > 50.0, "{bar}");
        // The shortest are two pixels wide.
        let expected = if count > 0.0 {
            (count / most * width).max(2.0)
        } else {
            0.0
        };
        let found = of(bar, "pixels");
        assert!((found - expected).abs() <= 1.0, "{bar} of {most}");
    }
    browser.close().await;
}
