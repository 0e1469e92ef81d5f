//! Short-lived processes, at most a thousand a second.

use super::loads::{compute_us, say};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Runs five at a time. Each computes for `busy_us`, executes `program` if there is one, and exits. Its schedstat is
/// read while it is a zombie, so that it covers its whole life. taskstats reports the same numbers at an exit, but only
/// if delay accounting was on when the task started.
pub(super) fn storm(children: u64, busy_us: u64, program: Option<&Path>) {
    let program = program.map(|path| CString::new(path.as_os_str().as_bytes()).expect("a path"));
    let mut accounts = Vec::new();
    let start = Instant::now();
    for batch in 0..children / 5 {
        let child = |_| fork_child(busy_us, program.as_ref());
        let pids: Vec<i32> = (0..5).map(child).collect();
        accounts.extend(pids.into_iter().map(|pid| (pid, bury(pid))));
        let next = start + Duration::from_millis(5 * (batch + 1));
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    for (pid, account) in accounts {
        say(&format!("child {pid}: {}", account.trim()));
    }
}

fn fork_child(busy_us: u64, program: Option<&CString>) -> i32 {
    // SAFETY: the child only reads the clock, executes and leaves, which is allowed after the fork of a
    // process with threads.
    match unsafe { libc::fork() } {
        0 => {
            compute_us(busy_us);
            // SAFETY: as above; the lists end with a null pointer.
            unsafe {
                if let Some(program) = program {
                    let words = [program.as_ptr(), std::ptr::null()];
                    libc::execv(program.as_ptr(), words.as_ptr());
                    libc::_exit(1)
                }
                libc::_exit(0)
            }
        }
        pid => {
            assert!(pid > 0, "fork: {}", std::io::Error::last_os_error());
            pid
        }
    }
}

/// The schedstat of the exited child, which is then reaped.
fn bury(pid: i32) -> String {
    let wait = |flags| {
        // SAFETY: plain C structure, for which zero is valid; waitid writes one.
        let (result, info) = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let flags = libc::WEXITED | flags;
            let result = libc::waitid(libc::P_PID, pid as u32, &raw mut info, flags);
            (result, info)
        };
        assert_eq!(result, 0, "waitid: {}", std::io::Error::last_os_error());
        // SAFETY: of a child that has ended there is a status.
        assert_eq!(unsafe { info.si_status() }, 0, "a child failed");
    };
    wait(libc::WNOWAIT);
    let account = std::fs::read_to_string(format!("/proc/{pid}/schedstat"));
    wait(0);
    account.expect("a kernel with schedstats")
}
