//! The page in a real browser, on the real binary; on the real kernel where it matters.

mod support;

use serde_json::Value;
use std::time::Duration;
use support::browser::{Browser, PIXELS, PLOT};
use support::is_root;
use support::load::{Blocker, Process, last_cpu};
use support::server::Server;

/// What the page painted last, and the pixels of one row: for each pixel column of the row's middle
/// its time in ms and whether it is anything but the background of zero.
const READ_ROW: &str = r"
    const canvas = document.querySelector('[data-testid=heatmap]');
    const d = canvas.facts;
    const slot = SLOT;
    if (!d.seq || slot >= Number(d.rows)) return { seq: Number(d.seq || 0), cells: [] };
    const { left, top, width: w, row, rows } = plotOf(canvas);
    const pixels = pixelsOf(canvas, left, Math.round(top + (rows - slot - 0.5) * row), w, 1);
    const empty = [16, 8, 0].map((by) => (d.emptyRgb >> by) & 255);
    const [start, end] = [Number(d.startMs), Number(d.endMs)];
    const cells = [];
    for (let i = 0; i < w; i++) {
        const same = empty.every((v, k) => Math.abs(v - pixels[4 * i + k]) < 3);
        cells.push([start + (i + 0.5) / w * (end - start), !same]);
    }
    return { seq: Number(d.seq), cells };
";

/// The times in `from..to` (ms) at which the row of `slot` shows waits, and at which it shows none.
async fn row(browser: &Browser, slot: usize, from: u64, to: u64) -> (u64, usize, usize) {
    let read = browser
        .run(&format!(
            "await whenPainted(); {PIXELS}{PLOT}{}",
            READ_ROW.replace("SLOT", &slot.to_string())
        ))
        .await;
    let (mut full, mut empty) = (0, 0);
    for cell in read["cells"].as_array().expect("cells") {
        let at = cell[0].as_f64().expect("a time") as u64;
        if (from..to).contains(&at) {
            match &cell[1] {
                Value::Bool(true) => full += 1,
                _ => empty += 1,
            }
        }
    }
    (read["seq"].as_u64().expect("a number"), full, empty)
}

async fn open(server: &Server) -> Browser {
    let browser = Browser::open(1280, 720).await;
    browser.page.goto(&server.url()).await.expect("a page");
    browser
}

fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.expect("after 1970").as_millis() as u64
}

/// A real-time thread makes a hog wait 300 ms at a time: from then on, and not before, the row of
/// 262–524 ms has something in it.
#[tokio::test]
async fn a_load_appears_in_its_row_when_it_starts() {
    if !is_root("a_load_appears_in_its_row_when_it_starts") {
        return;
    }
    const SLOT: usize = 18;
    let server = Server::start(&[]);
    let browser = open(&server).await;
    browser.painted(4).await;
    let opened = now_ms() - 3_000;
    let started = now_ms();
    let cpu = last_cpu();
    let hog = Process::hog(cpu);
    let blocker = Blocker::start(cpu, Duration::from_millis(300), Duration::from_millis(300));
    let (seq, ..) = row(&browser, SLOT, 0, 0).await;
    browser.painted(seq + 6).await;
    let ended = now_ms();
    let (_, full, _) = row(&browser, SLOT, started + 2_000, ended - 2_000).await;
    assert!(full > 0, "the load is not in its row");
    // Before it started, that row was empty (the interval that it started in left out).
    let (_, full, empty) = row(&browser, SLOT, opened, started - 1_500).await;
    assert!(
        full == 0 && empty > 0,
        "{full} full and {empty} empty before"
    );
    // And while it ran, no wait was longer than it makes them.
    let (_, full, _) = row(&browser, SLOT + 2, started, ended).await;
    assert_eq!(full, 0, "longer waits than there were");
    browser.keep("live-load").await;

    // The hog leads the list, and selecting it shows its own heatmap, its past included.
    let click = format!(
        "const rows = [...document.querySelectorAll('[data-testid=process-row]')];
        const r = rows.find(r => r.dataset.key?.split('@')[0] === '{}'); r?.click(); return !!r",
        hog.id()
    );
    browser.until("the hog is in the list", &click).await;
    let title = "return document.querySelector('[data-testid=series-title]')?.innerText";
    let title_has = format!("{title}?.includes('{}')", hog.id());
    browser.until("its heatmap is shown", &title_has).await;
    let (seq, ..) = row(&browser, SLOT, 0, 0).await;
    browser.painted(seq + 1).await;
    let (_, full, _) = row(&browser, SLOT, started + 2_000, ended - 2_000).await;
    assert!(full > 0, "the hog's past is not shown");
    browser.keep("live-process").await;
    drop(blocker);
    browser.close().await;
}

#[tokio::test]
async fn synthetic_data_is_marked() {
    let server = Server::start(&["--demo"]);
    let browser = open(&server).await;
    browser.painted(2).await;
    let badge = "return document.querySelector('[data-testid=demo-badge]')?.innerText";
    let badge = browser.until("a badge", badge).await;
    assert!(badge.as_str().unwrap().to_lowercase().contains("demo"));
    browser.keep("demo").await;
    browser.close().await;
}

