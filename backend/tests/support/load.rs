//! Loads whose waits are known beforehand.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The last CPU this process may run on: pinned loads go there, out of the way of CPU 0.
pub fn last_cpu() -> usize {
    cpus().pop().expect("a CPU")
}

/// The CPUs this process may run on.
pub fn cpus() -> Vec<usize> {
    // SAFETY: plain C structure, for which zero is valid.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: writes one cpu_set_t.
    let result = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &raw mut set) };
    assert_eq!(result, 0, "sched_getaffinity");
    // SAFETY: the index is below CPU_SETSIZE.
    let has = |cpu: &usize| unsafe { libc::CPU_ISSET(*cpu, &set) };
    (0..libc::CPU_SETSIZE as usize).filter(has).collect()
}

/// Pins the calling thread.
pub fn pin(cpu: usize) -> std::io::Result<()> {
    // SAFETY: plain C structure, for which zero is valid; the index is below CPU_SETSIZE.
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &raw const set)
    };
    if result == 0 {
        Ok(())
    } else {
        Err(std::io::Error::last_os_error())
    }
}

/// Lets the calling thread go before all that is not real-time.
pub fn become_real_time() {
    let priority = libc::sched_param { sched_priority: 1 };
    // SAFETY: reads one sched_param.
    let result = unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const priority) };
    assert_eq!(result, 0, "root may use SCHED_FIFO");
}

/// A process that is ended when dropped.
pub struct Process(Child);

impl Process {
    /// Starts `program`, pinned to `cpu`.
    pub fn pinned(cpu: usize, program: &str, args: &[&str]) -> Self {
        Self::pinned_with(cpu, program, args, Stdio::inherit())
    }

    /// The same, with its stdout.
    pub fn pinned_with(cpu: usize, program: &str, args: &[&str], stdout: Stdio) -> Self {
        let mut command = Command::new(program);
        command.args(args).stdout(stdout);
        // SAFETY: one system call between fork and exec.
        unsafe { command.pre_exec(move || pin(cpu)) };
        Self(command.spawn().expect("a program of every system"))
    }

    /// The first line that it prints to its piped stdout.
    pub fn line(&mut self) -> String {
        first_line(&mut self.0)
    }

    /// A shell that never stops computing.
    pub fn hog(cpu: usize) -> Self {
        Self::pinned(cpu, "sh", &["-c", "while :; do :; done"])
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) {
        self.0.wait().expect("it was started here");
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Its id as the key of a series.
    pub fn key(&self) -> u64 {
        self.0.id().into()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first line that a child prints to its piped stdout.
pub fn first_line(child: &mut Child) -> String {
    let stdout = child.stdout.as_mut().expect("a pipe");
    let mut line = String::new();
    let mut byte = [0];
    while stdout.read(&mut byte).expect("a pipe") == 1 && byte[0] != b'\n' {
        line.push(byte[0].into());
    }
    line
}

/// A real-time thread that takes one CPU for `busy` and lets go for `idle`, in turns: whatever else
/// wants that CPU waits as long as `busy`, each time.
pub struct Blocker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Blocker {
    pub fn start(cpu: usize, busy: Duration, idle: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            pin(cpu).expect("a CPU of this process");
            become_real_time();
            while !stopped.load(Ordering::Relaxed) {
                let start = Instant::now();
                while start.elapsed() < busy {}
                std::thread::sleep(idle);
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Blocker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
