//! A tracer under test: how to start it, how to know that it traces, and how to end it.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{http, process};

/// Verifying and attaching takes milliseconds; a second of start-up is a lot, and this is for a machine under load.
const PATIENCE: Duration = Duration::from_secs(20);

/// For an answer of its server.
pub(super) const ANSWER: Duration = Duration::from_secs(2);

/// How a tracer says that it is ready.
#[derive(Clone, Copy)]
pub(super) enum Ready {
    /// A line on stdout or stderr contains this.
    Line(&'static str),
    /// A line tells where it listens, and /healthz there answers 200.
    Healthz,
}

/// A running tracer, which ends when dropped.
pub(super) struct Tracer {
    child: Child,
    /// What it goes on to say.
    lines: mpsc::Receiver<String>,
    /// Where it listens, if it does.
    address: Option<SocketAddr>,
}

impl Tracer {
    /// Starts it and returns when it traces.
    pub(super) fn start(command: &mut Command, ready: Ready) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{}`", process::line(command)))?;
        let lines = lines(&mut child);
        // From here on a failure ends it, too.
        let mut tracer = Self {
            child,
            lines,
            address: None,
        };
        tracer
            .wait(ready)
            .with_context(|| format!("`{}`", process::line(command)))?;
        Ok(tracer)
    }

    /// Starts our server on a port of its own.
    pub(super) fn server(binary: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(binary);
        command.args(["--listen", "127.0.0.1:0"]).args(arguments);
        Self::start(&mut command, Ready::Healthz)
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub(super) fn address(&self) -> Result<SocketAddr> {
        self.address.context("it does not listen")
    }

    /// The next line that it writes, or `None` when there is none in this time.
    pub(super) fn line(&self, within: Duration) -> Option<String> {
        self.lines.recv_timeout(within).ok()
    }

    fn wait(&mut self, ready: Ready) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mark = match ready {
            Ready::Line(mark) => mark,
            Ready::Healthz => "listening on http://",
        };
        let mut said = Vec::new();
        let line = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.line(left) {
                Some(line) if line.contains(mark) => break line,
                Some(line) => said.push(line),
                None => bail!("it never said \"{mark}\"; it said:\n{}", said.join("\n")),
            }
        };
        if let Ready::Healthz = ready {
            let address = address(&line).with_context(|| format!("no address in \"{line}\""))?;
            let address = address.parse().with_context(|| format!("\"{address}\""))?;
            healthy(address, deadline)?;
            self.address = Some(address);
        }
        Ok(())
    }
}

/// All that it writes, line by line. The threads read on to the end, so that it never blocks on a full pipe.
fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let stdout = child
        .stdout
        .take()
        .map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
    let stderr = child
        .stderr
        .take()
        .map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
    for pipe in [stdout, stderr].into_iter().flatten() {
        let sender = sender.clone();
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                // Nobody listens any more once the tracer is dropped.
                let _ = sender.send(line);
            }
        });
    }
    receiver
}

impl Drop for Tracer {
    /// Asks it to end, and insists after a while. By its handle: never another process. Not as Ctrl-C does: what a shell
    /// runs in its background has that signal ignored, and passes it on.
    fn drop(&mut self) {
        if let Ok(id) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks /healthz until it answers 200.
fn healthy(address: SocketAddr, deadline: Instant) -> Result<()> {
    while let Err(error) = http::get(address, "/healthz", "", ANSWER) {
        if Instant::now() > deadline {
            return Err(error.context(format!("/healthz at {address}")));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// "… listening on http://127.0.0.1:40123/ …" is at 127.0.0.1:40123.
fn address(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".:[]".contains(c)));
    Some(&rest[..end.unwrap_or(rest.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_ends_where_the_url_does() {
        assert_eq!(
            address("listening on http://127.0.0.1:40123"),
            Some("127.0.0.1:40123")
        );
        assert_eq!(
            address("INFO listening on http://[::1]:8080/ now"),
            Some("[::1]:8080")
        );
        assert_eq!(address("listening"), None);
    }

    #[test]
    fn a_tracer_is_ready_by_its_line_and_ends_when_dropped() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo starting >&2; echo Tracing...; exec sleep 60"]);
        let tracer = Tracer::start(&mut command, Ready::Line("Tracing")).unwrap();
        let since = Instant::now();
        drop(tracer);
        assert!(since.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn one_that_fails_is_quoted() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo no permission >&2; exit 1"]);
        let error = Tracer::start(&mut command, Ready::Line("Tracing"))
            .err()
            .unwrap();
        assert!(format!("{error:#}").contains("no permission"), "{error:#}");
    }
}
