//! What is read of /proc and the clocks: who lives, and what this program itself costs.

pub mod sockets;
mod stat;
pub mod tcp;
mod visibility;

pub use stat::{process_has_ended, start_of};
pub use visibility::{Visibility, hides_processes, visibility};

use runqlat_common::name;
use std::fs;
use std::io;
use std::sync::{Mutex, PoisonError};

/// How many processes there are, zombies included.
pub fn processes() -> io::Result<usize> {
    tgids().map(Iterator::count)
}

/// The ids of all processes, zombies included.
pub fn tgids() -> io::Result<impl Iterator<Item = u32>> {
    let entries = fs::read_dir("/proc")?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()))
}

/// How many tasks (threads) there are.
pub fn tasks() -> io::Result<usize> {
    match fs::read_to_string("/proc/loadavg") {
        Ok(text) => {
            tasks_of(&text).ok_or_else(|| io::Error::other("/proc/loadavg is of another form"))
        }
        // /proc has only processes (subset=pid).
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let of = |tgid| fs::read_dir(format!("/proc/{tgid}/task")).map_or(0, Iterator::count);
            Ok(tgids()?.map(of).sum())
        }
        Err(error) => Err(error),
    }
}

/// `0.01 0.05 0.10 2/345 6789`: the number after the slash.
fn tasks_of(loadavg: &str) -> Option<usize> {
    let (_, rest) = loadavg.split_once('/')?;
    rest.split(' ').next()?.parse().ok()
}

/// One more than the highest CPU number in one of the kernel's lists (`possible`, `present`, `online`), whose numbers
/// may have holes.
pub fn cpus(list: &str) -> usize {
    cpus_of(&read_trimmed(&format!("/sys/devices/system/cpu/{list}")))
}

/// `0-3,8-11`: the last number plus one.
fn cpus_of(list: &str) -> usize {
    let last = list.rsplit(['-', ',']).next().and_then(|n| n.parse().ok());
    last.map_or(1, |last: usize| last + 1)
}

/// Memory of this host, in bytes.
pub fn memory() -> u64 {
    // SAFETY: asks for a constant of the system.
    let of = |name| u64::try_from(unsafe { libc::sysconf(name) }).unwrap_or(0);
    of(libc::_SC_PHYS_PAGES).saturating_mul(of(libc::_SC_PAGESIZE))
}

/// What an id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// A process' id.
    Leader,
    /// That of another thread of the process `tgid`.
    Thread {
        tgid: u32,
    },
    None,
}

/// What `id` is now.
pub fn task(id: u32) -> Task {
    let status = read_lossy(&format!("/proc/{id}/status")).unwrap_or_default();
    let field = status.lines().find_map(|line| line.strip_prefix("Tgid:"));
    match field.and_then(|tgid| tgid.trim().parse().ok()) {
        Some(tgid) if tgid == id => Task::Leader,
        Some(tgid) => Task::Thread { tgid },
        None => Task::None,
    }
}

