//! `cargo xtask bench page`: what the page takes of a browser's main thread for each update, how soon it shows something,
//! what moving an hour of columns takes, whether its memory stays flat, and what it weighs. An update's times are from
//! Chromium's own trace, of headless windows of 1280x720: all tasks of the page's main thread between two updates,
//! whatever caused them. At its interval two of five updates renew what is read, not only the picture: one the list, and
//! one numbers; at an interval of a second every update renews both. Beside them stands what a bare page takes.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::driver::Driver;
use super::trace::{self, Busy};
use super::tracer::Tracer;
use super::{floor, hold, hold_all, pan, proc};

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
/// Keeps hold of the page's memory, and of when it first shows something.
const WATCH: &str = r"
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
        if (Number(map?.facts?.seq) > 0) {
            Promise.resolve(window.whenPainted?.()).then(() => { window.benchPainted = performance.now(); });
        } else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
";
pub(super) const WARM_UP: Duration = Duration::from_secs(8);
/// About as many as come in that time.
const WARM_UP_UPDATES: usize = 40;
/// Over two hundred updates, so that the 99th percentile is not one that a garbage collection met by chance; a few more, and
/// the browser's buffer for traces is full.
pub(super) const MEASURED: Duration = Duration::from_secs(45);
/// At the shortest interval: some thousands of updates, and more than [`pan::COLUMNS`] with those before.
const FLAT_UPDATES: f64 = 3_300.0;
const PATIENCE: Duration = Duration::from_secs(30);
/// How many kinds of work the table tells one by one.
const KINDS: usize = 9;

/// One list's length, and the milliseconds that an update may take.
pub(super) struct Load {
    pub(super) series: u32,
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
/// Milliseconds of a frame in the median.
const PAN: f64 = 8.0;
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
        "{:<8} {:>8} {:>20} {:>8} {:>8} {:>8} {:>16} {:>8} {:>16}",
        "series",
        "updates",
        "ms an update, median",
        "p90",
        "p99",
        "longest",
        "of a CPU, median",
        "p99",
        "first paint, ms"
    );
    let mut verdicts = Vec::new();
    for load in LOADS {
        floor::measure(&load, binary)?;
        verdicts.extend(load.measure(binary)?);
    }
    let Long {
        before,
        after,
        updates,
        panned,
    } = long(binary)?;
    println!(
        "moving {} columns: {:.2} ms a frame in the median, {:.2} at p99, of {} frames",
        pan::COLUMNS,
        percentile(&panned, 50),
        percentile(&panned, 99),
        panned.len()
    );
    verdicts.push(hold(
        "a frame of moving an hour of columns",
        percentile(&panned, 50),
        PAN,
        " ms",
        "record it with the browser's profiler: Grid::new, raster, or what follows the picture?",
    ));
    println!("memory of the page: {before:.1} MB, and {updates} updates later {after:.1} MB");
    verdicts.push(hold(
        "growth of the page's memory",
        after - before,
        GROWTH,
        " MB",
        "the histories are bounded in frontend/logic/src/session",
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
        let _server = open(&browser, binary, self.series, "200ms", ("", ""))?;
        let painted = browser.number("return window.benchPainted ?? null", PATIENCE)?;
        thread::sleep(WARM_UP + MEASURED);
        let busy = spent(&browser)?;
        let [median, p99] = tell(&self.series.to_string(), &busy, Some(painted));
        tell_kinds(&busy);
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

/// What the page did since the browser was started. Chromedriver records once, from the start on.
pub(super) fn spent(browser: &Driver) -> Result<Busy> {
    let busy = trace::read(&browser.trace()?, WARM_UP_UPDATES);
    ensure!(
        busy.updates.len() > 50,
        "the trace tells of {} updates only\nhint: is the browser's main thread at its limit?",
        busy.updates.len()
    );
    Ok(busy)
}

/// Prints a row of the table; returns the median and the 99th percentile of what passed, in ms.
pub(super) fn tell(name: &str, busy: &Busy, painted: Option<f64>) -> [f64; 2] {
    let wall = sorted(busy.updates.iter().map(|spent| spent.wall));
    let cpu = sorted(busy.updates.iter().map(|spent| spent.cpu));
    let [median, p90, p99, longest] = [50, 90, 99, 100].map(|p| percentile(&wall, p));
    println!(
        "{name:<8} {:>8} {median:>20.2} {p90:>8.2} {p99:>8.2} {longest:>8.2} {:>16.2} {:>8.2} {:>16}",
        wall.len(),
        percentile(&cpu, 50),
        percentile(&cpu, 99),
        painted.map_or_else(String::new, |ms| format!("{ms:.0}")),
    );
    [median, p99]
}

/// Where an update's time goes.
fn tell_kinds(busy: &Busy) {
    println!("  of which, in the mean{:>20} {:>16}", "ms", "of a CPU");
    let tell = |name: &str, wall: f64, cpu: f64| println!("    {name:<22}{wall:>17.2} {cpu:>16.2}");
    for (name, spent) in busy.kinds.iter().take(KINDS) {
        tell(name, spent.wall, spent.cpu);
    }
    let others = busy.kinds.iter().skip(KINDS).map(|kind| kind.1);
    let (wall, cpu) = others.fold((0.0, 0.0), |sum, s| (sum.0 + s.wall, sum.1 + s.cpu));
    tell("all others", wall, cpu);
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Of sorted values.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or(f64::NAN)
}

/// Opens a page of a new server with so many series; `before` runs there first.
pub(super) fn open(
    browser: &Driver,
    binary: &Path,
    series: u32,
    interval: &str,
    (page, before): (&str, &str),
) -> Result<Tracer> {
    let demo = format!("--demo={series}");
    let server = Tracer::server(binary, &[&demo, "--interval", interval])?;
    let url = format!("http://{}/{page}", server.address()?);
    browser.open(&url, &format!("{WATCH}{before}"))?;
    Ok(server)
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

fn long(binary: &Path) -> Result<Long> {
    let browser = Driver::start(None)?;
    let _server = open(&browser, binary, 1_000, "100ms", ("", COUNT))?;
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
    let panned = sorted(pan::frames(&browser)?.into_iter());
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
