//! Processes for a host to be full of: each is this program again, and naps.

use std::os::unix::process::parent_id;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;
use std::{env, io};

use anyhow::{Context, Result};

/// The argument that makes this program a napper. Not the parser's: there are a thousand of them, and it is nobody's
/// to type.
const ARGUMENT: &str = "bench-napper";

/// Ten wakeups a second.
const NAP: Duration = Duration::from_millis(100);

/// Whether this process was started as a napper.
pub(crate) fn is_napper() -> bool {
    env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == ARGUMENT)
}

/// Naps until the parent is gone, so that no napper outlives its bench however that ends.
pub(crate) fn forever() {
    let parent = parent_id();
    while parent_id() == parent {
        thread::sleep(NAP);
    }
}

/// Processes that nap; they end when this is dropped.
pub(super) struct Nappers(Vec<Child>);

impl Nappers {
    pub(super) fn spawn(count: usize) -> Result<Self> {
        let program = env::current_exe().context("cannot find this program")?;
        let mut nappers = Self(Vec::with_capacity(count));
        for number in 0..count {
            let napper = napper(&program).with_context(|| {
                format!("process {number} of {count} was refused\nhint: see `ulimit -u` and /proc/sys/kernel/pid_max")
            })?;
            nappers.0.push(napper);
        }
        Ok(nappers)
    }
}

fn napper(program: &Path) -> io::Result<Child> {
    Command::new(program)
        .arg(ARGUMENT)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
}

impl Drop for Nappers {
    /// By their handles: never another process.
    fn drop(&mut self) {
        for napper in &mut self.0 {
            let _ = napper.kill();
        }
        for napper in &mut self.0 {
            let _ = napper.wait();
        }
    }
}
