//! Folders whose paths are longer than a system call takes.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Longest path in one system call, in bytes, with the NUL at its end.
pub(super) const PATH_MAX: usize = libc::PATH_MAX as usize;

/// A folder at any depth, reached by a path that is short enough for a system call.
pub(super) struct Folder {
    path: PathBuf,
    /// The folder that the path starts from, through `/proc/self/fd`; kept open.
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
