//! Loads that run as processes of their own, so that a process' waits can be compared with the
//! kernel's account of them. The test binary starts itself again: `run_if_asked` is the other side.
//!
//! A load lives from before its first wait until it is dropped: it says `done` and then blocks, with
//! all of its threads, so that both accounts hold its whole life and nothing hangs on when they are read.

pub mod loads;
mod pool;
mod storm;

use super::load::pin;
use super::quota::Quota;
use super::schedstat::Account;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

/// Says to the test binary which load it is to be.
const ASKED: &str = "RUNQLAT_WEB_WORKLOAD";

/// The test that is the other side.
const ENTRY: &str = "a_load_that_there_is_not_is_refused";

/// A load, ended when dropped.
pub struct Workload {
    child: Child,
    said: Receiver<String>,
    heard: Vec<String>,
}

impl Workload {
    /// Starts one, as words: its kind and its numbers. It lives on `cpu` if given.
    pub fn start(cpu: Option<usize>, words: &str) -> Self {
        Self::start_in(None, cpu, words)
    }

    /// The same, under a quota from the start.
    pub fn start_in(quota: Option<&Quota>, cpu: Option<usize>, words: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("a test binary"));
        command
            .args([ENTRY, "--exact", "--nocapture"])
            .arg("--test-threads=1")
            .env(ASKED, words)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if let Some(cpu) = cpu {
            // SAFETY: one system call between fork and exec.
            unsafe { command.pre_exec(move || pin(cpu)) };
        }
        if let Some(quota) = quota {
            let mut procs = quota.procs();
            // SAFETY: one system call between fork and exec.
            unsafe { command.pre_exec(move || procs.write_all(b"0")) };
        }
        let mut child = command.spawn().expect("this test binary");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (sender, said) = channel();
        thread::spawn(move || {
            for line in stderr.lines() {
                let _ = sender.send(line.expect("text"));
            }
        });
        Self {
            child,
            said,
            heard: Vec::new(),
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has said `word` by now.
    pub fn has_said(&mut self, word: &str) -> bool {
        loop {
            match self.said.try_recv() {
                Ok(line) => self.heard.push(line),
                Err(TryRecvError::Empty) => return self.heard.iter().any(|line| line == word),
                Err(TryRecvError::Disconnected) => {
                    panic!("a load ended early: {}", self.heard.join("\n"))
                }
            }
        }
    }

    /// How many it has now.
    pub fn threads(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.id()));
        tasks.expect("it lives").count() as u64
    }

    /// Lets it go on behind its gate.
    pub fn go(&mut self) {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        stdin.write_all(b"\n").expect("it reads");
    }

    /// The tids and accounts of the children of a `storm`.
    pub fn children(&self) -> Vec<(u32, Account)> {
        let child = |line: &String| {
            let (pid, account) = line.strip_prefix("child ")?.split_once(": ")?;
            Some((pid.parse().ok()?, Account::parse(account)?))
        };
        self.heard.iter().filter_map(child).collect()
    }
}

/// Whether all have said `word` by now.
pub fn all_said(loads: &mut [Workload], word: &str) -> bool {
    // Each is asked, for each must be heard.
    let said: Vec<bool> = loads.iter_mut().map(|load| load.has_said(word)).collect();
    !said.contains(&false)
}

impl Drop for Workload {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
