//! The release binary, started as a person would.

use super::client::PATIENCE;
use super::deadline::Deadline;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

/// The binary under test.
pub fn binary() -> PathBuf {
    let path = std::env::var_os("RUNQLAT_WEB_BIN")
        .expect("RUNQLAT_WEB_BIN names the binary under test; run `cargo xtask test`");
    PathBuf::from(path)
}

/// Runs it with `args` until it ends by itself.
pub fn run(args: &[&str]) -> Output {
    Command::new(binary())
        .args(args)
        .output()
        .expect("it starts")
}

/// A running server on a port of its own; stopped when dropped.
pub struct Server {
    // Dropped before the child is waited for.
    deadline: Option<Deadline>,
    child: Child,
    pub address: SocketAddr,
    /// What it wrote to stderr before it listened.
    pub said: String,
    /// What it writes after that, a line each.
    lines: Mutex<Receiver<String>>,
}

impl Server {
    /// On a free port.
    pub fn start(args: &[&str]) -> Self {
        Self::start_with(&[&["--listen", "127.0.0.1:0"], args].concat())
    }

    /// With these arguments alone.
    pub fn start_with(args: &[&str]) -> Self {
        Self::start_by(Command::new(binary()).args(args))
    }

    /// As this command starts it.
    pub fn start_by(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("it starts");
        let deadline = Some(Deadline::new(child.id()));
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            if stderr.read_line(&mut line).expect("stderr is text") == 0 {
                panic!("it ended before it listened: {said}");
            }
            if let Some(url) = line.strip_prefix("listening on http") {
                let address = url.trim_start_matches('s').trim_start_matches("://");
                let address = address.split(' ').next().unwrap_or_default();
                break address.parse().expect("an address");
            }
            said.push_str(&line);
        };
        // Whatever else it says must not fill the pipe.
        let (say, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = say.send(line);
            }
        });
        Self {
            deadline,
            child,
            address,
            said,
            lines: Mutex::new(lines),
        }
    }

    /// The next line on its stderr that has all of these in it; those before it are passed over.
    pub fn says(&self, parts: &[&str]) -> String {
        let lines = self.lines.lock().expect("no test has failed");
        loop {
            let line = lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("it does not say {parts:?}"));
            if parts.iter().all(|part| line.contains(part)) {
                return line;
            }
        }
    }

    /// All that it has written on stderr, once it has ended.
    pub fn end(mut self) -> String {
        self.signal(libc::SIGTERM);
        self.child.wait().expect("it was started here");
        let lines = self.lines.lock().expect("no test has failed");
        let rest: Vec<String> = lines.iter().collect();
        self.said.clone() + &rest.join("\n")
    }

    /// The link that it printed `to view` or `to control`.
    pub fn link(&self, to: &str) -> &str {
        let start = format!("to {to}:");
        let line = self.said.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap_or_else(|| panic!("no link to {to}: {}", self.said))
            .trim()
    }

    /// The token in that link, as the Authorization of a request.
    pub fn bearer(&self, to: &str) -> String {
        bearer(self.link(to))
    }

    /// Where this machine reaches a server that listens on all addresses.
    pub fn local(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.address.port()))
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn signal(&self, signal: i32) {
        // SAFETY: signals the child that this value owns and has not yet waited for.
        unsafe { libc::kill(self.child.id() as i32, signal) };
    }

    /// Waits for its end; the exit code, unless a signal ended it.
    pub fn wait_status(mut self) -> Option<i32> {
        self.child.wait().expect("it was started here").code()
    }
}

/// The token in a link, as the Authorization of a request.
pub fn bearer(link: &str) -> String {
    let token = link.split("#token=").nth(1).expect("a link with a token");
    format!("Bearer {token}")
}

impl Drop for Server {
    fn drop(&mut self) {
        self.deadline = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
