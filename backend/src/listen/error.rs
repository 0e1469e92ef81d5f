//! What keeps the server from listening, and what to do about it.

use super::Listen;
use crate::confine::User;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why something can't be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("can't listen on {address}: {error}")]
    Address {
        address: SocketAddr,
        error: io::Error,
    },
    #[error("can't listen on {address}: {} listens there already", holder.as_ref().map_or("somebody".into(), ToString::to_string))]
    Taken {
        address: SocketAddr,
        /// As it was asked for.
        asked: Listen,
        holder: Option<User>,
    },
    #[error("can't listen on {address} twice")]
    Twice { address: SocketAddr },
    #[error("can't listen on unix:{}: {error}", path.display())]
    Unix { path: PathBuf, error: io::Error },
    #[error("can't listen on unix:{}: another server listens there already", path.display())]
    Alive { path: PathBuf },
    #[error("can't listen on unix:{}: it is there and is no socket", path.display())]
    NoSocket { path: PathBuf },
    #[error("can't listen on unix:{}: everybody may write to its folder, and so put another socket there", path.display())]
    Open { path: PathBuf },
    #[error("can't give unix:{} to {owner}: {error}", path.display())]
    Owner {
        path: PathBuf,
        owner: String,
        error: io::Error,
    },
}

impl ListenError {
    /// What the person can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Address { error, .. } => match error.kind() {
                io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need root; choose a higher one with --listen".into()
                }
                io::ErrorKind::AddrNotAvailable => {
                    "this host has no such address; --listen localhost:8080 is the default".into()
                }
                _ => "choose another address with --listen".into(),
            },
            Self::Taken { asked, address, .. } => {
                let port = address.port().wrapping_add(1).max(1_024);
                let other = match asked {
                    Listen::Localhost(_) => Listen::Localhost(port),
                    _ => Listen::Address(SocketAddr::new(address.ip(), port)),
                };
                format!(
                    "perhaps it is another runqlat-web (`ss -ltnp` says); choose another port: --listen {other}"
                )
            }
            Self::Twice { .. } => "leave out one --listen".into(),
            Self::Unix { .. } => {
                "the folder must exist, and who starts this may write to it".into()
            }
            Self::Alive { .. } => "end that server, or choose another path".into(),
            Self::NoSocket { .. } => "remove it, or choose another path".into(),
            Self::Open { .. } => {
                "choose a folder that only root or you may write to, such as /run".into()
            }
            Self::Owner { .. } => {
                "root gives it to any group, others only to one that they are in".into()
            }
        }
    }
}
