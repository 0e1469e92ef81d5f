//! Mount tables and paths, on folders that look like a hierarchy.

use super::{CgroupError, Mount, find, id_at, mounted, mounts, paths, v2};
use std::path::PathBuf;

const HYBRID: &str = "\
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
    assert_eq!(mounts("nonsense\n\n1 2 3 - cgroup2"), []);
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
    assert_eq!(find("/a", &v1), Err(CgroupError::NoV2));
    let both = mounts(HYBRID);
    let error = find("/sys/fs/cgroup/cpu,cpuacct/docker", &both).unwrap_err();
    assert!(
        error.to_string().contains("v1 hierarchy cpu,cpuacct"),
        "{error}"
    );
    let error = find("/a/../../etc", &both).unwrap_err();
    assert!(matches!(error, CgroupError::Odd(_)), "{error}");
    let error = find("/no/such/group", &both).unwrap_err();
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
    let Ok(root) = find("/", &mounts) else {
        return;
    };
    assert_eq!((root.level, &*root.path), (0, "/"));
    assert_eq!(
        find(&mount.point.to_string_lossy(), &mounts),
        Ok(root.clone())
    );
    assert_eq!(find("0::/", &mounts), Ok(root.clone()));
    assert_eq!(paths(mount).unwrap()[&root.id], "/");
    assert_eq!(id_at(mount, "/").unwrap(), root.id);
}

#[test]
fn a_folder_of_another_file_system_is_no_namespace_root() {
    // A temporary folder stands in for a mount whose root is not the hierarchy's.
    let folder = std::env::temp_dir().join(format!("runqlat-web-cgroup-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("a")).unwrap();
    let namespace = mount(&folder.to_string_lossy(), None);
    let found = find("/a", std::slice::from_ref(&namespace));
    let all = paths(&namespace).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(found, Err(CgroupError::Namespace));
    assert!(all.values().any(|path| path == "/a"));
}
