//! What ends the program: one sentence of what and why, a hint, and an exit code that tells the
//! kinds apart.

use crate::access::Unusable;
use crate::diagnosis::{self, Facts};
use crate::listen::ListenError;
use crate::probe::kernel::AttachError;
use crate::target::TargetError;
use crate::tls::TlsError;
use std::fmt;

/// Why the program ends. Usage errors (exit code 2) are told by the argument parser.
#[derive(Debug)]
pub enum Failure {
    /// 3: not allowed to measure.
    Permission(Explained),
    /// 4: this kernel can't be measured.
    Unsupported(Explained),
    /// 1: not enough memory to measure.
    Memory(Explained),
    /// 5: the address can't be listened on.
    Listen(ListenError),
    /// 7: what was asked for can't be measured on this host now.
    Target(TargetError),
    /// 8: tokens that can't be used.
    Tokens(Unusable),
    /// 8: a certificate that can't be used.
    Tls(TlsError),
    /// 1: there is no link to print.
    Link(Explained),
    /// 6: a development build, which has no kernel programs.
    Incomplete,
    /// 1: anything else.
    Other(anyhow::Error),
}

/// What failed and why in one sentence, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    pub what: String,
    pub hint: String,
}

impl Failure {
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Other(_) | Self::Memory(_) | Self::Link(_) => 1,
            Self::Permission(_) => 3,
            Self::Unsupported(_) => 4,
            Self::Listen(_) => 5,
            Self::Incomplete => 6,
            Self::Target(_) => 7,
            Self::Tokens(_) | Self::Tls(_) => 8,
        }
    }

    /// What the person can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Permission(explained)
            | Self::Unsupported(explained)
            | Self::Memory(explained)
            | Self::Link(explained) => explained.hint.clone(),
            Self::Listen(error) => error.hint(),
            Self::Target(error) => error.hint(),
            Self::Tokens(error) => error.hint(),
            Self::Tls(error) => error.hint(),
            Self::Incomplete => {
                "`cargo xtask build` makes the complete program; --demo works without".into()
            }
            Self::Other(_) => "run it again with -v for details".into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission(explained)
            | Self::Unsupported(explained)
            | Self::Memory(explained)
            | Self::Link(explained) => f.write_str(&explained.what),
            Self::Listen(error) => error.fmt(f),
            Self::Target(error) => error.fmt(f),
            Self::Tokens(error) => error.fmt(f),
            Self::Tls(error) => error.fmt(f),
            Self::Incomplete => f.write_str("this build has no kernel programs"),
            Self::Other(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        Self::Target(error)
    }
}

impl From<ListenError> for Failure {
    fn from(error: ListenError) -> Self {
        Self::Listen(error)
    }
}

impl From<Unusable> for Failure {
    fn from(error: Unusable) -> Self {
        Self::Tokens(error)
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Self::Tls(error)
    }
}

impl From<AttachError> for Failure {
    fn from(error: AttachError) -> Self {
        diagnosis::explain(&error, &Facts::gather())
    }
}
