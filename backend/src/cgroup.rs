//! Cgroups as people name them: from a path to the group's id, and from ids to paths. Only the v2
//! hierarchy: its groups are the ones that a task has exactly one of.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Inode number of the hierarchy's root; another one at a mount point is the root of a namespace.
const ROOT_ID: u64 = 1;

/// A group of the v2 hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its directory's inode number, which the kernel uses as its id and never gives out twice.
    pub id: u64,
    /// How deep it lies; the root is at 0.
    pub level: u32,
    /// From the hierarchy's root, as in `/proc/PID/cgroup`.
    pub path: String,
}

/// Why a path names no group that can be measured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CgroupError {
    #[error("cgroup v2 is not mounted on this host")]
    NoV2,
    #[error("there is no cgroup {path} (no folder {folder})")]
    Missing { path: String, folder: String },
    #[error(
        "{path} is a cgroup of the v1 hierarchy {controllers}; only groups of v2 can be measured"
    )]
    V1 { path: String, controllers: String },
    #[error("this program runs in a cgroup namespace and can't see where its groups lie")]
    Namespace,
    #[error("{0:?} is not a plain cgroup path")]
    Odd(String),
}

impl CgroupError {
    pub fn hint(&self) -> String {
        match self {
            Self::NoV2 => "mount -t cgroup2 none /sys/fs/cgroup".into(),
            Self::Missing { .. } | Self::Odd(_) => {
                "a path as in /proc/PID/cgroup after 0::, or below the mount point that \
                 `runqlat-web check` shows"
                    .into()
            }
            Self::V1 { .. } => {
                "/proc/PID/cgroup shows a process' v2 group in its line 0::; move the processes to \
                 a v2 group, or measure by process"
                    .into()
            }
            Self::Namespace => {
                "run it on the host, or in the host's cgroup namespace (--cgroupns=host)".into()
            }
        }
    }
}

/// A mounted hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    pub point: PathBuf,
    /// Which group of the hierarchy is mounted there.
    pub root: String,
    /// `None` for v2, the controllers (or the name) for v1.
    pub v1: Option<String>,
}

/// The hierarchies that `/proc/self/mountinfo` lists.
pub fn mounts(mountinfo: &str) -> Vec<Mount> {
    mountinfo.lines().filter_map(mount).collect()
}

fn mount(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let mut left = left.split(' ').skip(3);
    let (root, point) = (left.next()?, left.next()?);
    let mut right = right.split(' ');
    let kind = right.next()?;
    let options = right.nth(1).unwrap_or_default();
    let v1 = match kind {
        "cgroup2" => None,
        "cgroup" => {
            let controllers = options.split(',').filter(|o| !matches!(*o, "rw" | "ro"));
            Some(controllers.collect::<Vec<_>>().join(","))
        }
        _ => return None,
    };
    Some(Mount {
        point: PathBuf::from(unescape(point)),
        root: unescape(root),
        v1,
    })
}

/// mountinfo writes space, tab, newline and backslash as three octal digits.
fn unescape(text: &str) -> String {
    let escapes = [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ];
    let replace = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
    escapes.iter().fold(text.to_owned(), replace)
}

/// What is mounted on this host.
pub fn mounted() -> Vec<Mount> {
    mounts(&fs::read_to_string("/proc/self/mountinfo").unwrap_or_default())
}

/// The v2 hierarchy's mount: the whole of it, where a part is mounted too.
pub fn v2(mounts: &[Mount]) -> Option<&Mount> {
    let mut v2 = mounts.iter().filter(|mount| mount.v1.is_none());
    let first = v2.clone().next();
    v2.find(|mount| mount.root == "/").or(first)
}

/// The group that `path` names: a folder below a mount point, or a path from the hierarchy's root, as
/// in `/proc/PID/cgroup`.
pub fn find(path: &str, mounts: &[Mount]) -> Result<Group, CgroupError> {
    let mount = v2(mounts).ok_or(CgroupError::NoV2)?;
    let within = within(path, mount, mounts)?;
    let odd = |part: &str| matches!(part, "." | "..") || part.contains('\0');
    if within.split('/').any(odd) {
        return Err(CgroupError::Odd(path.into()));
    }
    let parts: Vec<&str> = within.split('/').filter(|part| !part.is_empty()).collect();
    let folder = parts
        .iter()
        .fold(mount.point.clone(), |folder, part| folder.join(part));
    let id = match fs::metadata(&folder) {
        Ok(meta) if meta.is_dir() => meta.ino(),
        _ => return Err(missing(&parts, &folder, mounts)),
    };
    let above: Vec<&str> = mount
        .root
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let is_root = above.is_empty();
    let mount_id = fs::metadata(&mount.point).map_or(0, |meta| meta.ino());
    if above.contains(&"..") || is_root != (mount_id == ROOT_ID) {
        return Err(CgroupError::Namespace);
    }
    let all = [above, parts].concat();
    Ok(Group {
        id,
        level: all.len() as u32,
        path: format!("/{}", all.join("/")),
    })
}

