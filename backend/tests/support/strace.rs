//! Which system calls a process makes, by strace.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

/// Traces until it is stopped or dropped.
pub struct Strace {
    child: Child,
    said: BufReader<ChildStderr>,
}

impl Strace {
    /// Traces all calls with that name by all threads; returns once it is attached.
    pub fn start(process: u32, call: &str) -> Self {
        // -y: with the path of each file.
        let mut command = Command::new("strace");
        command.args(["-f", "-y", "-e", &format!("trace={call}"), "-p"]);
        command.arg(process.to_string()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("strace, which set-up installs");
        let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        said.read_line(&mut line).expect("text");
        assert!(line.contains("attached"), "{line}");
        Self { child, said }
    }

    /// Stops; returns a line for each call.
    pub fn stop(mut self) -> Vec<String> {
        // SAFETY: signals the child that this value owns and has not yet waited for.
        unsafe { libc::kill(self.child.id() as i32, libc::SIGINT) };
        let mut text = String::new();
        self.said.read_to_string(&mut text).expect("text");
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
