//! What is read of /proc and the clocks: who lives, and what this program itself costs.

use std::collections::HashSet;
use std::fs;
use std::io;

/// The tgids of all living processes, zombies included.
pub fn tgids() -> io::Result<HashSet<u32>> {
    let entries = fs::read_dir("/proc")?;
    Ok(entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect())
}

/// One above the highest tid that the kernel gives out.
pub fn pid_max() -> io::Result<u32> {
    let text = fs::read_to_string("/proc/sys/kernel/pid_max")?;
    text.trim().parse().map_err(io::Error::other)
}

pub fn hostname() -> String {
    read_trimmed("/proc/sys/kernel/hostname")
}

/// The kernel's release, as `uname -r`.
pub fn kernel_release() -> String {
    read_trimmed("/proc/sys/kernel/osrelease")
}

fn read_trimmed(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.trim().to_owned()
}

/// CLOCK_MONOTONIC, in ns: the clock of the kernel programs.
pub fn monotonic_ns() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes one timespec; this clock always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// CPU time of this process since its start, user and system, in µs.
pub fn self_cpu_us() -> u64 {
    // SAFETY: plain C structure, for which zero is valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: writes one rusage.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    let micros = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
    micros(usage.ru_utime) + micros(usage.ru_stime)
}

/// Resident memory of this process, in kB.
pub fn self_rss_kb() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0);
    // SAFETY: asks for a constant of the system.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    pages * u64::try_from(page).unwrap_or(4_096) / 1_024
}

#[cfg(test)]
mod tests {
    use super::{monotonic_ns, pid_max, self_cpu_us, self_rss_kb, tgids};

    #[test]
    fn this_process_is_alive_and_costs_something() {
        assert!(tgids().unwrap().contains(&std::process::id()));
        assert!(std::process::id() < pid_max().unwrap());
        assert!(self_rss_kb() > 100);
        let before = monotonic_ns();
        while self_cpu_us() == 0 {}
        assert!(monotonic_ns() > before);
    }
}
