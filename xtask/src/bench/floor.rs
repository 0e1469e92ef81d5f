//! The floor: a bare page that gets what the real one gets, and puts a picture of the map's size on a canvas with each
//! update. What it takes is the browser's own.

use std::path::Path;

use anyhow::Result;

use super::driver::Driver;
use super::page::{self, Load};

/// Runs on a page without anything of its own, which is text.
const BARE: &str = r"
    addEventListener('DOMContentLoaded', () => {
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [SIZE];
        // So that what looks for the first picture ends.
        canvas.dataset.testid = 'heatmap';
        canvas.facts = { seq: '1' };
        document.body.replaceChildren(canvas);
        const context = canvas.getContext('2d');
        const picture = new ImageData(canvas.width, canvas.height);
        const socket = new WebSocket(`ws://${location.host}/ws`, 'runqlat-web.v2.postcard');
        socket.binaryType = 'arraybuffer';
        socket.onmessage = () => requestAnimationFrame(() => context.putImageData(picture, 0, 0));
    });
";
/// Of the map in the bench's window, in pixels.
const SIZE: &str = "880, 340";

/// Measures and prints one row of the table.
pub(super) fn measure(load: &Load, binary: &Path) -> Result<()> {
    let browser = Driver::start()?;
    let script = BARE.replace("SIZE", SIZE);
    let _server = page::open(&browser, binary, load.series, "200ms", ("healthz", &script))?;
    page::tell("floor", &page::spent(&browser)?, None);
    Ok(())
}
