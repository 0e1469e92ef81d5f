//! What the page looks like in its main states, in screenshots of synthetic data. They are kept in
//! target/tmp/states, and compared with those that a person has looked at (`states/`): coarsely, as the mean colour
//! of squares of 40 pixels, since fonts differ between machines and the time of day on the axis between runs. That
//! finds a part that is missing, misplaced, or in another colour; it does not find a word that is wrong. What is
//! meant to look otherwise is renewed, and looked at again:
//!
//!     RUNQLAT_WEB_RENEW=1 cargo xtask test      # or this test alone, with RUNQLAT_WEB_BIN

mod support;

use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Cursor};
use std::path::{Path, PathBuf};
use support::browser::{Browser, press};
use support::server::Server;

/// Width and height of a square whose colours become one.
const SQUARE: u32 = 40;

/// A square differs when the mean of its colours does by more than this, of 255: text of another font does not.
const TOLERANCE: u32 = 18;

/// So many squares of a hundred may differ: the map moves by a column or two when the machine is busy.
const MANY: usize = 3;

/// A coarse picture: columns, rows, RGB.
struct Coarse {
    columns: u32,
    rows: u32,
    pixels: Vec<u8>,
}

/// Width, height and RGB of a PNG.
fn decode(png: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = png::Decoder::new(BufReader::new(Cursor::new(png)));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    let samples = info.color_type.samples();
    let rgb = pixels[..info.buffer_size()].chunks_exact(samples);
    let rgb = rgb.flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]);
    (info.width, info.height, rgb.collect())
}

impl Coarse {
    fn of(png: &[u8]) -> Self {
        let (width, height, pixels) = decode(png);
        let (columns, rows) = (width / SQUARE, height / SQUARE);
        let mean = |column: u32, row: u32, colour: usize| {
            let lines = row * SQUARE..(row + 1) * SQUARE;
            let sum: u32 = lines
                .flat_map(|y| (column * SQUARE..(column + 1) * SQUARE).map(move |x| (x, y)))
                .map(|(x, y)| u32::from(pixels[(y * width + x) as usize * 3 + colour]))
                .sum();
            (sum / (SQUARE * SQUARE)) as u8
        };
        let squares = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        let colours = squares.flat_map(|(column, row)| [0, 1, 2].map(|of| mean(column, row, of)));
        Self {
            columns,
            rows,
            pixels: colours.collect(),
        }
    }

    fn read(path: &Path) -> Option<Self> {
        let (columns, rows, pixels) = decode(&fs::read(path).ok()?);
        Some(Self {
            columns,
            rows,
            pixels,
        })
    }

    fn write(&self, path: &Path) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let file = BufWriter::new(File::create(path).expect("a file"));
        let mut encoder = png::Encoder::new(file, self.columns, self.rows);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(&self.pixels).expect("pixels");
    }

    /// The squares, by column and row, in which another picture differs; `None` for few.
    fn differing(&self, other: &Self) -> Option<Vec<(u32, u32)>> {
        assert_eq!((self.columns, self.rows), (other.columns, other.rows));
        let pairs = self
            .pixels
            .chunks_exact(3)
            .zip(other.pixels.chunks_exact(3));
        let differ = pairs.enumerate().filter(|(_, (a, b))| {
            let apart = a.iter().zip(*b).map(|(a, b)| u32::from(a.abs_diff(*b)));
            apart.sum::<u32>() > 3 * TOLERANCE
        });
        let squares: Vec<_> = differ
            .map(|(at, _)| (at as u32 % self.columns, at as u32 / self.columns))
            .collect();
        let many = squares.len() * 100 > (self.columns * self.rows) as usize * MANY;
        many.then_some(squares)
    }
}

/// Takes a picture of a state and says what differs from the one that was looked at.
async fn compare(browser: &Browser, name: &str) -> Option<String> {
    // The pointer and the caret are no part of a state.
    browser.run("document.activeElement?.blur()").await;
    let png = browser.page.screenshot().await.expect("a screenshot");
    let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("states");
    fs::create_dir_all(&kept).expect("a folder");
    let kept = kept.join(format!("{name}.png"));
    fs::write(&kept, &png).expect("a file");
    let now = Coarse::of(&png);
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/states/{name}.png"));
    if std::env::var_os("RUNQLAT_WEB_RENEW").is_some() {
        now.write(&reference);
    }
    let Some(then) = Coarse::read(&reference) else {
        return Some(format!("{name}: nobody has looked at it"));
    };
    let differing = now.differing(&then)?;
    let kept = kept.display();
    Some(format!("{name}: squares {differing:?} differ; see {kept}"))
}

