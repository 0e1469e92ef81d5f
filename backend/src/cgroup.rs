//! Cgroups as people name them: from a path to the group's id, and from ids to paths. Only the v2
//! hierarchy: its groups are the ones that a task has exactly one of.

mod folder;
pub mod memory;
mod mount;

pub use mount::{Mount, mounted, v2};

use folder::Folder;
use runqlat_common::name;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Inode number of the hierarchy's root; another one at a mount point is the root of a namespace.
const ROOT_ID: u64 = 1;

/// Shown in place of a namespace's root, whose path is not known.
const OWN_ROOT: &str = "\u{2026}";

/// A group of the v2 hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its directory's inode number, which the kernel uses as its id and never gives out twice.
    pub id: u64,
    /// How deep it lies; the root is at 0.
    pub level: u32,
    /// From the hierarchy's root, as in `/proc/PID/cgroup`: any bytes but newlines and NULs.
    pub path: OsString,
}

/// Why a path names no group that can be measured. Paths are in their displayed form.
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
    #[error("{0} is not a plain cgroup path")]
    Odd(String),
    #[error("{0} is not hex")]
    NotHex(String),
}

impl CgroupError {
    pub fn hint(&self) -> String {
        match self {
            Self::NoV2 => "mount -t cgroup2 none /sys/fs/cgroup".into(),
            Self::NotHex(_) => "two hex digits for each byte of a cgroup's path".into(),
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

/// The group that a person or a viewer names. A folder below a mount point is taken literally. Any other path is first
/// taken as a displayed name, whose escapes stand for bytes, and then literally.
pub fn find_shown(path: &str, mounts: &[Mount]) -> Result<Group, CgroupError> {
    let bytes = name::bytes(path);
    let is_folder = |mount: &Mount| Path::new(path).starts_with(&mount.point);
    if bytes == path.as_bytes() || mounts.iter().any(is_folder) {
        return find(path.as_bytes(), mounts);
    }
    let found = find(&bytes, mounts);
    found.or_else(|error| find(path.as_bytes(), mounts).map_err(|_| error))
}

/// The group whose path is written in hex.
pub fn find_hex(hex: &str, mounts: &[Mount]) -> Result<Group, CgroupError> {
    match name::from_hex(hex) {
        Some(path) => find(&path, mounts),
        None => Err(CgroupError::NotHex(name::text(hex.as_bytes()))),
    }
}

/// The group that `path` names: a folder below a mount point, or a path from the hierarchy's root, as
/// in `/proc/PID/cgroup`.
pub fn find(path: &[u8], mounts: &[Mount]) -> Result<Group, CgroupError> {
    let mount = v2(mounts).ok_or(CgroupError::NoV2)?;
    let within = within(path, mount, mounts)?;
    let parts: Vec<&[u8]> = parts(&within).collect();
    let odd = |part: &&[u8]| matches!(*part, b"." | b"..") || part.contains(&0);
    if parts.iter().any(odd) {
        return Err(CgroupError::Odd(shown(path)));
    }
    let folder = Folder::below(&mount.point, &parts.join(&b'/'));
    let id = match folder.and_then(|folder| fs::metadata(folder.path())) {
        Ok(meta) if meta.is_dir() => meta.ino(),
        _ => return Err(missing(&parts, mount, mounts)),
    };
    let above: Vec<&[u8]> = self::parts(mount.root.as_bytes()).collect();
    if mount.is_of_namespace() {
        return Err(CgroupError::Namespace);
    }
    let all = [above, parts].concat();
    Ok(Group {
        id,
        level: all.len() as u32,
        path: OsString::from_vec(absolute(&all)),
    })
}

fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/')
        .filter(|part| !part.is_empty())
}

fn absolute(parts: &[&[u8]]) -> Vec<u8> {
    [b"/", &*parts.join(&b'/')].concat()
}

fn shown(path: &[u8]) -> String {
    name::shown(path).name
}

/// `path` below `mount`'s point, or an error if it lies below that of a v1 hierarchy.
fn within(path: &[u8], mount: &Mount, mounts: &[Mount]) -> Result<Vec<u8>, CgroupError> {
    let path = path.strip_prefix(b"0::").unwrap_or(path);
    let as_path = Path::new(OsStr::from_bytes(path));
    // /sys/fs/cgroup/cpu is a link on many hosts.
    let real = fs::canonicalize(as_path).unwrap_or_else(|_| as_path.into());
    let deepest = mounts
        .iter()
        .filter(|mount| real.starts_with(&mount.point))
        .max_by_key(|mount| mount.point.as_os_str().len());
    match deepest {
        Some(Mount {
            v1: Some(controllers),
            ..
        }) => Err(CgroupError::V1 {
            path: shown(path),
            controllers: controllers.clone(),
        }),
        Some(v2) => {
            let below = real.strip_prefix(&v2.point).unwrap_or(&real);
            Ok(below.as_os_str().as_bytes().into())
        }
        // As the kernel writes it: from the hierarchy's root, wherever that is mounted.
        None => Ok(mount.within(path).into()),
    }
}

fn missing(parts: &[&[u8]], mount: &Mount, mounts: &[Mount]) -> CgroupError {
    let below = PathBuf::from(OsString::from_vec(parts.join(&b'/')));
    let path = shown(&absolute(parts));
    let v1 = mounts.iter().find_map(|mount| {
        let controllers = mount.v1.clone()?;
        let twin = mount.point.join(&below);
        (!parts.is_empty() && twin.is_dir()).then_some(controllers)
    });
    match v1 {
        Some(controllers) => CgroupError::V1 { path, controllers },
        None => CgroupError::Missing {
            path,
            folder: shown(mount.point.join(below).as_os_str().as_bytes()),
        },
    }
}

/// The paths of all groups below a mount, by id. Groups as deep as `PATH_MAX` are left out: the kernel itself writes no
/// such path, and the memory for nested ones would grow with the square of their depth.
pub fn paths(mount: &Mount) -> io::Result<HashMap<u64, OsString>> {
    let root_id = fs::metadata(&mount.point)?.ino();
    let root = match mount.prefix() {
        [] => b"/",
        root => root,
    };
    let mut paths = HashMap::from([(root_id, OsStr::from_bytes(root).to_owned())]);
    let mut left = vec![mount.prefix().to_vec()];
    while let Some(path) = left.pop() {
        // A group may go while it is listed.
        for entry in entries(mount, &path).into_iter().flatten().flatten() {
            let child = [&*path, b"/", entry.file_name().as_bytes()].concat();
            if child.len() < folder::PATH_MAX && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                paths.insert(entry.ino(), OsString::from_vec(child.clone()));
                left.push(child);
            }
        }
    }
    Ok(paths)
}

fn entries(mount: &Mount, path: &[u8]) -> io::Result<fs::ReadDir> {
    fs::read_dir(mount.folder(path)?.path())
}

/// How much of the v2 hierarchy can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Whole,
    /// A cgroup namespace's part, whose place in the hierarchy is hidden.
    Namespace,
    /// A part whose place in the hierarchy is known.
    Part,
    None,
}

