//! Folders that lie deeper than a path can say.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Bytes of a path in one system call, with the NUL at its end.
pub(super) const PATH_MAX: usize = libc::PATH_MAX as usize;

/// A folder at any depth, by a path that a system call takes.
pub(super) struct Folder {
    path: PathBuf,
    /// From where that path goes on, through `/proc/self/fd`.
    _above: Option<File>,
}

impl Folder {
    /// The folder `within` below `point`.
    pub(super) fn below(point: &Path, within: &[u8]) -> io::Result<Self> {
        let mut folder = Self {
            path: point.to_owned(),
            _above: None,
        };
        for part in within.split(|&byte| byte == b'/') {
            if folder.path.as_os_str().len() + part.len() + 2 > PATH_MAX {
                folder = folder.opened()?;
            }
            if !part.is_empty() {
                folder.path.push(OsStr::from_bytes(part));
            }
        }
        Ok(folder)
    }

    /// The same folder by a short path.
    fn opened(&self) -> io::Result<Self> {
        let flags = libc::O_PATH | libc::O_DIRECTORY;
        let file = File::options()
            .read(true)
            .custom_flags(flags)
            .open(&self.path)?;
        Ok(Self {
            path: format!("/proc/self/fd/{}", file.as_raw_fd()).into(),
            _above: Some(file),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
