//! A headless Chromium that is told what to do through chromedriver, in WebDriver's plain JSON over HTTP.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, Uid};
use serde_json::{Value, json};

use crate::http;

/// A log of some seconds' trace has tens of megabytes.
const PATIENCE: Duration = Duration::from_secs(60);
/// How the browser is started: nothing of it may speak to the outside.
const ARGUMENTS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Else the heap's size is told in coarse steps.
    "--enable-precise-memory-info",
    "--window-size=1280,720",
];

/// User and group without any rights: the kernel's own for who has no number here (`overflowuid`).
const NOBODY: u32 = 65_534;

/// A browser with one window; ends when dropped.
pub(super) struct Driver {
    child: Child,
    address: SocketAddr,
    profile: PathBuf,
    session: String,
    /// Where the browser itself listens.
    browser: String,
}

impl Driver {
    /// Starts a browser.
    pub(super) fn start() -> Result<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        // A group of its own: the browser that it starts is ended with it.
        command.process_group(0);
        if Uid::effective().is_root() {
            // Root's browser is not what users have: it gives some of its threads nice values that only root may, and they
            // take the CPU from the page's own.
            command.uid(NOBODY).gid(NOBODY).env("HOME", env::temp_dir());
        }
        let mut child = command
            .spawn()
            .context("cannot start chromedriver\nhint: `cargo xtask setup` installs it")?;
        let port = port(&mut child);
        let mut driver = Self {
            profile: env::temp_dir().join(format!("runqlat-web-bench-{}", child.id())),
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            session: String::new(),
            browser: String::new(),
        };
        driver.address.set_port(port?);
        let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", driver.profile.display()));
        let wishes = json!({ "goog:chromeOptions": { "args": arguments } });
        let (id, told) = driver.session(&wishes)?;
        driver.session = id;
        let browser = told["goog:chromeOptions"]["debuggerAddress"].as_str();
        browser
            .context("the browser's address")?
            .clone_into(&mut driver.browser);
        Ok(driver)
    }

    /// Opens a session; returns its name and what it can do.
    fn session(&self, wishes: &Value) -> Result<(String, Value)> {
        let wishes = json!({ "capabilities": { "alwaysMatch": wishes } });
        let mut opened = self.ask("/session", &wishes)?;
        let id = opened["sessionId"].as_str().context("a session's id")?;
        Ok((id.to_owned(), opened["capabilities"].take()))
    }

    /// Records these categories, from now on.
    pub(super) fn record(&self, categories: &str) -> Result<Recording<'_>> {
        let wishes = json!({
            "goog:loggingPrefs": { "performance": "ALL" },
            "goog:chromeOptions": {
                "debuggerAddress": self.browser,
                "perfLoggingPrefs": {
                    "enableNetwork": false, "enablePage": false, "traceCategories": categories,
                },
            },
        });
        let (session, _) = self.session(&wishes)?;
        Ok(Recording {
            driver: self,
            session,
        })
    }

    fn ask(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = http::ask(self.address, "POST", path, &body.to_string(), PATIENCE)?;
        let mut answer: Value = serde_json::from_slice(&answer).context("chromedriver's JSON")?;
        match answer["value"].take() {
            value if value["error"].is_string() => bail!("chromedriver: {}", value["message"]),
            value => Ok(value),
        }
    }

    fn command(&self, name: &str, body: &Value) -> Result<Value> {
        self.ask(&format!("/session/{}/{name}", self.session), body)
    }

    /// Goes to a page; `before` runs there before anything else does.
    pub(super) fn open(&self, url: &str, before: &str) -> Result<()> {
        let script = json!({ "source": before });
        self.cdp("Page.addScriptToEvaluateOnNewDocument", &script)?;
        self.command("url", &json!({ "url": url })).map(drop)
    }

    /// Chromium's own protocol.
    pub(super) fn cdp(&self, command: &str, parameters: &Value) -> Result<Value> {
        let body = json!({ "cmd": command, "params": parameters });
        self.command("goog/cdp/execute", &body)
    }

    /// What JavaScript gives; a promise is waited for.
    pub(super) fn run(&self, script: &str) -> Result<Value> {
        self.command("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// A number that JavaScript gives, once it gives one.
    pub(super) fn number(&self, script: &str, within: Duration) -> Result<f64> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(number) = self.run(script)?.as_f64() {
                return Ok(number);
            }
            if Instant::now() > deadline {
                bail!("the page never said: {script}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// What a browser's threads do, in a session of its own: chromedriver records from a session's start on.
pub(super) struct Recording<'a> {
    driver: &'a Driver,
    session: String,
}

impl Recording<'_> {
    /// What was recorded since this was last asked.
    pub(super) fn take(&self) -> Result<Vec<Value>> {
        let path = format!("/session/{}/se/log", self.session);
        let ask = || self.driver.ask(&path, &json!({ "type": "performance" }));
        let mut entries = ask()?;
        if entries == json!([]) {
            // Chromedriver collects what was recorded each second time that it is asked.
            entries = ask()?;
        }
        let entries = entries.as_array().context("entries of the log")?.iter();
        let messages = entries.filter_map(|entry| {
            let mut entry: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let mut message = entry["message"].take();
            (message["method"] == "Tracing.dataCollected").then(|| message["params"].take())
        });
        Ok(messages.collect())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Ok(group) = i32::try_from(self.child.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}

fn port(child: &mut Child) -> Result<u16> {
    let stdout = BufReader::new(child.stdout.take().context("a pipe")?);
    for line in stdout.lines().map_while(Result::ok) {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return port.trim_end_matches('.').parse().context("a port");
        }
    }
    bail!("chromedriver told no port")
}
