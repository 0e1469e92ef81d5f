//! A page that was open for long: whether its memory stays flat, and what a frame of moving an hour of columns takes.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::driver::Driver;
use super::page::{self, PATIENCE};
use super::{hold, pan};

/// Counts messages where the page gets them, for what is not traced.
const COUNT: &str = r"
    window.benchUpdates = 0;
    window.MessageChannel = class extends MessageChannel {
        constructor() {
            super();
            this.port1.addEventListener('message', () => { window.benchUpdates += 1; });
        }
    };
";
/// At the shortest interval: some thousands of updates, and more than [`pan::COLUMNS`] with those before.
const FLAT_UPDATES: f64 = 3_300.0;
/// Milliseconds of a frame in the median.
const PAN: f64 = 8.0;
/// Megabytes that the page may grow by in [`FLAT_UPDATES`], once its histories are full.
const GROWTH: f64 = 4.0;

/// Measures and prints both; what is over its limit is an error among the verdicts.
pub(super) fn measure(binary: &Path) -> Result<[Result<()>; 2]> {
    let Long {
        before,
        after,
        updates,
        panned,
    } = watch(binary)?;
    println!(
        "moving {} columns: {:.2} ms a frame in the median, {:.2} at p99, of {} frames",
        pan::COLUMNS,
        page::percentile(&panned, 50),
        page::percentile(&panned, 99),
        panned.len()
    );
    let frame = hold(
        "a frame of moving an hour of columns",
        page::percentile(&panned, 50),
        PAN,
        " ms",
        "record it with the browser's profiler: Grid::new, raster, or what follows the picture?",
    );
    println!("memory of the page: {before:.1} MB, and {updates} updates later {after:.1} MB");
    let memory = hold(
        "growth of the page's memory",
        after - before,
        GROWTH,
        " MB",
        "the histories are bounded in frontend/logic/src/session",
    );
    Ok([frame, memory])
}

/// What a page shows that has seen thousands of updates.
struct Long {
    /// Megabytes of JavaScript's heap and WASM's memory, when the page's histories are full, and later.
    before: f64,
    after: f64,
    /// How many updates later.
    updates: f64,
    /// Milliseconds of each frame while time is moved, sorted.
    panned: Vec<f64>,
}

fn watch(binary: &Path) -> Result<Long> {
    let browser = Driver::start()?;
    let _server = page::open(&browser, binary, 1_000, "100ms", ("", COUNT))?;
    let count = || browser.number("return window.benchUpdates", PATIENCE);
    let past = |limit: f64| -> Result<f64> {
        let script = format!("return window.benchUpdates >= {limit} ? window.benchUpdates : null");
        browser.number(&script, Duration::from_secs(900))
    };
    // Columns of 10 minutes are kept, of 100 ms at the least: so long they grow, at 0.2 kB each.
    past(700.0)?;
    let before = megabytes(&browser)?;
    let from = count()?;
    past(from + FLAT_UPDATES)?;
    let (after, updates) = (megabytes(&browser)?, count()? - from);
    let panned = page::sorted(pan::frames(&browser)?.into_iter());
    Ok(Long {
        before,
        after,
        updates,
        panned,
    })
}

fn megabytes(browser: &Driver) -> Result<f64> {
    browser.cdp("HeapProfiler.collectGarbage", &json!({}))?;
    let script = "const wasm = window.benchMemory?.buffer.byteLength;
        return wasm ? (performance.memory.usedJSHeapSize + wasm) / 1e6 : null";
    browser.number(script, PATIENCE)
}
