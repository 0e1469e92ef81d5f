//! Facts about the environment that can prevent measuring. Read after a refusal, when rights have been given up
//! already; /proc and /sys are still readable then.

use crate::cgroup::memory::Limit;
use crate::{confine, procfs};
use std::fs;
use std::path::Path;

/// The capabilities that measuring needs, as bits of `CapEff`.
pub(super) const PERFMON: u64 = 1 << 38;
pub(super) const BPF: u64 = 1 << 39;

/// The facts; what can't be read counts as harmless.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `none`, `integrity`, `confidentiality`, or empty.
    pub(super) locked_down: String,
    /// The effective capabilities.
    pub(super) capabilities: u64,
    /// Seccomp filters, without those that this program installed itself.
    pub(super) foreign_filters: u32,
    pub(super) in_user_namespace: bool,
    /// The soft limit on locked memory in bytes; `None` without a limit.
    pub(super) memlock: Option<u64>,
    /// The kernel's release.
    pub(super) release: (u32, u32),
    pub(super) memory: Option<Limit>,
    pub(super) has_sysfs: bool,
}

impl Facts {
    /// Reads the facts about this process as they are now.
    pub fn gather() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let status = read("/proc/self/status");
        let filters: u32 = number(&status, "Seccomp_filters:", 10) as u32;
        Self {
            locked_down: locked_down(
                &read("/sys/kernel/security/lockdown"),
                &read("/proc/cmdline"),
            ),
            capabilities: number(&status, "CapEff:", 16),
            foreign_filters: filters.saturating_sub(confine::FILTERS),
            in_user_namespace: !is_whole(&read("/proc/self/uid_map")),
            memlock: memlock(&read("/proc/self/limits")),
            release: release(&procfs::kernel_release()),
            memory: Limit::own(),
            has_sysfs: Path::new("/sys/kernel").is_dir(),
        }
    }
}

/// A field of `/proc/self/status`; 0 if it is missing.
fn number(status: &str, field: &str, radix: u32) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|number| u64::from_str_radix(number.trim(), radix).ok());
    number.unwrap_or(0)
}

/// `none integrity [confidentiality]`; if securityfs is not mounted, the kernel's command line decides.
fn locked_down(file: &str, command_line: &str) -> String {
    let chosen = file.split_whitespace().find_map(|mode| {
        let mode = mode.strip_prefix('[')?;
        mode.strip_suffix(']')
    });
    let mut asked = command_line.split_whitespace().rev();
    let asked = asked.find_map(|word| word.strip_prefix("lockdown="));
    chosen.or(asked).unwrap_or_default().to_owned()
}

/// Whether a `uid_map` is that of the initial user namespace: it maps all ids to themselves.
fn is_whole(uid_map: &str) -> bool {
    let mut words = uid_map.split_whitespace();
    uid_map.is_empty() || words.by_ref().take(3).eq(["0", "0", "4294967295"])
}

/// `Max locked memory  8388608  8388608  bytes`: the soft limit.
fn memlock(limits: &str) -> Option<u64> {
    let mut lines = limits.lines();
    let line = lines.find_map(|line| line.strip_prefix("Max locked memory"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// `6.1.0-56-amd64` is 6.1.
fn release(text: &str) -> (u32, u32) {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    let mut next = || numbers.next().and_then(|number| number.parse().ok());
    (next().unwrap_or(0), next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_from_texts() {
        let status = "Name:\tx\nCapEff:\t000000c000000000\nSeccomp:\t2\nSeccomp_filters:\t7\n";
        assert_eq!(number(status, "CapEff:", 16), BPF | PERFMON);
        assert_eq!(number(status, "Seccomp_filters:", 10), 7);
        assert_eq!(number(status, "NoSuch:", 10), 0);
        let table = [
            ("none integrity [confidentiality]\n", "", "confidentiality"),
            (
                "[none] integrity confidentiality\n",
                "lockdown=integrity",
                "none",
            ),
            (
                "",
                "quiet lockdown=confidentiality x=y\n",
                "confidentiality",
            ),
            (
                "",
                "lockdown=confidentiality lockdown=integrity",
                "integrity",
            ),
            ("", "quiet\n", ""),
        ];
        for (file, command_line, mode) in table {
            assert_eq!(
                locked_down(file, command_line),
                mode,
                "{file}{command_line}"
            );
        }
        assert!(is_whole("         0          0 4294967295\n") && is_whole(""));
        assert!(!is_whole("         0     100000      65536\n"));
        let line =
            |soft: &str| format!("Limit  Soft\nMax locked memory         {soft}  8388608  bytes\n");
        assert_eq!(memlock(&line("65536")), Some(65_536));
        assert_eq!(memlock(&line("unlimited")), None);
        assert_eq!(release("5.10.262-1"), (5, 10));
        assert_eq!(release("7.2"), (7, 2));
        assert_eq!(release(""), (0, 0));
    }

    #[test]
    fn this_process_is_known() {
        let facts = Facts::gather();
        assert!(facts.has_sysfs && facts.release > (5, 0), "{facts:?}");
    }
}
