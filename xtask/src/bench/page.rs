//! `cargo xtask bench page`: what the page takes of a browser's main thread for each update, how soon it shows something,
//! whether its memory stays flat, and what it weighs. Times are from Chromium's own trace, of headless windows of
//! 1280x720: all tasks of the page's main thread between two updates, whatever caused them.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::driver::Driver;
use super::tracer::Tracer;
use super::{hold, hold_all, proc, trace};

/// Marks each message where the page gets it, and counts them.
const MARK_UPDATES: &str = r"
    window.benchUpdates = 0;
    const Plain = WebSocket;
    window.WebSocket = class extends Plain {
        constructor(...given) {
            super(...given);
            this.addEventListener('message', () => {
                window.benchUpdates += 1;
                performance.mark('MARK');
            });
        }
    };
    for (const name of ['instantiate', 'instantiateStreaming']) {
        const plain = WebAssembly[name].bind(WebAssembly);
        WebAssembly[name] = async (...given) => {
            const made = await plain(...given);
            window.benchMemory = (made.instance ?? made).exports.memory;
            return made;
        };
    }
    const look = () => {
        const map = document.querySelector('[data-testid=heatmap]');
        if (map && Number(map.dataset.seq) > 0) window.benchPainted = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
";
const WARM_UP: Duration = Duration::from_secs(8);
/// About as many as come in that time.
const WARM_UP_UPDATES: usize = 40;
const MEASURED: Duration = Duration::from_secs(30);
/// At the shortest interval: some thousands of updates.
const FLAT_UPDATES: f64 = 3_000.0;
const PATIENCE: Duration = Duration::from_secs(30);

/// One list's length, and the milliseconds that an update may take.
struct Load {
    series: u32,
    median: f64,
    /// 99 of 100 updates; `None` where only the median is held.
    p99: Option<f64>,
}

const LOADS: [Load; 2] = [
    Load {
        series: 1_000,
        median: 4.0,
        p99: Some(12.0),
    },
    Load {
        series: 10_000,
        median: 25.0,
        p99: None,
    },
];
/// Kilobytes of the page's WASM as brotli.
const WEIGHT: f64 = 250.0;
/// Megabytes that the page may grow by in [`FLAT_UPDATES`], once its histories are full.
const GROWTH: f64 = 4.0;

/// Measures and prints the table; an error if one of the figures is over its limit.
pub(super) fn bench(binary: &Path) -> Result<()> {
    println!(
        "\nbench: headless Chromium, an update each 200 ms; load {}",
        proc::load()
    );
    println!(
        "{:<8} {:>8} {:>20} {:>8} {:>8} {:>16}",
        "series", "updates", "ms a update, median", "p99", "longest", "first paint, ms"
    );
    let mut verdicts = Vec::new();
    for load in LOADS {
        verdicts.extend(load.measure(binary)?);
    }
    let (before, after, updates) = memory(binary)?;
    println!("memory of the page: {before:.1} MB, and {updates} updates later {after:.1} MB");
    verdicts.push(hold(
        "growth of the page's memory",
        after - before,
        GROWTH,
        " MB",
        "the histories are bounded in frontend/src/session",
    ));
    verdicts.push(hold(
        "WASM as brotli",
        weight(binary)?,
        WEIGHT,
        " kB",
        "the profile `wasm-release` of Cargo.toml says how it is built",
    ));
    hold_all(verdicts)
}

impl Load {
    fn measure(&self, binary: &Path) -> Result<Vec<Result<()>>> {
        let browser = Driver::start(Some(trace::CATEGORIES))?;
        let _server = open(&browser, binary, self.series, "200ms")?;
        let painted = browser.number("return window.benchPainted ?? null", PATIENCE)?;
        thread::sleep(WARM_UP + MEASURED);
        // Chromedriver records once, from the start on.
        let all = trace::updates(&browser.trace()?);
        let mut times = all.get(WARM_UP_UPDATES..).unwrap_or_default().to_vec();
        ensure!(
            times.len() > 50,
            "the trace tells of {} updates only\nhint: is the browser's main thread at its limit?",
            times.len()
        );
        times.sort_by(f64::total_cmp);
        let [median, p99, longest] = [50, 99, 100].map(|percent| percentile(&times, percent));
        println!(
            "{:<8} {:>8} {median:>20.2} {p99:>8.2} {longest:>8.2} {painted:>16.0}",
            self.series,
            times.len()
        );
        let hint = "record the page with the browser's profiler: decoding, Recent::push, Listing::new, or rows?";
        let what = |part| format!("an update with {} series, {part}", self.series);
        let mut verdicts = vec![hold(&what("median"), median, self.median, " ms", hint)];
        let p99 = self
            .p99
            .map(|limit| hold(&what("p99"), p99, limit, " ms", hint));
        verdicts.extend(p99);
        Ok(verdicts)
    }
}

/// Of sorted values.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or(f64::NAN)
}

fn open(browser: &Driver, binary: &Path, series: u32, interval: &str) -> Result<Tracer> {
    let demo = format!("--demo={series}");
    let server = Tracer::server(binary, &[&demo, "--interval", interval])?;
    let url = format!("http://{}/", server.address()?);
    browser.open(&url, &MARK_UPDATES.replace("MARK", trace::MARK))?;
    Ok(server)
}

/// Megabytes of JavaScript's heap and WASM's memory, first when the page's histories are full, then some thousands of
/// updates later; and how many these were.
fn memory(binary: &Path) -> Result<(f64, f64, f64)> {
    let browser = Driver::start(None)?;
    let _server = open(&browser, binary, 1_000, "100ms")?;
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
    Ok((before, megabytes(&browser)?, count()? - from))
}

fn megabytes(browser: &Driver) -> Result<f64> {
    browser.cdp("HeapProfiler.collectGarbage", &json!({}))?;
    let script = "const wasm = window.benchMemory?.buffer.byteLength;
        return wasm ? (performance.memory.usedJSHeapSize + wasm) / 1e6 : null";
    browser.number(script, PATIENCE)
}

/// Kilobytes of the page that was built beside the binary.
fn weight(binary: &Path) -> Result<f64> {
    let assets = binary.with_file_name("page").join("assets");
    let files = fs::read_dir(&assets).with_context(|| {
        format!(
            "{} is not there\nhint: `cargo xtask build`",
            assets.display()
        )
    })?;
    let mut paths = files.flatten().map(|file| file.path());
    let wasm = paths.find(|path| path.to_string_lossy().ends_with(".wasm.br"));
    let wasm = wasm.context("no .wasm.br among the page's assets")?;
    Ok(fs::metadata(wasm)?.len() as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        let found = [50, 99, 100].map(|percent| percentile(&values, percent));
        assert_eq!(found, [100.0, 198.0, 200.0]);
        assert_eq!(percentile(&[3.0], 99), 3.0);
        assert!(percentile(&[], 99).is_nan());
    }
}
