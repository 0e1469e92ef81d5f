//! What /proc says about a process: CPU time, memory, and the kernel's memory of its BPF maps. Parsing is pure.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Ticks of /proc/PID/stat in a second: user space's unit, the same on every x86-64 and arm64 kernel.
const TICKS: u64 = 100;

/// CPU time so far, all threads, user and system.
pub(super) fn cpu_time(id: u32) -> Result<Duration> {
    let path = format!("/proc/{id}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let ticks = ticks(&text).with_context(|| format!("no CPU time in {path}"))?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS))
}

/// Resident memory, in bytes.
pub(super) fn resident(id: u32) -> Result<u64> {
    let path = format!("/proc/{id}/status");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let kilobytes = number(&text, "VmRSS:").with_context(|| format!("no VmRSS in {path}"))?;
    Ok(kilobytes * 1024)
}

/// What the kernel holds for the BPF maps of a process, in bytes by the map's id: a map that is open twice counts
/// once.
pub(super) fn maps(id: u32) -> Result<BTreeMap<u64, u64>> {
    let folder = format!("/proc/{id}/fdinfo");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {folder}"))?;
    let mut maps = BTreeMap::new();
    for entry in entries {
        // A descriptor may be closed between the listing and the look: it was no map of the server's.
        let text = fs::read_to_string(entry?.path()).unwrap_or_default();
        maps.extend(map(&text));
    }
    Ok(maps)
}

/// How many ids the kernel gives out.
pub(super) fn pid_max() -> Result<u64> {
    let path = "/proc/sys/kernel/pid_max";
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    text.trim()
        .parse()
        .with_context(|| format!("no number in {path}"))
}

/// The load of the last minute: what else the machine did.
pub(super) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

/// A map's id and bytes, if this is the fdinfo of one.
fn map(fdinfo: &str) -> Option<(u64, u64)> {
    Some((number(fdinfo, "map_id:")?, number(fdinfo, "memlock:")?))
}

fn ticks(stat: &str) -> Option<u64> {
    // A name may hold spaces and parentheses; what follows the last one is in order, from the third field on.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(14 - 3);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

fn number(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_told_from_other_descriptors() {
        let fdinfo = "pos:\t0\nflags:\t02000002\nmap_type:\t1\nvalue_size:\t608\nmemlock:\t5572800\nmap_id:\t152\n";
        assert_eq!(map(fdinfo), Some((152, 5_572_800)));
        let program = "pos:\t0\nprog_type:\t26\nmemlock:\t12288\nprog_id:\t60\n";
        assert_eq!(map(program), None);
        assert_eq!(map("pos:\t0\n"), None);
    }

    #[test]
    fn cpu_time_survives_any_name() {
        let stat =
            "3033 (a) b (c)) S 3031 3031 1798 0 -1 4194560 10545 0 2 0 17 25 0 0 20 0 4 0 507387";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("nonsense"), None);
    }

    #[test]
    fn numbers_stand_after_their_names() {
        assert_eq!(
            number("VmHWM:\t 9 kB\nVmRSS:\t   24792 kB\n", "VmRSS:"),
            Some(24_792)
        );
        assert_eq!(number("", "VmRSS:"), None);
    }

    #[test]
    fn this_process_has_memory_and_no_maps() {
        let id = std::process::id();
        assert!(resident(id).unwrap() > 100_000);
        assert!(maps(id).unwrap().is_empty());
        cpu_time(id).unwrap();
    }
}
