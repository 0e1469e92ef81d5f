//! Loads in C that a shell would be too slow for: see the files in `tools`. Compiled when a test needs them, by the
//! compiler that cargo links with.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Compiles `tools/NAME.c`; returns the program's path.
pub fn compiled(name: &str) -> PathBuf {
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/support/tools/{name}.c"));
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let status = Command::new("cc")
        .args([
            "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-pthread", "-o",
        ])
        .arg(&program)
        .arg(source)
        .status();
    assert!(status.expect("a C compiler").success(), "{name}.c");
    program
}

/// A running load; killed when dropped.
pub struct Tool {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Tool {
    /// Starts one with these arguments, see its source. Its stdin stays open until this is dropped.
    pub fn start(name: &str, words: &str) -> Self {
        let mut command = Command::new(compiled(name));
        Self::start_by(command.args(words.split(' ')))
    }

    /// Starts one by this command.
    pub fn start_by(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it was compiled");
        let said = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, said }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The first number of the line that it prints when it is done; waits for that.
    pub fn count(&mut self) -> u64 {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("a line of text");
        let count = line.split(' ').next().and_then(|word| word.parse().ok());
        count.unwrap_or_else(|| panic!("it has failed, and said: {line:?}"))
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