/// How much of the v2 hierarchy these mounts show.
pub fn sight(mounts: &[Mount]) -> Sight {
    match v2(mounts) {
        None => Sight::None,
        Some(mount) if mount.is_of_namespace() => Sight::Namespace,
        Some(mount) if mount.root == "/" => Sight::Whole,
        Some(_) => Sight::Part,
    }
}

/// The paths of all groups below a mount in their displayed form: those in a cgroup namespace, whose root is not the
/// hierarchy's, begin with an ellipsis.
pub fn shown_paths(mount: &Mount) -> io::Result<HashMap<u64, OsString>> {
    let paths = paths(mount)?;
    if !mount.is_of_namespace() {
        return Ok(paths);
    }
    let own = |path: OsString| match path.as_bytes() {
        b"/" => OsString::from(OWN_ROOT),
        below => OsString::from_vec([OWN_ROOT.as_bytes(), below].concat()),
    };
    Ok(paths
        .into_iter()
        .map(|(id, path)| (id, own(path)))
        .collect())
}

/// The id of the group that lies at `path`.
pub fn id_at(mount: &Mount, path: &OsStr) -> io::Result<u64> {
    let folder = mount.folder(path.as_bytes())?;
    Ok(fs::metadata(folder.path())?.ino())
}

impl Mount {
    /// Whether a cgroup namespace hides this mount's place in the hierarchy.
    fn is_of_namespace(&self) -> bool {
        let mut above = parts(self.root.as_bytes()).peekable();
        let is_root = above.peek().is_none();
        let id = fs::metadata(&self.point).map_or(0, |meta| meta.ino());
        above.any(|part| part == b"..") || is_root != (id == ROOT_ID)
    }

    /// The folder of the group at `path`, which is given from the hierarchy's root.
    fn folder(&self, path: &[u8]) -> io::Result<Folder> {
        Folder::below(&self.point, self.within(path))
    }

    /// Turns a path from the hierarchy's root into one from this mount's root.
    fn within<'a>(&self, path: &'a [u8]) -> &'a [u8] {
        let below = path.strip_prefix(self.prefix());
        let below = below.filter(|below| below.first().is_none_or(|&first| first == b'/'));
        below.unwrap_or(path)
    }
}

#[cfg(test)]
mod tests;