#[tokio::test]
async fn pause_holds_the_picture_and_resume_catches_up() {
    let server = Server::start(&["--demo", "--interval", "100ms"]);
    let browser = open(&server).await;
    browser.painted(5).await;
    let press = "document.querySelector('[data-testid=pause]').click()";
    browser.run(press).await;
    let seq = "return Number(document.querySelector('[data-testid=heatmap]').facts.seq)";
    let behind = "return /[1-9]\\d* intervals? behind/.test(document.body.innerText)";
    browser.until("it says that it is behind", behind).await;
    let held = browser.run(seq).await.as_u64().unwrap();
    let more = "return /1\\d intervals behind/.test(document.body.innerText)";
    browser.until("it is further behind", more).await;
    assert_eq!(browser.run(seq).await.as_u64().unwrap(), held);
    browser.run(press).await;
    browser.painted(held + 10).await;
    browser.close().await;
}

#[tokio::test]
async fn the_filter_says_how_many_match() {
    let server = Server::start(&["--demo=500"]);
    let browser = open(&server).await;
    browser.painted(2).await;
    let filter = browser
        .page
        .find(fantoccini::Locator::Css("[data-testid=filter]"))
        .await
        .expect("a filter");
    filter.send_keys("postgres").await.expect("keys");
    let rows = "const rows = [...document.querySelectorAll('[data-testid=process-row]')];
        return rows.length > 0 && rows.every(r => r.innerText.includes('postgres')) && rows.length";
    let rows = browser
        .until("only those rows", rows)
        .await
        .as_u64()
        .unwrap();
    assert!(rows > 5, "{rows}");
    // Rows out of view are not built.
    let count = "return document.querySelector('[data-testid=filter-count]').innerText";
    let count = browser.run(count).await;
    let matched = count.as_str().unwrap().split(" of ").next().unwrap();
    assert!(matched.parse::<u64>().unwrap() >= rows, "{count} {rows}");
    browser.close().await;
}

#[tokio::test]
async fn a_lost_connection_is_shown_and_regained() {
    let server = Server::start(&["--demo", "--interval", "100ms"]);
    let address = server.address.to_string();
    let browser = open(&server).await;
    browser.painted(3).await;
    drop(server);
    let lost = "return document.body.innerText.includes('Connection lost')
        && document.querySelector('[data-testid=connection]').innerText === 'offline'";
    browser
        .until("it says that the connection is lost", lost)
        .await;
    browser.keep("connection-lost").await;
    let args = ["--listen", &address, "--demo", "--interval", "100ms"];
    let again = Server::start_with(&args);
    let live = "return !document.body.innerText.includes('Connection lost')
        && document.querySelector('[data-testid=connection]').innerText === 'live'";
    browser.until("it is live again", live).await;
    browser.painted(3).await;
    drop(again);
    browser.close().await;
}

/// What a strict policy or a broken build would leave behind.
#[tokio::test]
async fn the_page_loads_without_a_complaint_and_asks_nobody_else() {
    let server = Server::start(&["--demo"]);
    let browser = open(&server).await;
    browser.painted(2).await;
    let foreign = "return performance.getEntriesByType('resource')
        .filter(e => !e.name.startsWith(location.origin)).map(e => e.name).join()";
    assert_eq!(browser.run(foreign).await, "");
    let errors = "return document.querySelector('[data-testid=start-error]') !== null
        && getComputedStyle(document.querySelector('[data-testid=start-error]')).display !== 'none'";
    assert_eq!(browser.run(errors).await, false);
    browser.close().await;
}

/// Prints how long a person waits from starting the program to the first data on the page.
#[tokio::test]
async fn the_first_interval_is_painted_when_it_is_over() {
    if !is_root("the_first_interval_is_painted_when_it_is_over") {
        return;
    }
    let browser = Browser::open(1280, 720).await;
    let start = std::time::Instant::now();
    let server = Server::start(&[]);
    browser.page.goto(&server.url()).await.expect("a page");
    browser.painted(1).await;
    println!(
        "start to first data on the page: {} ms",
        start.elapsed().as_millis()
    );
    let seq = "return document.querySelector('[data-testid=heatmap]').facts.seq";
    assert_eq!(
        browser.run(seq).await,
        1,
        "an interval was over before the page was there"
    );
    browser.close().await;
}

#[tokio::test]
async fn nobody_scrolls_to_see_the_picture() {
    let server = Server::start(&["--demo"]);
    let browser = open(&server).await;
    browser.painted(1).await;
    let fits = "const r = document.querySelector('[data-testid=heatmap]').getBoundingClientRect();
        return r.top >= 0 && r.bottom <= innerHeight && r.width > 400
            && document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(browser.run(fits).await, true);
    browser
        .page
        .set_window_size(360, 740)
        .await
        .expect("a phone");
    let fits = "return innerWidth <= 500 && document.documentElement.scrollWidth <= innerWidth
        && document.querySelector('[data-testid=heatmap]').getBoundingClientRect().width > 250";
    browser.until("it fits a phone", fits).await;
    browser.keep("phone").await;
    browser.close().await;
}
