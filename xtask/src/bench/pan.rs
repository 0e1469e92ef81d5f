//! What a frame takes of the browser's main thread while time is moved under an hour of columns. By the page's own clock,
//! for a trace of the minutes until there are so many columns would not fit.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::driver::Driver;

/// An hour of intervals of a second. The page has them after six minutes at the shortest interval.
pub(super) const COLUMNS: usize = 3_600;
const PATIENCE: Duration = Duration::from_secs(120);

/// Shows six minutes, in which so many columns lie, stands still, and moves time by a step with each frame, to and fro. A
/// frame's time goes from the first callback in it to the first task after it: what the step changes, the picture of the
/// step before, style, layout, painting and handing over.
const PAN: &str = r"
    const map = document.querySelector('[data-testid=heatmap]');
    const wheel = (deltaX, deltaY) => map.dispatchEvent(new WheelEvent('wheel', {
        deltaX, deltaY, clientX: 400, clientY: 250, bubbles: true, cancelable: true,
    }));
    [...document.querySelectorAll('[data-window]')].find(b => b.dataset.window === '5').click();
    document.querySelector('[data-testid=pause]').click();
    // Five minutes become six.
    wheel(0, Math.log(1.2) / 0.0015);
    wheel(-1000, 0);
    const after = new MessageChannel();
    const took = [], shown = new Set();
    let began = 0, frame = 0;
    window.benchPan = null;
    after.port1.onmessage = () => {
        took.push(performance.now() - began);
        shown.add(map.facts.endMs);
        if (took.length < FRAMES) return requestAnimationFrame(step);
        const span = map.facts.endMs - map.facts.startMs;
        window.benchPan = { took: took.slice(SKIPPED), pictures: shown.size, seconds: span / 1000 };
    };
    function step() {
        began = performance.now();
        wheel(frame++ % 40 < 20 ? 3 : -3, 0);
        after.port2.postMessage(0);
    }
    requestAnimationFrame(step);
";
/// The least pictures that differ, and the least that each must show, in s.
const PICTURES: f64 = 15.0;
const SPAN: f64 = 355.0;
const FRAMES: usize = 320;
/// The first are slower: the browser compiles what it finds to be used often.
const SKIPPED: usize = 20;

/// Milliseconds of each frame, in their order.
pub(super) fn frames(browser: &Driver) -> Result<Vec<f64>> {
    let script = PAN.replace("FRAMES", &FRAMES.to_string());
    browser.run(&script.replace("SKIPPED", &SKIPPED.to_string()))?;
    let told =
        |what: &str| browser.number(&format!("return window.benchPan?.{what} ?? null"), PATIENCE);
    let (pictures, seconds) = (told("pictures")?, told("seconds")?);
    ensure!(
        pictures >= PICTURES && seconds >= SPAN,
        "time was moved {FRAMES} times, and the map showed {pictures} pictures of {seconds} s\nhint: does the wheel still move and zoom it?"
    );
    let took = browser.run("return window.benchPan.took")?;
    let took = took.as_array().into_iter().flatten();
    Ok(took.filter_map(serde_json::Value::as_f64).collect())
}
