//! How much memory this program's cgroup may use.

use super::Mount;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The lowest memory limit of a cgroup and its ancestors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub bytes: u64,
    pub group: String,
}

impl Limit {
    /// The limit of this process' cgroup, in v2 or v1; `None` if there is none or it can't be seen.
    pub fn own() -> Option<Self> {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let read = |path: &Path| fs::read_to_string(path).ok();
        let mounts = super::mounted();
        let limits = mounts
            .iter()
            .filter_map(|mount| Some((mount, group(&groups, mount)?)));
        let limits = limits.filter_map(|(mount, group)| least(mount, group, read));
        limits.min_by_key(|limit| limit.bytes)
    }
}

/// This process' group in a hierarchy that limits memory: `0::/path` for v2, `7:memory:/path` for v1.
fn group<'a>(groups: &'a str, mount: &Mount) -> Option<&'a str> {
    let of = |controllers: &str| match &mount.v1 {
        None => controllers.is_empty(),
        Some(_) => controllers.split(',').any(|name| name == "memory"),
    };
    if mount.v1.as_ref().is_some_and(|v1| !of(v1)) {
        return None;
    }
    groups.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        of(controllers).then_some(path)
    })
}

/// The lowest limit of a group and its ancestors, as far as they are mounted.
fn least(mount: &Mount, group: &str, read: impl Fn(&Path) -> Option<String>) -> Option<Limit> {
    let file = match mount.v1 {
        None => "memory.max",
        Some(_) => "memory.limit_in_bytes",
    };
    let below = Path::new(group).strip_prefix(&mount.root).ok()?;
    let limits = below.ancestors().filter_map(|below| {
        let text = read(&mount.point.join(below).join(file))?;
        Some(Limit {
            // Without a limit, v2 says "max", and v1 a number larger than any machine's memory.
            bytes: text.trim().parse().ok().filter(|bytes| *bytes < 1 << 62)?,
            group: super::shown(Path::new(&mount.root).join(below).as_os_str().as_bytes()),
        })
    });
    limits.min_by_key(|limit| limit.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_limit_of_the_groups_above_counts() {
        let mount = |point: &str, root: &str, v1: Option<&str>| Mount {
            point: point.into(),
            root: root.into(),
            v1: v1.map(Into::into),
        };
        let files = |path: &Path| {
            let limits = [
                ("/cg/memory.max", "max\n"),
                ("/cg/a/memory.max", "1000\n"),
                ("/cg/a/b/memory.max", "4000\n"),
                ("/mem/memory.limit_in_bytes", "9223372036854771712\n"),
                ("/mem/a/memory.limit_in_bytes", "3000\n"),
            ];
            let found = limits.iter().find(|(name, _)| Path::new(name) == path);
            found.map(|(_, text)| (*text).to_owned())
        };
        let groups = "7:memory,x:/a\n3:cpu:/\n0::/a/b\n";
        let found = |mount: Mount| {
            let limit = least(&mount, group(groups, &mount)?, files)?;
            Some((limit.bytes, limit.group))
        };
        assert_eq!(found(mount("/cg", "/", None)), Some((1_000, "/a".into())));
        assert_eq!(
            found(mount("/mem", "/", Some("memory,x"))),
            Some((3_000, "/a".into()))
        );
        assert_eq!(found(mount("/mem", "/", Some("cpu"))), None);
        // Only a part of the hierarchy is mounted: the limits above it can't be seen.
        assert_eq!(
            found(mount("/cg/a/b", "/a/b", None)),
            Some((4_000, "/a/b/".into()))
        );
        assert_eq!(found(mount("/cg", "/elsewhere", None)), None);
    }
}
