//! The socket that is a file: whose it is, and what becomes of a file that is there already.

use super::{ListenError, unix_error};
use crate::confine::Group;
use crate::procfs;
use socket2::{Domain, SockAddr, Socket, Type};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, lchown};
use std::path::{Path, PathBuf};

/// For the owner alone; for a group, too.
const OWNER_ONLY: u32 = 0o600;
const WITH_GROUP: u32 = 0o660;

/// Everybody may write, and nobody but its owner may remove a file.
const WRITABLE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Nobody can connect before it is listened on, so that its owner may be set after it is there.
pub(super) fn bind(
    path: &Path,
    owner: Option<u32>,
    group: Option<&Group>,
) -> Result<Socket, ListenError> {
    let failed = |error| unix_error(path, error);
    check_folder(path)?;
    let address = SockAddr::unix(path).map_err(failed)?;
    let mode = group.map_or(OWNER_ONLY, |_| WITH_GROUP);
    let bind = || -> io::Result<Socket> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        // The mode is there from the beginning: set later, by the path, it could be another file's.
        procfs::with_modes(mode, || socket.bind(&address))?;
        Ok(socket)
    };
    let socket = match bind() {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            remove_stale(path, &address)?;
            bind().map_err(failed)?
        }
        bound => bound.map_err(failed)?,
    };
    give(path, owner, group)?;
    Ok(socket)
}

/// Whoever may replace the file gets what is meant for the server.
fn check_folder(path: &Path) -> Result<(), ListenError> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let metadata = fs::metadata(folder).map_err(|error| unix_error(path, error))?;
    match metadata.mode() & WRITABLE != 0 && metadata.mode() & STICKY == 0 {
        true => Err(ListenError::Open { path: path.into() }),
        false => Ok(()),
    }
}

/// Removes what a server that was ended has left behind, and nothing else.
fn remove_stale(path: &Path, address: &SockAddr) -> Result<(), ListenError> {
    let failed = |error| unix_error(path, error);
    let own = || PathBuf::from(path);
    let metadata = fs::symlink_metadata(path).map_err(failed)?;
    if !metadata.file_type().is_socket() {
        return Err(ListenError::NoSocket { path: own() });
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(failed)?;
    // Where many wait to be accepted, connecting would wait as well.
    socket.set_nonblocking(true).map_err(failed)?;
    match socket.connect(address) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed)
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(failed(error)),
        _ => Err(ListenError::Alive { path: own() }),
    }
}

fn give(path: &Path, owner: Option<u32>, group: Option<&Group>) -> Result<(), ListenError> {
    if owner.is_none() && group.is_none() {
        return Ok(());
    }
    let given = lchown(path, owner, group.map(Group::gid));
    given.map_err(|error| {
        let _ = fs::remove_file(path);
        ListenError::Owner {
            path: path.into(),
            owner: match group {
                Some(group) => format!("the group {group}"),
                None => format!("user {}", owner.unwrap_or_default()),
            },
            error,
        }
    })
}
