//! libbpf-tools' runqlat: running it, and reading what it prints.

use runqlat_common::buckets::Unit;
use runqlat_common::counts::{Counts, Waits};
use runqlat_common::text;
use runqlat_common::wire::Key;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// What it says when it measures.
pub const TRACING: &str = "Tracing run queue latency... Hit Ctrl-C to end.\n";

/// A runqlat that measures; ended when dropped.
pub struct Runqlat {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Runqlat {
    /// Measures from now on; `None` where it is not installed.
    pub fn start() -> Option<Self> {
        match Command::new("runqlat").arg("--version").output() {
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            tried => tried.expect("runqlat"),
        };
        // To a pipe it would keep its first line to itself until the end.
        let mut child = Command::new("stdbuf")
            .args(["-oL", "runqlat"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("stdbuf, of coreutils");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("text");
        assert_eq!(line, TRACING);
        Some(Self { child, stdout })
    }

    /// Ends its window; what it counted.
    pub fn finish(mut self) -> Counts {
        // SAFETY: signals the child that this value owns and has not yet waited for.
        unsafe { libc::kill(self.child.id() as i32, libc::SIGINT) };
        let mut text = TRACING.to_owned();
        self.stdout.read_to_string(&mut text).expect("text");
        let mut printouts = parse(&text);
        let histogram = printouts.pop().and_then(|mut last| last.histograms.pop());
        histogram.expect("a histogram").counts
    }
}

impl Drop for Runqlat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What it prints at the end of an interval.
#[derive(Debug, Default)]
pub struct Printout {
    /// The time of day, with `-T`.
    time: Option<String>,
    pub histograms: Vec<Histogram>,
}

/// One histogram and the key that it is of, if any.
#[derive(Debug, Default)]
pub struct Histogram {
    key: Option<(u64, String)>,
    pub counts: Counts,
}

impl Printout {
    /// As this project prints it.
    pub fn render(&self, kind: Key, unit: Unit) -> String {
        let mut text = "\n".to_owned();
        if let Some(time) = &self.time {
            text += &format!("{time}\n");
        }
        for Histogram { key, counts } in &self.histograms {
            if let Some((key, name)) = key {
                text += "\n";
                text += &text::heading(kind, *key, name);
            }
            text += &text::runqlat(counts, unit);
        }
        text
    }
}

/// Takes the numbers and names out of all that it has printed.
pub fn parse(text: &str) -> Vec<Printout> {
    let mut printouts: Vec<Printout> = Vec::new();
    let text = text.strip_prefix(TRACING).expect("its first line");
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let heading = |line: &str| key_of(line).is_some();
        if line.is_empty() {
            // A blank line before a heading belongs to its key, unless it is the printout's own.
            if !lines.peek().is_some_and(|next| heading(next)) {
                printouts.push(Printout::default());
            }
            continue;
        }
        let printout = printouts.last_mut().expect("a blank line first");
        if let Some(key) = key_of(line) {
            printout.histograms.push(Histogram {
                key: Some(key),
                counts: Counts::default(),
            });
        } else if let Some((_, counted)) = line.split_once(" : ") {
            let keyed = printout.histograms.last().is_some_and(|h| h.key.is_some());
            let Ok(n) = counted.split(' ').next().unwrap_or_default().parse() else {
                // The line over the columns.
                if !keyed {
                    printout.histograms.push(Histogram::default());
                }
                continue;
            };
            let Histogram { counts, .. } = printout.histograms.last_mut().expect("a heading");
            count(&mut counts.woken, n);
        } else {
            printout.time = Some(line.to_owned());
        }
    }
    printouts
}

fn count(waits: &mut Waits, n: u64) {
    waits.counts.push(n);
}

/// `pid = 12 name`.
fn key_of(line: &str) -> Option<(u64, String)> {
    let (key, name) = line.strip_prefix("pid = ")?.split_once(' ')?;
    Some((key.parse().ok()?, name.to_owned()))
}
