//! Who could be measured on this host, from /proc and the v2 hierarchy's folders.

use super::{Directory, Listing, command};
use crate::{cgroup, procfs};
use runqlat_common::name;
use runqlat_common::wire::{MAX_CLIENT_MESSAGE, MAX_COMMAND, ProcessTarget};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;

/// This host.
pub struct Host {
    /// Whether command lines are shown; else a process' name stands for its own.
    pub command_lines: bool,
}

impl Directory for Host {
    fn list(&self) -> io::Result<Listing> {
        // In a pid namespace, ids are not the kernel's: a process can't be chosen by one.
        let processes = if procfs::in_initial_pid_namespace() {
            let process = |tgid| process(tgid, self.command_lines);
            procfs::tgids()?.filter_map(process).collect()
        } else {
            Vec::new()
        };
        let cgroups = cgroups();
        Ok(Listing { processes, cgroups })
    }
}

/// Longest path, in bytes, that a viewer's request can name in hex, or in JSON, where a character may take two bytes.
const MAX_PATH: usize = (MAX_CLIENT_MESSAGE - 256) / 2;

/// The paths of the groups that can be chosen; none in a cgroup namespace, which hides their place in the hierarchy.
fn cgroups() -> Vec<Vec<u8>> {
    let mounts = cgroup::mounted();
    let measurable = cgroup::find(b"/", &mounts).is_ok();
    let mount = cgroup::v2(&mounts).filter(|_| measurable);
    let paths = mount.and_then(|mount| cgroup::paths(mount).ok());
    let paths = paths.unwrap_or_default().into_values();
    let paths = paths.map(OsStringExt::into_vec);
    paths.filter(|path| path.len() <= MAX_PATH).collect()
}

/// What /proc says of a process; `None` if it has just ended.
fn process(tgid: u32, command_lines: bool) -> Option<ProcessTarget> {
    let comm = fs::read(format!("/proc/{tgid}/comm")).ok()?;
    let comm = name::shown(comm.strip_suffix(b"\n").unwrap_or(&comm));
    let cgroup = group(&fs::read(format!("/proc/{tgid}/cgroup")).unwrap_or_default());
    let mut command = command(&beginning(tgid).unwrap_or_default());
    if !command_lines && !command.is_empty() {
        command.clone_from(&comm.name);
    }
    Some(ProcessTarget {
        tgid,
        comm: comm.name,
        comm_hex: comm.hex,
        command,
        cgroup_hex: name::shown_hex(&cgroup),
        cgroup,
    })
}

/// As much of a command line as can be shown: it may be megabytes long.
fn beginning(tgid: u32) -> io::Result<Vec<u8>> {
    // A character is at most four bytes.
    let most = 4 * MAX_COMMAND as u64;
    let mut bytes = Vec::new();
    File::open(format!("/proc/{tgid}/cmdline"))?
        .take(most)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The v2 group's path in `/proc/PID/cgroup`; empty if there is none.
fn group(text: &[u8]) -> String {
    let mut lines = text.split(|&byte| byte == b'\n');
    let path = lines.find_map(|line| line.strip_prefix(b"0::"));
    path.map_or_else(String::new, |path| name::shown(path).name)
}

#[cfg(test)]
mod tests {
    use super::{Host, group, process};
    use crate::directory::Directory;
    use crate::procfs;

    #[test]
    fn this_process_is_listed() {
        let tgid = std::process::id();
        let own = process(tgid, true).unwrap();
        assert!(own.command.contains("runqlat_web"), "{own:?}");
        assert!(own.command.starts_with('/') || own.command.starts_with("target"));
        assert_eq!(process(u32::MAX, true), None);
        let silent = process(tgid, false).unwrap();
        assert_eq!(silent.command, own.comm);
        let listing = Host {
            command_lines: true,
        }
        .list()
        .unwrap();
        let listed = listing.processes.iter().any(|p| p.tgid == tgid);
        assert_eq!(listed, procfs::in_initial_pid_namespace());
    }

    #[test]
    fn only_the_v2_line_names_the_group() {
        let table: [(&[u8], &str); 5] = [
            (b"0::/system.slice/a.service\n", "/system.slice/a.service"),
            (b"12:cpu:/old\n1:name=systemd:/\n0::/new\n", "/new"),
            (b"12:cpu:/old\n", ""),
            (b"0::/odd\xff\x1b\n", r"/odd\x{ff}\u{1b}"),
            (b"", ""),
        ];
        for (text, path) in table {
            assert_eq!(group(text), path);
        }
    }
}
