//! What is wrong with bytes that should be BTF.

use std::fmt;

/// Why the bytes can't be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BtfError {
    #[error("it is not BTF of this machine's byte order")]
    Magic,
    #[error("it is shorter than its header says")]
    Truncated,
    #[error("it has no structure {name}{}", Unread::but_for(.unread))]
    NoStruct {
        name: String,
        unread: Option<Unread>,
    },
}

/// Why the types can't be read beyond some point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// A type of an unknown kind, whose length is unknown, too.
    Kind(u32),
    /// The last type is incomplete.
    Cut,
}

impl Unread {
    fn but_for(unread: &Option<Self>) -> String {
        unread.map_or_else(String::new, |unread| format!(" before {unread}"))
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => write!(
                f,
                "a type of kind {kind}, which this program does not know and can't skip"
            ),
            Self::Cut => f.write_str("a type that is cut off"),
        }
    }
}
