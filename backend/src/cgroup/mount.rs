//! Where the hierarchies of cgroups are mounted.

use runqlat_common::name;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// A mounted hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    pub point: PathBuf,
    /// The group that is mounted there, as a path in the hierarchy.
    pub root: OsString,
    /// `None` for v2; for v1 the controllers (or the name), in their displayed form.
    pub v1: Option<String>,
}

/// What is mounted on this host.
pub fn mounted() -> Vec<Mount> {
    mounts(&fs::read("/proc/self/mountinfo").unwrap_or_default())
}

/// The hierarchies that `/proc/self/mountinfo` lists. Lines of other file systems may hold any bytes.
pub fn mounts(mountinfo: &[u8]) -> Vec<Mount> {
    mountinfo
        .split(|&byte| byte == b'\n')
        .filter_map(mount)
        .collect()
}

fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ').skip(3);
    let (root, point) = (fields.next()?, fields.next()?);
    let mut right = fields.skip_while(|field| *field != b"-").skip(1);
    let kind = right.next()?;
    let options = right.nth(1).unwrap_or_default();
    let v1 = match kind {
        b"cgroup2" => None,
        b"cgroup" => {
            let options = options.split(|&byte| byte == b',');
            let controllers = options.filter(|option| !matches!(*option, b"rw" | b"ro"));
            Some(name::text(&controllers.collect::<Vec<_>>().join(&b',')))
        }
        _ => return None,
    };
    Some(Mount {
        point: unescape(point).into(),
        root: unescape(root),
        v1,
    })
}

/// mountinfo writes space, tab, newline and backslash as three octal digits.
fn unescape(mut text: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(text.len());
    while let Some((&first, rest)) = text.split_first() {
        let digits = rest.get(..3).and_then(|digits| str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match escaped.filter(|_| first == b'\\') {
            Some(byte) => {
                bytes.push(byte);
                text = &rest[3..];
            }
            None => {
                bytes.push(first);
                text = rest;
            }
        }
    }
    OsString::from_vec(bytes)
}

/// The v2 hierarchy's mount. If both a part and the whole are mounted, the whole.
pub fn v2(mounts: &[Mount]) -> Option<&Mount> {
    let mut v2 = mounts.iter().filter(|mount| mount.v1.is_none());
    let first = v2.clone().next();
    v2.find(|mount| mount.root == "/").or(first)
}

impl Mount {
    /// The prefix that all paths of groups below this mount have: its root without a trailing slash.
    pub(super) fn prefix(&self) -> &[u8] {
        let root = OsStr::as_bytes(&self.root);
        root.strip_suffix(b"/").unwrap_or(root)
    }
}
