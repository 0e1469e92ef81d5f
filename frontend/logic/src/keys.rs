//! What series are called, by what waits are counted by.

use runqlat_common::wire::{Key, OTHER, SeriesKey};
use std::fmt;

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

/// Says that a link's series has ended and `name` has its number now.
pub fn about_another(key: Key, id: SeriesKey, name: &str) -> String {
    let one = kind(key).one;
    let is_there = match key {
        Key::Pidns | Key::Cgroup => "there is",
        _ => "runs",
    };
    format!(
        "The {one} {} of this link has ended; the {one} {0} that {is_there} now is another one ({name})",
        id.key
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
pub fn of_name(name: &str) -> SeriesKey {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    SeriesKey {
        key: hash | NAME,
        start: 0,
    }
}

pub fn is_of_name(id: SeriesKey) -> bool {
    id.key & NAME != 0
}

/// A series as a link names it: `4711@88200`. Without a start it means the newest series with that number; a cgroup's
/// id has only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    pub key: u64,
    pub start: Option<u64>,
}

impl Linked {
    pub fn parse(text: &str) -> Option<Self> {
        let (key, start) = match text.split_once('@') {
            Some((key, start)) => (key, start.parse().ok()?),
            None => (text, 0),
        };
        let key = key.parse().ok()?;
        Some(SeriesKey { key, start }.into())
    }

    /// The series. Without a start, it may be one of which nothing is known yet, or the only one with its number.
    pub fn id(self) -> SeriesKey {
        SeriesKey {
            key: self.key,
            start: self.start.unwrap_or_default(),
        }
    }

    /// Whether both may be the same series.
    pub fn fits(self, other: Self) -> bool {
        let same = self.start == other.start || self.start.is_none() || other.start.is_none();
        self.key == other.key && same
    }
}

impl From<SeriesKey> for Linked {
    fn from(id: SeriesKey) -> Self {
        Self {
            key: id.key,
            start: (id.start > 0).then_some(id.start),
        }
    }
}

impl fmt::Display for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.start {
            None => write!(f, "{}", self.key),
            Some(start) => write!(f, "{}@{start}", self.key),
        }
    }
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
    use super::{Linked, about_another, about_other, is_of_name, kind, name, of_name, parts};
    use runqlat_common::wire::{Key, OTHER, SeriesKey};

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
    fn another_one_of_the_same_number_is_told() {
        let id = |key| SeriesKey { key, start: 9 };
        let process = "The process 4711 of this link has ended; the process 4711 that runs now is another one (nginx)";
        assert_eq!(about_another(Key::Process, id(4_711), "nginx"), process);
        let namespace = about_another(Key::Pidns, id(7), "python3");
        assert!(namespace.contains("the pid namespace 7 that there is now"));
    }

    #[test]
    fn a_name_has_its_own_key_and_the_same_always() {
        assert_eq!(of_name("make"), of_name("make"));
        assert!(of_name("make") != of_name("cc1") && is_of_name(of_name("make")));
        let id = |key| SeriesKey { key, start: 0 };
        assert!(!is_of_name(id(4_294_967_295)));
    }

    #[test]
    fn a_link_names_a_series_by_number_and_start() {
        let linked = |key, start| Some(Linked { key, start });
        let table = [
            ("4711@88200", linked(4_711, Some(88_200)), "4711@88200"),
            ("4711", linked(4_711, None), "4711"),
            ("4711@0", linked(4_711, None), "4711"),
            ("0", linked(0, None), "0"),
            ("4711@", None, ""),
            ("@5", None, ""),
            ("4711@-3", None, ""),
            ("a@5", None, ""),
            ("", None, ""),
        ];
        for (text, expected, written) in table {
            let found = Linked::parse(text);
            assert_eq!(found, expected, "{text}");
            assert_eq!(found.map(|l| l.to_string()).unwrap_or_default(), written);
        }
        let fits = |a: &str, b: &str| Linked::parse(a).unwrap().fits(Linked::parse(b).unwrap());
        assert!(fits("7@5", "7@5") && fits("7", "7@5") && fits("7@5", "7"));
        assert!(!fits("7@5", "7@6") && !fits("7", "8"));
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
