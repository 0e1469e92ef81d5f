//! A headless Chromium with a profile of its own, driven through chromedriver.

use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How the browser is started: nothing of it may speak to the outside.
const ARGUMENTS: [&str; 8] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The heatmap's canvas, in JavaScript.
pub const MAP: &str = "document.querySelector('[data-testid=heatmap]')";

/// A function in JavaScript that gives the pixels of a part of a canvas, which a worker paints.
pub const PIXELS: &str = "const pixelsOf = (canvas, x, y, w, h) => {
    const copy = new OffscreenCanvas(w, h).getContext('2d');
    copy.drawImage(canvas, -x, -y);
    return copy.getImageData(0, 0, w, h).data;
};";

/// A function in JavaScript that gives where the heatmap's plot lies in its canvas and how high and how many its rows
/// are, in device pixels.
pub const PLOT: &str = "const plotOf = canvas => {
    const d = canvas.facts;
    const [left, top, width, row] = [d.plotLeft, d.plotTop, d.plotWidth, d.rowHeight]
        .map(css => Math.round(css * devicePixelRatio));
    return { left, top, width, row, rows: Number(d.rows) };
};";

/// A browser window; closed when `close` is called, ended when dropped.
pub struct Browser {
    driver: Child,
    profile: PathBuf,
    pub page: Client,
}

impl Browser {
    /// Opens a window of `width` by `height` CSS pixels.
    pub async fn open(width: u32, height: u32) -> Self {
        Self::open_with(width, height, &[]).await
    }

    /// The same with more arguments for the browser.
    pub async fn open_with(width: u32, height: u32, more: &[&str]) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            // A group of its own: the browser that it starts is ended with it.
            .process_group(0)
            .spawn()
            .expect("chromedriver; `cargo xtask setup` installs it");
        let port = port_of(&mut driver);
        let profile = std::env::temp_dir().join(format!("runqlat-web-browser-{port}"));
        let mut arguments: Vec<String> = ARGUMENTS.map(str::to_owned).to_vec();
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        arguments.push(format!("--window-size={width},{height}"));
        arguments.push(format!("--user-data-dir={}", profile.display()));
        let Value::Object(capabilities) = json!({
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        }) else {
            unreachable!("an object was written");
        };
        let page = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a browser");
        Self {
            driver,
            profile,
            page,
        }
    }

    /// Runs JavaScript; `return` gives its value.
    pub async fn run(&self, script: &str) -> Value {
        self.page
            .execute(script, vec![])
            .await
            .expect("a script that runs")
    }

    /// Runs `script` until it returns something true, and returns that.
    pub async fn until(&self, what: &str, script: &str) -> Value {
        let asking = async {
            loop {
                let value = self.run(script).await;
                let empty = matches!(&value, Value::Null | Value::Bool(false))
                    || value.as_str() == Some("");
                if !empty {
                    return value;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(30), asking).await {
            Ok(value) => value,
            Err(_) => panic!("not in time: {what}; page:\n{}", self.text().await),
        }
    }

    /// Until the heatmap shows the interval `seq`.
    pub async fn painted(&self, seq: u64) {
        let script = format!(
            "const seq = Number({MAP}?.facts.seq || 0);
            return seq >= {seq} && whenPainted().then(() => true)"
        );
        self.until(&format!("interval {seq} is painted"), &script)
            .await;
    }

    /// Counts in `window.knocks` how often the page connects from now on.
    pub async fn count_knocks(&self) {
        let count = "window.knocks = 0;
            const plain = window.openSocket.bind(window);
            window.openSocket = (...given) => { window.knocks += 1; return plain(...given); }";
        self.run(count).await;
    }

    /// What a person reads.
    pub async fn text(&self) -> String {
        let text = self.run("return document.body.innerText").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Keeps what the window shows, where RUNQLAT_WEB_SCREENSHOTS says.
    pub async fn keep(&self, name: &str) {
        let Some(folder) = std::env::var_os("RUNQLAT_WEB_SCREENSHOTS").map(PathBuf::from) else {
            return;
        };
        self.run("return window.whenPainted?.()").await;
        let png = self.page.screenshot().await.expect("a screenshot");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(format!("{name}.png")), png).expect("a file");
    }

    /// Signals the browser with all its processes, and its driver.
    pub fn signal(&self, signal: i32) {
        // SAFETY: signals the group that this value's child leads; it has not been waited for.
        unsafe { libc::kill(-(self.driver.id() as i32), signal) };
    }

    pub async fn close(self) {
        let page = self.page.clone();
        page.close().await.expect("a browser to close");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.signal(libc::SIGKILL);
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// A point of the plot in CSS pixels of the window, from fractions of its width and height. A page that scrolls is
/// scrolled there.
pub async fn point(browser: &Browser, across: f64, down: f64) -> (f64, f64) {
    let script = format!(
        "{MAP}.scrollIntoView({{ block: 'nearest' }});
        const r = {MAP}.getBoundingClientRect(), d = {MAP}.facts;
        return [r.left + Number(d.plotLeft) + {across} * Number(d.plotWidth),
            r.top + Number(d.plotTop) + {down} * Number(d.plotHeight)]"
    );
    let at = browser.run(&script).await;
    let of = |i: usize| at[i].as_f64().expect("a place").round();
    (of(0), of(1))
}

/// A key pressed where the focus is.
pub async fn press(browser: &Browser, key: &str) {
    let script = format!(
        "(document.activeElement ?? document.body).dispatchEvent(
            new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true, cancelable: true }}))"
    );
    browser.run(&script).await;
}

fn port_of(driver: &mut Child) -> u16 {
    let stdout = BufReader::new(driver.stdout.take().expect("a pipe"));
    let mut lines = stdout.lines();
    let port = lines.by_ref().find_map(|line| {
        let line = line.expect("text");
        let rest = line.split("successfully on port ").nth(1)?;
        rest.trim_end_matches('.').parse().ok()
    });
    std::thread::spawn(move || lines.for_each(drop));
    port.expect("chromedriver says its port")
}
