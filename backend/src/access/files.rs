//! Where tokens come from: files that are named, systemd's credentials, or, where there are none,
//! randomness.

use super::token::NoToken;
use super::{Access, Token, Tokens};
use crate::secrets::{Named, Unread};
use std::io;
use std::path::{Path, PathBuf};

/// What the command line says about who may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Everybody is asked for a token, whoever they are.
    pub tokens: bool,
    /// Nobody may control.
    pub read_only: bool,
    pub view_token_file: Option<PathBuf>,
    pub control_token_file: Option<PathBuf>,
}

/// Tokens that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error(transparent)]
    File(#[from] Unread),
    #[error("the token in {} can't be used: {why}", path.display())]
    Token { path: PathBuf, why: NoToken },
    #[error("the token to view and the token to control are the same, so all could control")]
    Same,
    #[error("{named} has no other token beside it: --{missing}-token-file is missing")]
    Half {
        named: &'static str,
        missing: &'static str,
    },
    #[error("the credentials folder {} has no {missing}-token", folder.display())]
    Credential {
        folder: PathBuf,
        missing: &'static str,
    },
    #[error("the system gives no randomness: {0}")]
    Randomness(io::Error),
}

/// The files with the tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFiles {
    pub view: Named,
    pub control: Named,
}

/// The tokens of a server, and where they are from, unless they were made here.
#[derive(Debug)]
pub struct Keys {
    pub tokens: Tokens,
    pub files: Option<TokenFiles>,
}

/// What decides who may on a server that is reached from elsewhere, or not; and the tokens. `credentials` is the folder
/// that systemd names.
pub fn prepare(
    options: &Options,
    is_loopback: bool,
    credentials: Option<&Path>,
) -> Result<(Access, Keys), Unusable> {
    let files = find(options, credentials)?;
    // Made in any case: what the system's randomness is read from may have to be opened, which is not allowed later.
    let made = Tokens::random().map_err(Unusable::Randomness)?;
    let tokens = match &files {
        Some(files) => files.tokens([files.view.read(), files.control.read()])?,
        None => made,
    };
    let knows_users = !options.tokens && is_loopback && files.is_none();
    let access = Access::new(options.read_only, knows_users, tokens.clone());
    Ok((access, Keys { tokens, files }))
}

/// Both files or none. Where one is missing, a token made here would be one that nobody asked for; where a service has
/// credentials and none of them is a token, its unit is not what somebody meant it to be.
fn find(options: &Options, credentials: Option<&Path>) -> Result<Option<TokenFiles>, Unusable> {
    let find = |named: &Option<PathBuf>, right: &'static str| match (named, credentials) {
        (Some(path), _) => Ok(Some(path.clone())),
        (None, Some(folder)) => {
            let held = folder.join(format!("{right}-token"));
            let is_there = folder.is_absolute() && held.exists();
            is_there.then_some(Some(held)).ok_or(Unusable::Credential {
                folder: folder.to_owned(),
                missing: right,
            })
        }
        (None, None) => Ok(None),
    };
    let view = find(&options.view_token_file, "view")?;
    let control = find(&options.control_token_file, "control")?;
    let half = |named, missing| Err(Unusable::Half { named, missing });
    match (view, control) {
        (Some(view), Some(control)) => Ok(Some(TokenFiles::new(&view, &control))),
        (Some(_), None) => half("--view-token-file", "control"),
        (None, Some(_)) => half("--control-token-file", "view"),
        (None, None) => Ok(None),
    }
}

impl TokenFiles {
    pub fn new(view: &Path, control: &Path) -> Self {
        let [view, control] = [view, control].map(|path| Named::secret("token file", path));
        Self { view, control }
    }

    /// The tokens in these files, of which this was read.
    pub fn tokens<E>(&self, read: [Result<Vec<u8>, E>; 2]) -> Result<Tokens, Unusable>
    where
        Unusable: From<E>,
    {
        let [view, control] = read;
        let tokens = Tokens {
            view: token(&self.view, &view?)?,
            control: token(&self.control, &control?)?,
        };
        match tokens.view == tokens.control {
            true => Err(Unusable::Same),
            false => Ok(tokens),
        }
    }
}

