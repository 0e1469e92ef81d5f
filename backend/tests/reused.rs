//! Reused numbers: each owner of a number is a series of its own, in answers, links, pins and rows. On the synthetic
//! machine, whose compilers' numbers are reused after six seconds.

mod support;

use runqlat_common::wire::{Format, Interval, SeriesKey};
use serde_json::Value;
use std::collections::BTreeMap;
use support::browser::Browser;
use support::client::{Viewer, get};
use support::server::Server;

/// The number of the first compiler, which starts after twelve seconds.
const REUSED: u64 = 50_000;

/// The waits of the series with that number.
fn add(sums: &mut BTreeMap<u64, u64>, interval: &Interval) {
    for series in interval.series.iter().filter(|s| s.key == REUSED) {
        *sums.entry(series.start).or_default() += series.counts.total();
    }
}

#[tokio::test]
async fn a_number_that_is_given_again_is_another_series_in_every_answer() {
    let server = Server::start(&["--demo=3", "--interval", "200ms"]);
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let mut sums = BTreeMap::new();
    let mut gone: Vec<SeriesKey> = Vec::new();
    let mut seq = 0;
    // Until two of them have ended, after which their sums no longer change.
    while gone.len() < 2 {
        let interval = viewer.interval().await;
        add(&mut sums, &interval);
        gone.extend(interval.gone.iter().filter(|id| id.key == REUSED));
        seq = interval.column.seq;
    }
    let starts: Vec<u64> = sums.keys().copied().collect();
    let expected = starts.iter().map(|&start| SeriesKey { key: REUSED, start });
    assert_eq!(gone, expected.collect::<Vec<_>>());

    let ask = |path: &str| get(server.address, &format!("/api/v1/{path}"), &[]).json();
    for (start, waits) in &sums {
        let of = ask(&format!(
            "histogram?key={REUSED}&start={start}&intervals=9000"
        ));
        assert_eq!(
            (&of["start"], &of["waits"]),
            (&(*start).into(), &(*waits).into())
        );
    }
    let newest = ask(&format!("histogram?key={REUSED}&intervals=9000"));
    assert_eq!(newest["start"], starts[1], "{newest}");
    assert_eq!(newest["name"], "cc1", "{newest}");
    let none = ask(&format!("histogram?key={REUSED}&start=7&intervals=9000"));
    assert_eq!((&none["waits"], &none["name"]), (&0.into(), &Value::Null));

    let region = "to_slot=35&from_slot=0&context_from_seq=1&context_to_seq=2";
    for path in [
        format!("span?from_seq=1&to_seq={seq}"),
        format!("region?from_seq=1&to_seq={seq}&{region}"),
    ] {
        let reply = ask(&path);
        let series = reply["series"].as_array().expect("series").iter();
        let listed = series.filter(|series| series["key"] == REUSED);
        let listed = listed.map(|series| {
            let cells = series["counts"].as_object().into_iter().flat_map(|counts| {
                let sides = counts.values().map(|side| &side["counts"]);
                sides
                    .filter_map(Value::as_array)
                    .flatten()
                    .filter_map(Value::as_u64)
            });
            let waits = series["inside"].as_u64().unwrap_or_else(|| cells.sum());
            (series["start"].as_u64().expect("a start"), waits)
        });
        assert_eq!(listed.collect::<BTreeMap<_, _>>(), sums, "{path}");
    }
}

async fn click(browser: &Browser, testid: &str) {
    let click = format!(
        "const b = document.querySelector('[data-testid={testid}]'); b?.click(); return !!b"
    );
    browser.until(testid, &click).await;
}

const TITLE: &str = "document.querySelector('[data-testid=series-title]').innerText";
const ROWS: &str = "[...document.querySelectorAll('[data-testid=process-row]:not([hidden])')]
    .filter(row => row.dataset.key.startsWith('50000@'))";

#[tokio::test]
async fn a_link_to_one_that_has_ended_says_that_another_has_its_number() {
    let server = Server::start(&["--demo=3", "--interval", "100ms"]);
    let browser = Browser::open(1280, 720).await;
    let url = format!("{}?series=1002@77&filter=50000", server.url());
    browser.page.goto(&url).await.expect("a page");
    let said = "return document.querySelector('[data-testid=another-banner] span')?.innerText";
    let said = browser.until("what has become of it", said).await;
    let expected = "The process 1002 of this link has ended; the process 1002 that runs now is another one (java)";
    assert_eq!(said, expected);
    browser.keep("link-to-another").await;
    let title = browser.run(&format!("return {TITLE}")).await;
    assert!(
        !title.to_string().contains("1002"),
        "not the whole: {title}"
    );
    click(&browser, "show-another").await;
    browser
        .until("the other one", &format!("return {TITLE}.includes('java')"))
        .await;
    let closed = "return !document.querySelector('[data-testid=another-banner]')";
    browser.until("no more is said", closed).await;
    let address = "return location.search.includes('series=1002&')";
    browser.until("its address", address).await;

    // Pinned, the first compiler keeps its row when another has its number.
    let pin = format!(
        "const row = {ROWS}[0]; row?.querySelector('.pin').click(); return row?.dataset.key"
    );
    let pinned = browser.until("a compiler", &pin).await;
    let both = format!(
        "const rows = {ROWS}; if (rows.length < 2) return false;
        return rows.map(row => [row.dataset.key, row.classList.contains('gone'), row.classList.contains('pinned')])"
    );
    let rows = browser.until("two of its number", &both).await;
    browser.keep("reused-rows").await;
    let rows: Vec<(String, bool, bool)> = serde_json::from_value(rows).expect("rows");
    let of = |key: &str| {
        rows.iter()
            .find(|row| row.0 == key)
            .expect("the pinned row")
    };
    let first = of(pinned.as_str().expect("a key"));
    assert_eq!((first.1, first.2), (true, true), "{rows:?}");
    let second = rows
        .iter()
        .find(|row| row.0 != first.0)
        .expect("the second");
    assert!(!second.1 && !second.2, "{rows:?}");

    // A link names one of them.
    let choose = format!(
        "const row = {ROWS}.find(row => row.dataset.key === '{}'); row?.click(); return !!row",
        second.0
    );
    browser.until("the second", &choose).await;
    let address = format!("return location.search.includes('series={}&')", second.0);
    browser.until("its address", &address).await;
    browser.close().await;
}
