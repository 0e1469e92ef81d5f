//! `cargo xtask bench page`: what the page takes of a browser's main thread for each update, how soon it shows something,
//! what moving an hour of columns takes, whether its memory stays flat, and what it weighs. An update's times are from
//! Chromium's own trace, of headless windows of 1280x720 in a browser that is not root's: all tasks of the page's main
//! thread between two updates, whatever caused them. At its interval two of five updates renew what is read, not only the
//! picture: one the list, and one numbers; at an interval of a second every update renews both. Beside them stands what a
//! bare page takes.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::driver::Driver;
use super::trace::{self, Busy};
use super::tracer::Tracer;
use super::{floor, hold, hold_all, long, proc};

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
/// Half a minute after a page was opened Chromium collects garbage twice, whatever the page does. What is told is of a
/// page that one watches, and how soon it is there is told beside it.
const WARM_UP: Duration = Duration::from_secs(35);
/// Hundreds of updates, so that the 99th percentile is not one that met something else by chance; in parts, for a bit more
/// than this fills the browser's buffer for traces.
const MEASURED: [Duration; 2] = [Duration::from_secs(45); 2];
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
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
/// Kilobytes of the page's WASM as brotli.
const WEIGHT: f64 = 250.0;
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
    verdicts.extend(long::measure(binary)?);
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
        let browser = Driver::start()?;
        let _server = open(&browser, binary, self.series, "200ms", ("", ""))?;
        let painted = browser.number("return window.benchPainted ?? null", PATIENCE)?;
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

/// What a page that was just opened does when it has warmed up.
pub(super) fn spent(browser: &Driver) -> Result<Busy> {
    thread::sleep(WARM_UP);
    let recording = browser.record(trace::CATEGORIES)?;
    let mut busy = Busy::default();
    for part in MEASURED {
        thread::sleep(part);
        busy.add(trace::read(&recording.take()?));
    }
    ensure!(
        busy.updates.len() > 100,
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
    let kinds = busy.kinds();
    for (name, spent) in kinds.iter().take(KINDS) {
        tell(name, spent.wall, spent.cpu);
    }
    let others = kinds.iter().skip(KINDS).map(|kind| kind.1);
    let (wall, cpu) = others.fold((0.0, 0.0), |sum, s| (sum.0 + s.wall, sum.1 + s.cpu));
    tell("all others", wall, cpu);
}

pub(super) fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Of sorted values.
pub(super) fn percentile(values: &[f64], percent: usize) -> f64 {
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
