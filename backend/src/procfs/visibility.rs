//! Whom /proc shows the processes of other users to: its mount options `hidepid` and `gid`.

use super::read_lossy;

/// Whom /proc shows the processes of other users to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    Everybody,
    /// Members of this group, and those who may trace them.
    Group(u32),
    /// Those who may trace them.
    Tracers,
}

/// Whom /proc shows the processes of other users to, as it is mounted here.
pub fn visibility() -> Visibility {
    visibility_of(&read_lossy("/proc/self/mountinfo").unwrap_or_default())
}

/// Whether /proc hides the processes of other users from this one, if it can't trace them.
pub fn hides_processes() -> bool {
    match visibility() {
        Visibility::Everybody => false,
        Visibility::Group(group) => !is_member(group),
        Visibility::Tracers => true,
    }
}

/// Whether this process is in a group; of its four group ids, the last is the one that files are checked by.
fn is_member(group: u32) -> bool {
    let status = read_lossy("/proc/self/status").unwrap_or_default();
    let ids = |name| status.lines().find_map(|line| line.strip_prefix(name));
    let groups = ids("Groups:").unwrap_or_default().split_whitespace();
    let own = ids("Gid:").unwrap_or_default().split_whitespace().last();
    groups.chain(own).any(|id| id.parse() == Ok(group))
}

/// `23 28 0:21 / /proc rw,relatime - proc proc rw,gid=4,hidepid=invisible`; the group of `ptraceable` has no effect.
fn visibility_of(mountinfo: &str) -> Visibility {
    let proc = |line: &&str| line.contains(" / /proc ");
    let options = mountinfo.lines().rfind(proc);
    let options = options
        .and_then(|mount| mount.rsplit(' ').next())
        .unwrap_or_default();
    let value = |name: &str| {
        options
            .split(',')
            .find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
    };
    match value("hidepid") {
        None | Some("0" | "off") => Visibility::Everybody,
        Some("4" | "ptraceable") => Visibility::Tracers,
        Some(_) => {
            let group = value("gid").and_then(|gid| gid.parse().ok());
            group.map_or(Visibility::Tracers, Visibility::Group)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Visibility::{self, Everybody, Group, Tracers};
    use super::{is_member, visibility_of};

    #[test]
    fn this_process_is_in_its_own_group() {
        // SAFETY: asks for an id.
        let own = unsafe { libc::getegid() };
        assert!(is_member(own) && !is_member(4_294_967_000));
    }

    #[test]
    fn the_newest_mount_says_who_sees_processes() {
        let table: [(&str, Visibility); 9] = [
            ("23 28 0:21 / /proc rw - proc proc rw", Everybody),
            (
                "23 28 0:21 / /proc rw - proc proc rw,hidepid=off",
                Everybody,
            ),
            ("23 28 0:21 / /proc rw - proc proc rw,hidepid=2", Tracers),
            (
                "23 28 0:21 / /proc rw - proc proc rw,gid=4,hidepid=2",
                Group(4),
            ),
            (
                "23 28 0:21 / /proc rw - proc proc rw,hidepid=noaccess,gid=12",
                Group(12),
            ),
            (
                "23 28 0:21 / /proc rw - proc proc rw,gid=4,hidepid=ptraceable",
                Tracers,
            ),
            (
                "23 28 0:21 / /proc rw - proc proc rw\n40 23 0:22 / /proc rw shared:1 - proc none rw,hidepid=invisible",
                Tracers,
            ),
            (
                "23 28 0:21 / /srv/proc rw - proc proc rw,hidepid=2",
                Everybody,
            ),
            ("", Everybody),
        ];
        for (mountinfo, seen_by) in table {
            assert_eq!(visibility_of(mountinfo), seen_by, "{mountinfo}");
        }
    }
}
