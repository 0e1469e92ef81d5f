//! A test that waits for what never comes ends by itself, and says so: without that it would hold up
//! all tests after it for as long as somebody lets it.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// Longer than any test takes with one server, on a busy machine too.
const LONGEST: Duration = Duration::from_secs(240);

/// Runs from its making until it is dropped.
pub struct Deadline {
    _until: Sender<()>,
}

impl Deadline {
    /// Of the server with this process id, which does not outlive the test.
    pub fn new(server: u32) -> Self {
        let (until, over) = mpsc::channel();
        let name = thread::current().name().unwrap_or("a test").to_owned();
        thread::spawn(move || {
            if over.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout) {
                eprintln!(
                    "\n{name} waits for more than {LONGEST:?}: it and the tests after it in this file are given up"
                );
                // SAFETY: signals a child that was not waited for: its owner drops this before it waits.
                unsafe { libc::kill(server as i32, libc::SIGKILL) };
                std::process::abort();
            }
        });
        Self { _until: until }
    }
}
