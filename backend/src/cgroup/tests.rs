//! Mount tables and paths, on folders that look like a hierarchy.

use super::{CgroupError, Mount, find, find_shown, id_at, mounted, paths, v2};
use crate::cgroup::folder::{Folder, PATH_MAX};
use crate::cgroup::mount::mounts;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const HYBRID: &[u8] = b"\
29 23 0:20 / /mnt/\xff rw - ext4 /dev/\xfe rw
30 23 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw,nsdelegate
33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct
40 30 0:30 / /mnt/with\\040space rw - cgroup2 none rw
";

fn mount(point: &str, v1: Option<&str>) -> Mount {
    Mount {
        point: PathBuf::from(point),
        root: "/".into(),
        v1: v1.map(str::to_owned),
    }
}

#[test]
fn hierarchies_are_read_from_mountinfo() {
    assert_eq!(
        mounts(HYBRID),
        [
            mount("/sys/fs/cgroup/unified", None),
            mount("/sys/fs/cgroup/cpu,cpuacct", Some("cpu,cpuacct")),
            mount("/mnt/with space", None),
        ]
    );
    assert_eq!(mounts(b"nonsense\n\n1 2 3 - cgroup2"), []);
}

#[test]
fn the_whole_hierarchy_is_preferred_to_a_part() {
    let mut part = mount("/part", None);
    part.root = "/a".into();
    let whole = mount("/whole", None);
    assert_eq!(v2(&[part.clone(), whole.clone()]), Some(&whole));
    assert_eq!(v2(&[mount("/cpu", Some("cpu")), part.clone()]), Some(&part));
    assert_eq!(v2(&[mount("/cpu", Some("cpu"))]), None);
}

#[test]
fn what_is_no_v2_group_is_refused_with_its_reason() {
    let v1 = [mount("/sys/fs/cgroup/cpu,cpuacct", Some("cpu,cpuacct"))];
    assert_eq!(find(b"/a", &v1), Err(CgroupError::NoV2));
    let both = mounts(HYBRID);
    let error = find(b"/sys/fs/cgroup/cpu,cpuacct/docker", &both).unwrap_err();
    assert!(
        error.to_string().contains("v1 hierarchy cpu,cpuacct"),
        "{error}"
    );
    let error = find(b"/a/../../etc", &both).unwrap_err();
    assert!(matches!(error, CgroupError::Odd(_)), "{error}");
    let error = find(b"/no/such/group", &both).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("there is no cgroup /no/such/group"),
        "{error}"
    );
}

/// Where this machine has a v2 hierarchy, its root is a group however it is written.
#[test]
fn the_root_of_this_host_has_many_names() {
    let mounts = mounted();
    let Some(mount) = v2(&mounts).filter(|mount| mount.root == "/") else {
        return;
    };
    let Ok(root) = find(b"/", &mounts) else {
        return;
    };
    assert_eq!((root.level, &*root.path), (0, OsStr::new("/")));
    assert_eq!(
        find(mount.point.as_os_str().as_bytes(), &mounts),
        Ok(root.clone())
    );
    assert_eq!(find(b"0::/", &mounts), Ok(root.clone()));
    assert_eq!(paths(mount).unwrap()[&root.id], "/");
    assert_eq!(id_at(mount, OsStr::new("/")).unwrap(), root.id);
}

/// A temporary folder that stands in for a mounted hierarchy; removed when dropped.
struct Hierarchy(Mount);

impl Hierarchy {
    fn new(name: &str, root: &str) -> Self {
        let folder = format!("runqlat-web-cgroup-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let mut mount = mount(&folder.to_string_lossy(), None);
        mount.root = root.into();
        Self(mount)
    }

    fn make(&self, name: &[u8]) {
        std::fs::create_dir_all(self.0.point.join(OsStr::from_bytes(name))).unwrap();
    }
}

impl Drop for Hierarchy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0.point);
    }
}

