//! Who the program becomes when it was started as root.

use crate::access;
use caps::{CapSet, Capability};
use nix::sys::prctl;
use nix::unistd::{Gid, Uid, geteuid, getuid, setgroups, setresgid, setresuid};
use std::fmt;
use std::fs;

/// The kernel's own id for nobody, where /etc/passwd has no other.
const NOBODY: u32 = 65_534;

/// Somebody with an id on this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    name: String,
    uid: u32,
    gid: u32,
}

impl User {
    /// By name, as /etc/passwd has it, or by number. The C library would ask network services too, by
    /// plug-ins that a static program does not have.
    pub fn named(name: &str) -> Result<Self, String> {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        Self::find(name, &passwd)
            .ok_or_else(|| format!("/etc/passwd has no user {name}, and it is no user's number"))
    }

    /// By number, with the name that /etc/passwd has for it.
    pub fn numbered(uid: u32) -> Self {
        Self::named(&uid.to_string()).unwrap_or(Self {
            name: uid.to_string(),
            uid,
            gid: uid,
        })
    }

    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The name, or the number where there is none.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn find(name: &str, passwd: &str) -> Option<Self> {
        let number: Option<u32> = name.parse().ok();
        let known = passwd.lines().filter_map(parse);
        let mut found = known.filter(|user| user.name == name || Some(user.uid) == number);
        // The highest number means nobody at all to the kernel.
        let unlisted = number.filter(|&uid| uid != u32::MAX).map(|uid| Self {
            name: name.into(),
            uid,
            gid: uid,
        });
        found.next().or(unlisted)
    }

    fn nobody() -> Self {
        Self::named("nobody").unwrap_or(Self {
            name: "nobody".into(),
            uid: NOBODY,
            gid: NOBODY,
        })
    }
}

/// `nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin`
fn parse(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(User { name, uid, gid })
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.uid)
    }
}

/// The user who started this; none where nobody real did. To be asked before this becomes another.
pub fn starter() -> Option<u32> {
    let sudo_uid = std::env::var("SUDO_UID").ok();
    access::local::starter(getuid().as_raw(), sudo_uid.as_deref())
}

/// Whether it may change the groups that it is in.
pub fn may_join_groups() -> bool {
    caps::has_cap(None, CapSet::Effective, Capability::CAP_SETGID).unwrap_or(false)
}

/// Becomes `user`, in no other groups than the user's own and `group`, and keeps what capabilities it has. Without a
/// wish root becomes nobody, and everybody else stays.
pub(super) fn become_user(user: Option<&User>, group: Option<u32>) -> Result<(), String> {
    let user = match user {
        Some(user) => Some(user.clone()),
        None => geteuid().is_root().then(User::nobody),
    };
    let groups: Vec<Gid> = group.map(Gid::from_raw).into_iter().collect();
    let change = || {
        let Some(user) = user.filter(|user| user.uid != geteuid().as_raw()) else {
            // Nothing to join is no reason to change anything.
            return if groups.is_empty() {
                Ok(())
            } else {
                setgroups(&groups)
            };
        };
        let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
        prctl::set_keepcaps(true)?;
        setgroups(&groups)?;
        setresgid(gid, gid, gid)?;
        setresuid(uid, uid, uid)
    };
    change().map_err(|error: nix::Error| error.desc().to_owned())
}

#[cfg(test)]
mod tests {
    use super::User;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
                          a line that is none\n\
                          web:x:33:44:www:/var/www:/usr/sbin/nologin\n";

    fn ids(name: &str) -> Option<(u32, u32)> {
        User::find(name, PASSWD).map(|user| (user.uid, user.gid))
    }

    #[test]
    fn users_have_names_and_numbers() {
        assert_eq!(ids("web"), Some((33, 44)));
        assert_eq!(ids("33"), Some((33, 44)));
        assert_eq!(ids("root"), Some((0, 0)));
        assert_eq!(ids("1000"), Some((1_000, 1_000)));
        for nobody in ["wen", "", "-1", "4294967295", "33x"] {
            assert_eq!(ids(nobody), None, "{nobody}");
        }
        assert_eq!(User::find("web", PASSWD).unwrap().to_string(), "web (33)");
    }
}