/// `path` below `mount`'s point, or an error if it lies below that of a v1 hierarchy.
fn within(path: &str, mount: &Mount, mounts: &[Mount]) -> Result<String, CgroupError> {
    let path = path.strip_prefix("0::").unwrap_or(path);
    // /sys/fs/cgroup/cpu is a link on many hosts.
    let real = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    let deepest = mounts
        .iter()
        .filter(|mount| real.starts_with(&mount.point))
        .max_by_key(|mount| mount.point.as_os_str().len());
    match deepest {
        Some(Mount {
            v1: Some(controllers),
            ..
        }) => Err(CgroupError::V1 {
            path: path.into(),
            controllers: controllers.clone(),
        }),
        Some(v2) => {
            let below = real.strip_prefix(&v2.point).unwrap_or(&real);
            Ok(below.to_string_lossy().into_owned())
        }
        // As the kernel writes it: from the hierarchy's root, wherever that is mounted.
        None => Ok(path
            .strip_prefix(mount.root.trim_end_matches('/'))
            .unwrap_or(path)
            .into()),
    }
}

fn missing(parts: &[&str], folder: &Path, mounts: &[Mount]) -> CgroupError {
    let path = format!("/{}", parts.join("/"));
    let v1 = mounts.iter().find_map(|mount| {
        let controllers = mount.v1.clone()?;
        let twin = mount.point.join(parts.join("/"));
        (!parts.is_empty() && twin.is_dir()).then_some(controllers)
    });
    match v1 {
        Some(controllers) => CgroupError::V1 { path, controllers },
        None => CgroupError::Missing {
            path,
            folder: folder.display().to_string(),
        },
    }
}

/// Memory that the groups which this program is in may use, in bytes; `u64::MAX` without a limit.
pub fn memory_limit() -> u64 {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = mounted().into_iter().filter_map(|mount| {
        let (file, prefix) = match mount.v1.as_deref() {
            None => ("memory.max", "0::"),
            Some(controllers) if controllers.split(',').any(|one| one == "memory") => {
                ("memory.limit_in_bytes", ":memory:")
            }
            Some(_) => return None,
        };
        let path = own
            .lines()
            .find_map(|line| Some(line.split_once(prefix)?.1))?;
        let within = path.strip_prefix(mount.root.trim_end_matches('/'))?;
        let folder = mount.point.join(within.trim_start_matches('/'));
        least_limit(&folder, &mount.point, file)
    });
    limits.min().unwrap_or(u64::MAX)
}

/// The least limit in `file` of the groups from `folder` up to `top`.
fn least_limit(folder: &Path, top: &Path, file: &str) -> Option<u64> {
    let groups = folder
        .ancestors()
        .take_while(|group| group.starts_with(top));
    let limit = |group: &Path| {
        let text = fs::read_to_string(group.join(file)).ok()?;
        // `max` is no number, and no limit.
        text.trim().parse().ok()
    };
    groups.filter_map(limit).min()
}

/// The paths of all groups below a mount, by id.
pub fn paths(mount: &Mount) -> io::Result<HashMap<u64, String>> {
    let root = mount.root.trim_end_matches('/');
    let root_id = fs::metadata(&mount.point)?.ino();
    let mut paths = HashMap::from([(root_id, if root.is_empty() { "/" } else { root }.to_owned())]);
    let mut left = vec![(mount.point.clone(), root.to_owned())];
    while let Some((folder, path)) = left.pop() {
        // A group may go while it is listed.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let path = format!("{path}/{}", entry.file_name().to_string_lossy());
                paths.insert(entry.ino(), path.clone());
                left.push((entry.path(), path));
            }
        }
    }
    Ok(paths)
}

/// The id of the group that lies at `path`.
pub fn id_at(mount: &Mount, path: &str) -> io::Result<u64> {
    let within = path
        .strip_prefix(mount.root.trim_end_matches('/'))
        .unwrap_or(path);
    let folder = mount.point.join(within.trim_start_matches('/'));
    Ok(fs::metadata(folder)?.ino())
}

#[cfg(test)]
mod tests;
