//! Who on this host needs no token: root, the user who started the server, and those whom the command line names. Pure.

/// The users that systemd makes up for services (`DynamicUser`): nobody logs in as one.
const DYNAMIC: core::ops::RangeInclusive<u32> = 61_184..=65_519;

/// Who needs no token, where the user at the other end counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Local {
    starter: Option<u32>,
    allowed: Vec<u32>,
    /// The number that the kernel gives to all whom it can't name.
    nobody: u32,
}

impl Local {
    pub fn new(starter: Option<u32>, allowed: Vec<u32>, nobody: u32) -> Self {
        Self {
            starter: starter.filter(|uid| *uid != nobody),
            allowed,
            nobody,
        }
    }

    /// Whether this user, of whom the kernel says that they own the other end, needs no token.
    pub fn is(&self, uid: u32) -> bool {
        let known = uid == 0 || self.starter == Some(uid) || self.allowed.contains(&uid);
        known && (uid == 0 || uid != self.nobody)
    }
}

/// Who started this: the process' real user, or, where that is root by sudo, who called sudo. Nobody real where systemd
/// made the user up. Whoever is not root can set `SUDO_UID` as they like.
pub fn starter(real: u32, sudo_uid: Option<&str>) -> Option<u32> {
    let by_sudo = sudo_uid
        .filter(|_| real == 0)
        .and_then(|uid| uid.parse().ok());
    let starter = by_sudo.filter(|uid| *uid != u32::MAX).unwrap_or(real);
    Some(starter).filter(|uid| !DYNAMIC.contains(uid))
}

#[cfg(test)]
mod tests {
    use super::{Local, starter};
    use proptest::prelude::*;

    const NOBODY: u32 = 65_534;

    #[test]
    fn root_the_starter_and_those_who_are_named_are_local() {
        let local = Local::new(Some(1_000), vec![33], NOBODY);
        for (uid, expected) in [
            (0, true),
            (1_000, true),
            (33, true),
            (1_001, false),
            (NOBODY, false),
            (u32::MAX, false),
        ] {
            assert_eq!(local.is(uid), expected, "{uid}");
        }
        // The number of those whom the kernel can't name is nobody's, whoever has it.
        let nobody = Local::new(Some(NOBODY), vec![NOBODY], NOBODY);
        assert!(!nobody.is(NOBODY) && nobody.is(0) && nobody.starter.is_none());
    }

    #[test]
    fn sudo_is_believed_when_root_says_so() {
        let table = [
            (0, None, Some(0)),
            (1_000, None, Some(1_000)),
            (0, Some("1000"), Some(1_000)),
            (1_000, Some("0"), Some(1_000)),
            (1_000, Some("1001"), Some(1_000)),
            (0, Some(""), Some(0)),
            (0, Some("-1"), Some(0)),
            (0, Some("4294967295"), Some(0)),
            (0, Some("root"), Some(0)),
            // As a unit.
            (61_184, None, None),
            (65_519, None, None),
        ];
        for (real, sudo, expected) in table {
            assert_eq!(starter(real, sudo), expected, "{real} {sudo:?}");
        }
    }

    proptest! {
        #[test]
        fn nobody_else_is(uid: u32, started: u32, allowed in proptest::collection::vec(0u32..9, 0..4)) {
            let local = Local::new(Some(started), allowed.clone(), NOBODY);
            let named = uid == 0 || uid == started || allowed.contains(&uid);
            prop_assert_eq!(local.is(uid), named && uid != NOBODY);
        }
    }
}