/// Whether a process or thread with this id exists, zombies included.
pub fn task_lives(id: u64) -> bool {
    let Ok(id) = libc::pid_t::try_from(id) else {
        return false;
    };
    // SAFETY: only asks. Of the calls that find a task by its id, zombies too, the cheapest:
    // `kill` with signal 0 takes more than twice as long, and is audited.
    let result = unsafe { libc::sched_getscheduler(id) };
    result >= 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// Inode number of the initial pid namespace (`PROC_PID_INIT_INO` of the kernel's `proc_ns.h`).
const INITIAL_PID_NAMESPACE: u64 = 0xEFFF_FFFC;

/// Whether ids here are those that the kernel itself uses.
pub fn in_initial_pid_namespace() -> bool {
    pid_namespace().is_ok_and(|inode| inode == INITIAL_PID_NAMESPACE)
}

/// Inode number of this process' pid namespace.
fn pid_namespace() -> io::Result<u64> {
    let link = fs::read_link("/proc/self/ns/pid")?;
    // "pid:[4026531836]"
    let digits: String = link
        .to_string_lossy()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().map_err(io::Error::other)
}

/// The kernel's own limit of `pid_max` (`PID_MAX_LIMIT` of 64-bit kernels).
const PID_MAX_LIMIT: u32 = 1 << 22;

/// One above the highest tid that the kernel gives out; where /proc does not say (subset=pid), above its upper limit.
pub fn pid_max() -> io::Result<u32> {
    match fs::read_to_string("/proc/sys/kernel/pid_max") {
        Ok(text) => text.trim().parse().map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(PID_MAX_LIMIT),
        Err(error) => Err(error),
    }
}

pub fn hostname() -> String {
    text(&uname().nodename)
}

/// The kernel's release, as `uname -r`.
pub fn kernel_release() -> String {
    text(&uname().release)
}

/// By a system call, as /proc/sys is not always there.
fn uname() -> libc::utsname {
    // SAFETY: plain C structure, for which zero is valid.
    let mut names: libc::utsname = unsafe { std::mem::zeroed() };
    // SAFETY: writes one utsname.
    unsafe { libc::uname(&raw mut names) };
    names
}

fn text(name: &[libc::c_char]) -> String {
    let bytes = name.iter().map(|&c| c as u8).take_while(|&byte| byte != 0);
    name::text(&bytes.collect::<Vec<u8>>())
}

fn read_trimmed(path: &str) -> String {
    let text = fs::read(path).unwrap_or_default();
    name::text(text.trim_ascii())
}

/// A file that may hold names of others, of any bytes; such lines are ignored.
fn read_lossy(path: &str) -> io::Result<String> {
    let bytes = fs::read(path)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The wall clock, in ms since 1970.
pub fn now_ms() -> u64 {
    clock_ns(libc::CLOCK_REALTIME) / 1_000_000
}

/// CLOCK_MONOTONIC, in ns: the clock of the kernel programs.
pub fn monotonic_ns() -> u64 {
    clock_ns(libc::CLOCK_MONOTONIC)
}

/// CLOCK_BOOTTIME, in ns: goes on while the host sleeps.
pub fn boottime_ns() -> u64 {
    clock_ns(libc::CLOCK_BOOTTIME)
}

/// How long the host has slept since it was booted, in ns, or a little less.
pub fn slept_ns() -> u64 {
    // In this order: being held up in between makes it less, and never more.
    let awake_and_asleep = boottime_ns();
    awake_and_asleep.saturating_sub(monotonic_ns())
}

/// CPU time of this thread, in ns.
pub fn thread_cpu_ns() -> u64 {
    clock_ns(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn clock_ns(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes one timespec; these clocks always exist.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
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

/// Anonymous memory of this process, in bytes.
pub fn self_anonymous_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.unwrap_or(0) * 1_024
}

/// Lets this process have so many files open at once, as far as it may; how many that is.
pub fn allow_files(needed: u64) -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: writes one rlimit.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return needed;
    }
    if limit.rlim_cur < needed {
        let before = limit.rlim_cur;
        limit.rlim_cur = needed.min(limit.rlim_max);
        // SAFETY: reads one rlimit.
        if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } != 0 {
            return before;
        }
    }
    limit.rlim_cur
}

/// Has files that `make` makes these modes. For the whole process: so before there is a thread that makes others.
pub fn with_modes<T>(modes: u32, make: impl FnOnce() -> T) -> T {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: changes a number of this process.
    let before = unsafe { libc::umask(!modes & 0o777) };
    let made = make();
    // SAFETY: as above.
    unsafe { libc::umask(before) };
    made
}

#[cfg(test)]
mod tests {
    use super::{
        Task, cpus, cpus_of, hostname, kernel_release, memory, monotonic_ns, pid_max, processes,
        self_anonymous_bytes, self_cpu_us, self_rss_kb, task, task_lives, tasks, tasks_of,
    };

    #[test]
    fn this_process_is_alive_and_costs_something() {
        let id = std::process::id();
        assert!(task_lives(id.into()) && id < pid_max().unwrap());
        assert_eq!(task(id), Task::Leader);
        assert!(!task_lives(u64::from(u32::MAX)) && !task_lives(1 << 22));
        assert!(self_rss_kb() > 100 && self_anonymous_bytes() > 100_000);
        let before = monotonic_ns();
        while self_cpu_us() == 0 {}
        assert!(monotonic_ns() > before);
    }

    #[test]
    fn threads_are_alive_under_their_own_ids() {
        let thread = std::thread::spawn(|| {
            // SAFETY: a system call without arguments.
            let tid = unsafe { libc::gettid() } as u32;
            (task_lives(tid.into()), task(tid))
        });
        let tgid = std::process::id();
        assert_eq!(thread.join().unwrap(), (true, Task::Thread { tgid }));
    }

    #[test]
    fn cpus_are_counted_by_their_highest_number() {
        let table = [("0", 1), ("0-3", 4), ("0-3,8-11", 12), ("0,2", 3), ("", 1)];
        for (list, cpus) in table {
            assert_eq!(cpus_of(list), cpus, "{list}");
        }
        assert!(cpus("present") <= cpus("possible") && memory() > 1 << 20);
    }

    #[test]
    fn the_host_has_the_names_that_proc_has() {
        let read = |name| std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap();
        assert_eq!(hostname(), read("hostname").trim());
        assert_eq!(kernel_release(), read("osrelease").trim());
    }

    #[test]
    fn the_host_is_counted() {
        assert!(tasks().unwrap() >= processes().unwrap());
        assert_eq!(tasks_of("0.00 0.01 0.05 2/345 6789\n"), Some(345));
        assert_eq!(tasks_of("soon"), None);
    }
}
