//! What series are called, by what waits are counted by.

use runqlat_common::wire::{Key, OTHER};

/// The words for one kind of series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The list's heading.
    pub heading: &'static str,
    pub one: &'static str,
    pub many: &'static str,
    /// What a key is.
    pub id: &'static str,
    /// What a name and a key are, in full.
    pub about_name: &'static str,
    pub about_id: &'static str,
}

/// The words for the series that waits are counted by; for those of processes where they are not
/// told apart.
pub fn kind(key: Key) -> Kind {
    match key {
        Key::Global | Key::Process => Kind {
            heading: "Processes",
            one: "process",
            many: "processes",
            id: "tgid",
            about_name: "The name of the process (its leader's comm)",
            about_id: "Process id (tgid)",
        },
        Key::Thread => Kind {
            heading: "Threads",
            one: "thread",
            many: "threads",
            id: "tid",
            about_name: "The name of the thread (its comm)",
            about_id: "Thread id (tid)",
        },
        Key::Pidns => Kind {
            heading: "Pid namespaces",
            one: "pid namespace",
            many: "pid namespaces",
            id: "inode",
            about_name: "The name of the namespace's first process",
            about_id: "Inode number of the namespace, as in /proc/PID/ns/pid",
        },
        Key::Cgroup => Kind {
            heading: "Cgroups",
            one: "cgroup",
            many: "cgroups",
            id: "id",
            about_name: "The path of the cgroup (v2), from the root of the hierarchy",
            about_id: "Id of the cgroup: the inode number of its directory",
        },
    }
}

/// What [`OTHER`] holds, in a sentence.
pub fn about_other(key: Key) -> String {
    let many = kind(key).many;
    format!(
        "Waits that found the table of {many} full, and those of tasks that had none any more: \
         counted, but not told apart"
    )
}

/// The name for people: the series' own, or its id when none is known.
pub fn name(key: Key, id: u64, known: Option<&str>) -> String {
    match known {
        _ if id == OTHER => "other (not told apart)".to_owned(),
        Some(name) => name.to_owned(),
        None => format!("{} {id}", kind(key).one),
    }
}

/// Keys of names have the highest bit, which no id has.
const NAME: u64 = 1 << 63;

/// What all series of a name are known by: the same always (FNV-1a), so that their row can be pinned and keep the focus.
pub fn of_name(name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    hash | NAME
}

pub fn is_of_name(key: u64) -> bool {
    key & NAME != 0
}

/// A name in two parts, of which the first may be cut off where there is no room: a cgroup is told
/// by the end of its path.
pub fn parts(key: Key, name: &str) -> (&str, &str) {
    let leaf = match key {
        Key::Cgroup => name.rfind('/').filter(|at| *at > 0),
        _ => None,
    };
    leaf.map_or((name, ""), |at| name.split_at(at))
}

#[cfg(test)]
mod tests {
    use super::{about_other, is_of_name, kind, name, of_name, parts};
    use runqlat_common::wire::{Key, OTHER};

    #[test]
    fn every_key_has_its_words() {
        let table = [
            (Key::Process, "Processes", "tgid", "process 7"),
            (Key::Thread, "Threads", "tid", "thread 7"),
            (Key::Pidns, "Pid namespaces", "inode", "pid namespace 7"),
            (Key::Cgroup, "Cgroups", "id", "cgroup 7"),
        ];
        for (key, heading, id, unnamed) in table {
            assert_eq!((kind(key).heading, kind(key).id), (heading, id));
            assert_eq!(name(key, 7, None), unnamed);
            assert_eq!(name(key, 7, Some("sh")), "sh");
            assert_eq!(name(key, OTHER, Some("sh")), "other (not told apart)");
            assert!(about_other(key).contains(kind(key).many));
        }
    }

    #[test]
    fn a_name_has_its_own_key_and_the_same_always() {
        assert_eq!(of_name("make"), of_name("make"));
        assert!(of_name("make") != of_name("cc1") && is_of_name(of_name("make")));
        assert!(!is_of_name(4_294_967_295));
    }

    #[test]
    fn a_cgroup_keeps_the_end_of_its_path() {
        let table = [
            (
                Key::Cgroup,
                "/a.slice/b/c.scope",
                ("/a.slice/b", "/c.scope"),
            ),
            (Key::Cgroup, "/init.scope", ("/init.scope", "")),
            (Key::Cgroup, "/", ("/", "")),
            (Key::Cgroup, "cgroup 7", ("cgroup 7", "")),
            (Key::Thread, "kworker/0:1", ("kworker/0:1", "")),
        ];
        for (key, name, expected) in table {
            assert_eq!(parts(key, name), expected, "{name}");
        }
    }
}
