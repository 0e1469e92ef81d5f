//! A group of this host's, by name or number.

use std::fmt;
use std::fs;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    name: String,
    gid: u32,
}

impl Group {
    /// By name, as /etc/group has it, or by number.
    pub fn named(name: &str) -> Result<Self, String> {
        let known = fs::read_to_string("/etc/group").unwrap_or_default();
        Self::find(name, &known)
            .ok_or_else(|| format!("/etc/group has no group {name}, and it is no group's number"))
    }

    fn find(name: &str, known: &str) -> Option<Self> {
        let number: Option<u32> = name.parse().ok();
        let mut found = known.lines().filter_map(parse);
        let found = found.find(|group| group.name == name || Some(group.gid) == number);
        // The highest number means no group at all to the kernel.
        let unlisted = number.filter(|&gid| gid != u32::MAX).map(|gid| Self {
            name: name.into(),
            gid,
        });
        found.or(unlisted)
    }

    pub fn gid(&self) -> u32 {
        self.gid
    }
}

/// `adm:x:4:syslog,admin`
fn parse(line: &str) -> Option<Group> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let gid = fields.nth(1)?.parse().ok()?;
    Some(Group { name, gid })
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.gid)
    }
}

#[cfg(test)]
mod tests {
    use super::Group;

    #[test]
    fn groups_have_names_and_numbers() {
        let known = "root:x:0:\na line that is none\nadm:x:4:syslog,admin\n";
        let gid = |name: &str| Group::find(name, known).map(|group| group.gid);
        let table = [
            ("adm", Some(4)),
            ("4", Some(4)),
            ("root", Some(0)),
            ("1000", Some(1_000)),
            ("syslog", None),
            ("", None),
            ("-1", None),
            ("4294967295", None),
        ];
        for (name, expected) in table {
            assert_eq!(gid(name), expected, "{name}");
        }
        assert_eq!(Group::find("4", known).unwrap().to_string(), "adm (4)");
    }
}
