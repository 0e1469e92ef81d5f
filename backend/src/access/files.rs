//! Where tokens come from: files that are named, systemd's credentials, or, where there are none,
//! randomness.

use super::token::NoToken;
use super::{Access, Token, Tokens};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Bytes that are read of a file.
const MOST: u64 = 4_096;

/// What the command line says about who may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Tokens are asked for on loopback, too.
    pub tokens: bool,
    /// Nobody may control.
    pub read_only: bool,
    pub view_token_file: Option<PathBuf>,
    pub control_token_file: Option<PathBuf>,
}

/// Tokens that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("can't read the token file {}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("the token in {} can't be used: {why}", path.display())]
    Token { path: PathBuf, why: NoToken },
    #[error("the token to view and the token to control are the same, so all could control")]
    Same,
    #[error("the system gives no randomness: {0}")]
    Randomness(io::Error),
}

/// A token and the file that it is from, unless it was made here.
#[derive(Debug)]
pub struct Given {
    pub token: Token,
    pub file: Option<PathBuf>,
}

/// The tokens of a server, and where they are from.
#[derive(Debug)]
pub struct Keys {
    pub view: Given,
    pub control: Given,
}

/// What decides who may on a server that is reached from elsewhere, or not; and the tokens, where some
/// are asked for. `credentials` is the folder that systemd names.
pub fn prepare(
    options: &Options,
    is_loopback: bool,
    credentials: Option<&Path>,
) -> Result<(Access, Option<Keys>), Unusable> {
    let find = |named: &Option<PathBuf>, name: &str| {
        let held = credentials.map(|folder| folder.join(name));
        named.clone().or(held.filter(|path| path.exists()))
    };
    let view = find(&options.view_token_file, "view-token");
    let control = find(&options.control_token_file, "control-token");
    let asks = options.tokens || !is_loopback || view.is_some() || control.is_some();
    if !asks {
        return Ok((Access::new(options.read_only, None), None));
    }
    let keys = Keys {
        view: give(view)?,
        control: give(control)?,
    };
    if keys.view.token == keys.control.token {
        return Err(Unusable::Same);
    }
    let tokens = Tokens {
        view: keys.view.token.clone(),
        control: keys.control.token.clone(),
    };
    Ok((Access::new(options.read_only, Some(tokens)), Some(keys)))
}

fn give(file: Option<PathBuf>) -> Result<Given, Unusable> {
    let token = match &file {
        Some(path) => read(path)?,
        None => Token::random().map_err(Unusable::Randomness)?,
    };
    Ok(Given { token, file })
}

fn read(path: &Path) -> Result<Token, Unusable> {
    let unreadable = |error| Unusable::File {
        path: path.to_owned(),
        error,
    };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    let mut text = String::new();
    // More is no token, and may have no end.
    let read = file.take(MOST).read_to_string(&mut text);
    read.map_err(unreadable)?;
    if mode & 0o004 != 0 {
        tracing::warn!(
            "everybody on this host can read the token in {}",
            path.display()
        );
    }
    Token::read(&text).map_err(|why| Unusable::Token {
        path: path.to_owned(),
        why,
    })
}

impl Unusable {
    /// What the person can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::File { .. } => "the file holds one token in one line, and is readable to who starts this".into(),
            Self::Token { .. } | Self::Same => {
                "`openssl rand -hex 20` makes one; without the option, one is made at the start and printed".into()
            }
            Self::Randomness(_) => "give tokens in files: --view-token-file and --control-token-file".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Options, Unusable, prepare};
    use std::path::{Path, PathBuf};

    const VIEW: &str = "view-0123456789-0123456789";
    const CONTROL: &str = "control-0123456789-0123456789";

    /// A folder of the test's own, with these files in it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let path =
                std::env::temp_dir().join(format!("runqlat-web-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            for (file, text) in files {
                std::fs::write(path.join(file), text).unwrap();
            }
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn asks(options: &Options, is_loopback: bool, credentials: Option<&Path>) -> bool {
        prepare(options, is_loopback, credentials).unwrap().0.asks()
    }

    #[test]
    fn tokens_are_asked_for_beyond_loopback_or_when_told_to() {
        let plain = Options::default();
        assert!(!asks(&plain, true, None));
        assert!(asks(&plain, false, None));
        let told = Options {
            tokens: true,
            ..Options::default()
        };
        assert!(asks(&told, true, None));
        let folder = Folder::new("empty", &[]);
        assert!(!asks(&plain, true, Some(&folder.0)));
    }

    #[test]
    fn files_come_before_credentials_and_those_before_randomness() {
        let folder = Folder::new("tokens", &[("view-token", VIEW), ("named", CONTROL)]);
        let options = Options {
            control_token_file: Some(folder.0.join("named")),
            ..Options::default()
        };
        let (access, keys) = prepare(&options, true, Some(&folder.0)).unwrap();
        let keys = keys.unwrap();
        assert_eq!(keys.view.token.text(), VIEW);
        assert_eq!(keys.view.file, Some(folder.0.join("view-token")));
        assert_eq!(keys.control.token.text(), CONTROL);
        assert!(access.admit([CONTROL]).unwrap().may_control);
        assert!(!access.admit([VIEW]).unwrap().may_control);
        let (_, keys) = prepare(&Options::default(), false, Some(&folder.0)).unwrap();
        let control = keys.unwrap().control;
        assert!(control.file.is_none() && control.token.text().len() == 40);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_name() {
        let folder = Folder::new("bad", &[("short", "sesame"), ("a", VIEW), ("b", VIEW)]);
        let failure = |view: &str, control: &str| {
            let options = Options {
                view_token_file: Some(folder.0.join(view)),
                control_token_file: Some(folder.0.join(control)),
                ..Options::default()
            };
            prepare(&options, false, None).unwrap_err()
        };
        let missing = failure("none", "a");
        assert!(matches!(missing, Unusable::File { .. }));
        assert!(
            missing.to_string().contains("/none: No such file"),
            "{missing}"
        );
        let short = failure("a", "short").to_string();
        assert!(
            short.contains("/short can't be used: it has 6 characters"),
            "{short}"
        );
        assert!(!short.contains("sesame"), "{short}");
        assert!(matches!(failure("a", "b"), Unusable::Same));
    }
}
