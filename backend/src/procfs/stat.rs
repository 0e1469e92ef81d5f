//! When a process started, and whether it has ended: `/proc/PID/stat`.

use runqlat_common::contract::START_UNIT_NS;
use std::fs;

/// When a process started, in units of [`START_UNIT_NS`] since the host's boot; `None` if it has ended.
pub fn start_of(tgid: u32) -> Option<u64> {
    let stat = fs::read(format!("/proc/{tgid}/stat")).ok()?;
    Stat::parse(&stat)?.start()
}

/// `boottime     3600     0`, a line of `timens_offsets`: seconds and ns, in units of [`START_UNIT_NS`].
fn boot_offset(offsets: &str) -> i64 {
    let line = offsets
        .lines()
        .find_map(|line| line.strip_prefix("boottime"));
    let mut numbers = line.unwrap_or_default().split_whitespace();
    let mut number = || numbers.next().and_then(|n| n.parse().ok()).unwrap_or(0_i64);
    let (seconds, ns) = (number(), number());
    let ns = seconds.saturating_mul(1_000_000_000).saturating_add(ns);
    ns / START_UNIT_NS as i64
}

/// Whether the process `tgid` that started at `start`, as given by [`start_of`], has ended. A zombie has: only its
/// parent still has to reap it. Another process may have its tgid by now.
pub fn process_has_ended(tgid: u32, start: u64) -> bool {
    match fs::read(format!("/proc/{tgid}/stat")) {
        Ok(stat) => {
            let ended = |stat: Stat| stat.has_ended() || stat.start() != Some(start);
            Stat::parse(&stat).is_some_and(ended)
        }
        // The second error: the process ended while its file was read. Other errors say nothing about the process.
        Err(error) => matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH)),
    }
}

/// The fields that are read of `/proc/PID/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: u8,
    threads: u64,
    /// Since boot, in this program's time namespace.
    seen_start: u64,
}

impl Stat {
    /// `7 (name) S 1 7 …`: after the name, which may hold any bytes, the fields 3 (state), 20 (threads) and 22 (start).
    fn parse(stat: &[u8]) -> Option<Self> {
        let name_end = stat.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(&stat[name_end + 1..]).ok()?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3);
        Some(Self {
            state: *field(3)?.as_bytes().first()?,
            threads: field(20)?.parse().ok()?,
            seen_start: field(22)?.parse().ok()?,
        })
    }

    /// By the kernel's own clock, in units of [`START_UNIT_NS`].
    fn start(&self) -> Option<u64> {
        let offsets = fs::read_to_string("/proc/self/timens_offsets").unwrap_or_default();
        self.seen_start.checked_add_signed(-boot_offset(&offsets))
    }

    /// The first thread of a process can be a zombie while others still run.
    fn has_ended(&self) -> bool {
        matches!(self.state, b'Z' | b'X') && self.threads <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::{START_UNIT_NS, Stat, boot_offset, process_has_ended, start_of};
    use crate::procfs::{Task, boottime_ns, task};
    use std::io::Read;
    use std::process::{Command, Stdio};

    #[test]
    fn a_process_has_ended_when_all_its_threads_have() {
        let stat = |state: &str, threads: u32| {
            let zeros = "0 ".repeat(16);
            format!("7 (a) S (b\n) {state} {zeros}{threads} 0 4711 8192 1\n")
        };
        let table = [
            ("S", 1, false),
            ("Z", 1, true),
            ("Z", 3, false),
            ("X", 0, true),
        ];
        for (state, threads, ended) in table {
            let stat = Stat::parse(stat(state, threads).as_bytes()).unwrap();
            assert_eq!(
                (stat.has_ended(), stat.seen_start),
                (ended, 4_711),
                "{state}"
            );
        }
        assert_eq!(Stat::parse(b"7 (a) S 1 2"), None);
        let tgid = std::process::id();
        let start = start_of(tgid).unwrap();
        assert!(!process_has_ended(tgid, start) && process_has_ended(1 << 22, start));
        // Another process had the tgid then.
        assert!(process_has_ended(tgid, start - 1));
    }

    #[test]
    fn a_start_is_told_by_the_kernels_clock() {
        let table = [
            ("", 0),
            (
                "monotonic           7         0\nboottime         -60 500000000\n",
                -5_950,
            ),
            ("boottime           86400         0\n", 8_640_000),
        ];
        for (offsets, units) in table {
            assert_eq!(boot_offset(offsets), units, "{offsets}");
        }
        let now = boottime_ns() / START_UNIT_NS;
        let start = start_of(std::process::id()).unwrap();
        assert!(
            (now.saturating_sub(360_000)..=now).contains(&start),
            "{start} {now}"
        );
    }

    #[test]
    fn a_process_of_any_name_is_seen() {
        let sleeper = r#"printf 'a\377b' > /proc/self/comm; printf x; read wait"#;
        let mut child = Command::new("sh")
            .args(["-c", sleeper])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = [0];
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut said)
            .unwrap();
        let comm = std::fs::read(format!("/proc/{}/comm", child.id())).unwrap();
        let start = start_of(child.id()).unwrap();
        let (seen, ended) = (task(child.id()), process_has_ended(child.id(), start));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(comm, b"a\xffb\n");
        assert_eq!((seen, ended), (Task::Leader, false));
        assert!(process_has_ended(child.id(), start));
    }
}