fn token(file: &Named, bytes: &[u8]) -> Result<Token, Unusable> {
    // Bytes that are no text become a character that no token has.
    Token::read(&String::from_utf8_lossy(bytes)).map_err(|why| Unusable::Token {
        path: file.path.clone(),
        why,
    })
}

impl Unusable {
    /// What the person can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::File(unread) => unread.hint(),
            Self::Token { .. } | Self::Same => {
                "the file holds one token in one line, and `openssl rand -hex 20` makes one".into()
            }
            Self::Half { .. } => {
                "name both files, or neither: then both tokens are made at the start".into()
            }
            Self::Credential { missing, .. } => format!(
                "the unit wants LoadCredential={missing}-token:/etc/runqlat-web/{missing}-token, or name both files \
                 with --view-token-file and --control-token-file"
            ),
            Self::Randomness(_) => {
                "give tokens in files: --view-token-file and --control-token-file".into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Options, Unusable, prepare};
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};

    const VIEW: &str = "view-0123456789-0123456789";
    const CONTROL: &str = "control-0123456789-0123456789";

    const OTHER: &str = "other-0123456789-0123456789";

    /// A folder of the test's own, with these files in it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let path =
                std::env::temp_dir().join(format!("runqlat-web-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            for (file, text) in files {
                let path = path.join(file);
                std::fs::write(&path, text).unwrap();
                std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
            }
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn knows_users(options: &Options, is_loopback: bool) -> bool {
        prepare(options, is_loopback, None).unwrap().0.knows_users()
    }

    #[test]
    fn users_count_on_loopback_unless_everybody_is_asked() {
        let plain = Options::default();
        assert!(knows_users(&plain, true));
        assert!(!knows_users(&plain, false));
        let told = Options {
            tokens: true,
            ..Options::default()
        };
        assert!(!knows_users(&told, true));
    }

    #[test]
    fn files_come_before_credentials() {
        let folder = Folder::new(
            "tokens",
            &[
                ("view-token", VIEW),
                ("control-token", OTHER),
                ("named", CONTROL),
            ],
        );
        let options = Options {
            control_token_file: Some(folder.0.join("named")),
            ..Options::default()
        };
        let (access, keys) = prepare(&options, true, Some(&folder.0)).unwrap();
        assert_eq!(keys.tokens.view.text(), VIEW);
        assert_eq!(keys.files.unwrap().view.path, folder.0.join("view-token"));
        assert!(access.admit([CONTROL]).unwrap().may_control);
        assert!(!access.admit([VIEW]).unwrap().may_control);
        assert!(access.admit([OTHER]).is_none());
        let (_, keys) = prepare(&Options::default(), true, None).unwrap();
        assert!(keys.files.is_none() && keys.tokens.control.text().len() == 40);
    }

    #[test]
    fn half_of_the_tokens_is_none_and_what_is_missing_is_named() {
        let folder = Folder::new("half", &[("view-token", VIEW)]);
        let empty = Folder::new("empty", &[]);
        let path = |name: &str| Some(folder.0.join(name));
        let missing = |view, control, credentials: Option<&Path>| {
            let options = Options {
                view_token_file: view,
                control_token_file: control,
                ..Options::default()
            };
            let error = prepare(&options, true, credentials).unwrap_err();
            format!("{error}. {}", error.hint())
        };
        let named = missing(path("view-token"), None, None);
        assert!(named.contains("--control-token-file is missing"), "{named}");
        let named = missing(None, path("view-token"), None);
        assert!(named.contains("--view-token-file is missing"), "{named}");
        let held = missing(None, None, Some(&folder.0));
        assert!(
            held.contains("half") && held.contains("has no control-token"),
            "{held}"
        );
        let held = missing(None, None, Some(&empty.0));
        assert!(held.contains("has no view-token"), "{held}");
        let beside = missing(path("view-token"), None, Some(&empty.0));
        assert!(beside.contains("has no control-token"), "{beside}");
        // A folder without a name is not the current one.
        let nameless = missing(None, None, Some(Path::new("")));
        assert!(nameless.contains("has no view-token"), "{nameless}");
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
        assert!(matches!(missing, Unusable::File(_)));
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