/// A page of 1280 by 720, in a theme, that pauses itself when it has painted the interval that `pauseAt` says.
async fn open(server: &Server, theme: &str) -> Browser {
    let browser = Browser::open(1280, 800).await;
    browser.resize(1280, 720).await;
    browser.prefer(&[("prefers-color-scheme", theme)]).await;
    browser.page.goto(&server.url()).await.expect("a page");
    browser.painted(1).await;
    let pausing = "window.pauseAt = Infinity;
        const map = document.querySelector('[data-testid=heatmap]');
        const look = () => {
            requestAnimationFrame(look);
            if (Number(map.facts.seq) < pauseAt) return;
            pauseAt = Infinity;
            document.querySelector('[data-testid=pause]').click();
        };
        look()";
    browser.run(pausing).await;
    browser
}

/// Lets it run to the interval `seq`, and pauses it there.
async fn stand_at(browser: &Browser, seq: u64) {
    let go = format!(
        "const pause = document.querySelector('[data-testid=pause]');
        if (pause.ariaPressed === 'true') pause.click();
        window.pauseAt = {seq}"
    );
    browser.run(&go).await;
    let stands = format!(
        "return !!document.querySelector('[data-testid=paused]')
            && Number(document.querySelector('[data-testid=heatmap]').facts.seq) >= {seq}"
    );
    browser.until("it stands", &stands).await;
    let told = "return document.querySelector('[data-testid=list-time]').innerText.includes(' – ')";
    browser.until("the list tells of its time", told).await;
}

/// Marks the time and lengths around the middle of the newest quarter with the keys, as a person without a mouse.
async fn mark(browser: &Browser) {
    let walk = "const map = document.querySelector('[data-testid=heatmap]');
        const key = (key, shiftKey = false) => map.dispatchEvent(
            new KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true }));
        for (let i = 0; i < 8; i++) key('ArrowLeft');
        for (let i = 0; i < 40; i++) key('ArrowLeft', true);
        for (let i = 0; i < 5; i++) key('ArrowUp', true)";
    browser.run(walk).await;
    let rows = "return document.querySelectorAll('[data-testid=region-row]').length > 5";
    browser.until("who waits there", rows).await;
}

#[tokio::test]
async fn a_busy_machine_looks_as_it_did() {
    let server = Server::start(&["--demo=100", "--interval", "100ms"]);
    let browser = open(&server, "dark").await;
    let mut wrong = Vec::new();
    stand_at(&browser, 100).await;
    wrong.extend(compare(&browser, "busy").await);
    mark(&browser).await;
    wrong.extend(compare(&browser, "marked").await);
    press(&browser, "b").await;
    press(&browser, "Escape").await;
    press(&browser, "Escape").await;
    stand_at(&browser, 200).await;
    let compared = "return !!document.querySelector('[data-testid=differences]')";
    browser.until("the baseline", compared).await;
    wrong.extend(compare(&browser, "baseline").await);
    press(&browser, "b").await;
    stand_at(&browser, 230).await;
    for key in ["+", "["] {
        press(&browser, key).await;
    }
    let back = "return !!document.querySelector('[data-testid=follow]')";
    browser.until("it looks back", back).await;
    wrong.extend(compare(&browser, "looking-back").await);
    press(&browser, "l").await;
    press(&browser, "-").await;
    browser.prefer(&[("prefers-color-scheme", "light")]).await;
    stand_at(&browser, 260).await;
    wrong.extend(compare(&browser, "light").await);
    browser.resize(360, 760).await;
    let narrow = "return document.documentElement.scrollWidth <= 360
        && document.querySelector('[data-testid=heatmap]').getBoundingClientRect().width < 360";
    browser.until("it is narrow", narrow).await;
    wrong.extend(compare(&browser, "narrow").await);
    browser.close().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_idle_machine_looks_as_it_did() {
    let server = Server::start(&["--demo", "--interval", "100ms", "-c", "/idle.slice"]);
    let browser = open(&server, "dark").await;
    stand_at(&browser, 30).await;
    let told = "return !!document.querySelector('[data-testid=empty] canvas')";
    browser.until("what it would look like", told).await;
    let wrong = compare(&browser, "idle").await;
    browser.close().await;
    assert_eq!(wrong, None);
}

#[tokio::test]
async fn thousands_of_series_look_as_they_did() {
    let server = Server::start(&["--demo=5000", "--interval", "500ms"]);
    let browser = open(&server, "dark").await;
    stand_at(&browser, 12).await;
    let wrong = compare(&browser, "thousands").await;
    let count = "return document.querySelector('[data-testid=filter-count]').innerText";
    let count = browser.run(count).await;
    browser.close().await;
    assert_ne!(count, Value::from("0 of 0"));
    assert_eq!(wrong, None);
}

/// Coarse as they are, each state is told from each other: the comparison can fail.
#[test]
fn the_states_are_told_apart() {
    let names = [
        "busy",
        "marked",
        "baseline",
        "looking-back",
        "light",
        "idle",
        "thousands",
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states");
    let read = |name: &str| Coarse::read(&folder.join(format!("{name}.png"))).expect(name);
    for (at, one) in names.iter().enumerate() {
        for other in &names[at + 1..] {
            let told_apart = read(one).differing(&read(other)).is_some();
            assert!(told_apart, "{one} looks like {other}");
        }
    }
}