#[test]
fn a_folder_of_another_file_system_is_no_namespace_root() {
    let namespace = Hierarchy::new("namespace", "/");
    namespace.make(b"a");
    let found = find(b"/a", std::slice::from_ref(&namespace.0));
    assert_eq!(found, Err(CgroupError::Namespace));
    assert!(
        paths(&namespace.0)
            .unwrap()
            .values()
            .any(|path| path == "/a")
    );
}

#[test]
fn groups_of_any_bytes_live_and_are_found() {
    let part = Hierarchy::new("bytes", "/part");
    let names: [&[u8]; 6] = [
        b"bad\xff",
        b"bad\xfe",
        b"esc\x1b[1m",
        b"with space",
        br"a\x2db.slice",
        br"bad\x{ff}",
    ];
    names.iter().for_each(|name| part.make(name));
    let all = paths(&part.0).unwrap();
    assert_eq!(all.len(), names.len() + 1);
    for (&id, path) in &all {
        assert_eq!(id_at(&part.0, path).unwrap(), id, "{path:?}");
        // Another hierarchy, whose name merely begins the same way.
        let other = [b"/partial", path.as_bytes()].concat();
        assert!(id_at(&part.0, OsStr::from_bytes(&other)).is_err());
    }
    for name in names {
        let path = [b"/part/", name].concat();
        assert!(all.values().any(|known| known.as_bytes() == path));
        let shown = runqlat_common::name::shown(&path).name;
        let mounts = std::slice::from_ref(&part.0);
        // It exists, but not in a cgroup file system.
        for found in [find(&path, mounts), find_shown(&shown, mounts)] {
            assert_eq!(found, Ok(group(&all, &path)), "{shown}");
        }
        // A folder's path is taken literally, even if it looks like an escape.
        if let Ok(name) = str::from_utf8(name) {
            let folder = format!("{}/{name}", part.0.point.display());
            assert_eq!(find_shown(&folder, mounts), Ok(group(&all, &path)));
        }
    }
}

fn group(all: &std::collections::HashMap<u64, std::ffi::OsString>, path: &[u8]) -> super::Group {
    let (&id, path) = all
        .iter()
        .find(|(_, known)| known.as_bytes() == path)
        .unwrap();
    super::Group {
        id,
        level: 2,
        path: path.clone(),
    }
}

#[test]
fn errors_show_what_was_asked_for() {
    let both = mounts(HYBRID);
    let error = find(b"/no\x1b\xff", &both).unwrap_err().to_string();
    assert_eq!(
        error,
        r"there is no cgroup /no\u{1b}\x{ff} (no folder /sys/fs/cgroup/unified/no\u{1b}\x{ff})"
    );
    let error = super::find_hex("zz\u{1b}", &both).unwrap_err().to_string();
    assert_eq!(error, r"zz\u{1b} is not hex");
    assert!(matches!(
        super::find_hex("2f6e6fff", &both),
        Err(CgroupError::Missing { .. })
    ));
}

/// Longer than `PATH_MAX`: it can be opened in pieces, but is not listed.
#[test]
fn groups_at_any_depth_are_reached() {
    let deep = Hierarchy::new("deep", "/");
    let name = "d".repeat(200);
    let mut path = Vec::new();
    let mut lengths = Vec::new();
    while path.len() < 2 * PATH_MAX {
        path.extend([b"/", name.as_bytes()].concat());
        let folder = Folder::below(&deep.0.point, &path).unwrap();
        assert!(folder.path().as_os_str().len() < PATH_MAX);
        std::fs::create_dir(folder.path()).unwrap();
        lengths.push(path.len());
    }
    let id = id_at(&deep.0, OsStr::from_bytes(&path)).unwrap();
    assert_eq!(id_at(&deep.0, OsStr::from_bytes(&path)).unwrap(), id);
    let listed = paths(&deep.0).unwrap();
    let expected = lengths.iter().filter(|&&length| length < PATH_MAX).count();
    assert_eq!(listed.len(), expected + 1);
    assert!(
        listed
            .iter()
            .all(|(&id, path)| id_at(&deep.0, path).unwrap() == id)
    );
    assert!(Folder::below(Path::new("/nowhere"), &path).is_err());
}
