//! The files that are named on the command line or by systemd: tokens, the certificate, its key. Each is read whole, and
//! a secret that others can get at is refused.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Bytes of a file that are read. A certificate with those that sign it has some 10 kB.
const MOST: u64 = 256 * 1024;

/// Permissions that a secret's file gives nobody: to write for its group, and any for everybody. To read is the group's
/// often, as with systemd's credentials and Kubernetes' secrets.
const FORBIDDEN: u32 = 0o027;

/// A file that somebody named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What it holds, in messages.
    pub what: &'static str,
    pub path: PathBuf,
    pub is_secret: bool,
}

/// Why it could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    #[error("can't read the {what} {}: {error}", path.display())]
    Failed {
        what: &'static str,
        path: PathBuf,
        error: io::Error,
    },
    #[error("can't read the {what} {}: it is longer than {MOST} bytes", path.display())]
    Long { what: &'static str, path: PathBuf },
    #[error("others than its owner can read or change the {what} {} (mode {mode:04o})", path.display())]
    Open {
        what: &'static str,
        path: PathBuf,
        mode: u32,
    },
    /// As another process said it.
    #[error("{error}")]
    Told { error: String, hint: String },
}

impl Unread {
    /// Nobody said anything of the file.
    pub fn nothing() -> Self {
        let (error, hint) = ("a file was not read", "restart the server");
        Self::Told {
            error: error.into(),
            hint: hint.into(),
        }
    }

    /// What the person can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Failed { .. } | Self::Long { .. } => {
                "it must be a small file, readable to who starts this".into()
            }
            Self::Open { path, .. } => format!(
                "`chmod 600 {0}`, or `chmod 640 {0}` where its group may read it; if others have read it, make a new \
                 one",
                path.display()
            ),
            Self::Told { hint, .. } => hint.clone(),
        }
    }
}

impl Named {
    pub fn secret(what: &'static str, path: &Path) -> Self {
        Self {
            what,
            path: path.to_owned(),
            is_secret: true,
        }
    }

    /// What is in it. Links are followed, and the file at their end is judged once it is open.
    pub fn read(&self) -> Result<Vec<u8>, Unread> {
        let (what, path) = (self.what, self.path.clone());
        let (bytes, mode) = match read(&self.path) {
            Ok(read) => read,
            Err(error) => return Err(Unread::Failed { what, path, error }),
        };
        if self.is_secret && mode & FORBIDDEN != 0 {
            return Err(Unread::Open { what, path, mode });
        }
        if bytes.len() as u64 > MOST {
            return Err(Unread::Long { what, path });
        }
        Ok(bytes)
    }
}

fn read(path: &Path) -> io::Result<(Vec<u8>, u32)> {
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes)?;
    Ok((bytes, mode))
}

#[cfg(test)]
mod tests {
    use super::{Named, Unread};
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_secret_that_others_can_get_at_is_refused_through_links_too() {
        let folder = std::env::temp_dir().join(format!("rw-secrets-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (path, link) = (folder.join("secret"), folder.join("link"));
        fs::write(&path, "text").unwrap();
        let _ = fs::remove_file(&link);
        symlink("secret", &link).unwrap();
        let mut file = Named::secret("token file", &link);
        let table = [
            (0o400, true),
            (0o600, true),
            (0o440, true),
            (0o640, true),
            (0o644, false),
            (0o604, false),
            (0o602, false),
            (0o620, false),
            (0o660, false),
            (0o777, false),
        ];
        for (mode, taken) in table {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            match file.read() {
                Ok(bytes) => assert!(taken && bytes == b"text", "{mode:o}"),
                Err(error) => {
                    assert!(!taken && matches!(error, Unread::Open { .. }), "{mode:o}");
                    let text = format!("{error} {}", error.hint());
                    assert!(text.contains("/link (mode 0") && text.contains("chmod"));
                }
            }
        }
        file.is_secret = false;
        assert!(file.read().is_ok(), "a certificate is for everybody");
        fs::write(&path, vec![b'x'; 300_000]).unwrap();
        assert!(matches!(file.read(), Err(Unread::Long { .. })));
        fs::remove_dir_all(&folder).unwrap();
        assert!(matches!(file.read(), Err(Unread::Failed { .. })));
    }
}
