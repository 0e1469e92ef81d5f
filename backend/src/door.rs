//! What stands between the network and the server: tokens, the certificate, names, bounds. Files are
//! read here, before anything is measured or served.

use crate::access::{self, Access, Keys, Token};
use crate::failure::Failure;
use crate::public_url::PublicUrl;
use crate::reach::{self, Reach};
use crate::reload::{Reader, Reloader, Sources};
use crate::secrets::Named;
use crate::server::{Front, MaxViewers};
use crate::tls::{self, Certificate};
use crate::{procfs, server};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// Descriptors besides those of viewers: connections that are no viewers yet, the kernel's tables and
/// programs, files.
const OTHER_FILES: u64 = 640;

/// What the command line says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub access: access::Options,
    /// Names that people reach the server by.
    pub host_names: Vec<String>,
    /// Where people open the server, if that is a proxy. Who is at the other end of a connection is then the proxy's
    /// user, who says nothing of who asks: everybody needs a token.
    pub public_url: Option<PublicUrl>,
    pub tls: Option<tls::Files>,
    pub max_viewers: MaxViewers,
}

/// The door, before it stands anywhere.
pub struct Door {
    access: Access,
    keys: Keys,
    tls: Option<(TlsAcceptor, Arc<Certificate>)>,
    tls_files: Option<tls::Files>,
    /// Where others reach it.
    host: IpAddr,
    names: Vec<String>,
    public: Option<PublicUrl>,
    max_viewers: MaxViewers,
}

impl Door {
    /// Reads what there is to read.
    pub fn prepare(options: &Options, listen: SocketAddr) -> Result<Self, Failure> {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        let is_loopback = listen.ip().is_loopback();
        let (access, keys) = access::prepare(&options.access, is_loopback, credentials.as_deref())?;
        let tls = options.tls.as_ref().map(tls::acceptor).transpose()?;
        let needed = u64::from(options.max_viewers.all) + OTHER_FILES;
        let allowed = procfs::allow_files(needed);
        if allowed < needed {
            tracing::warn!(
                "{allowed} files may be open at once (ulimit -n), which is too few for {} viewers",
                options.max_viewers.all
            );
        }
        Ok(Self {
            access,
            keys,
            tls,
            tls_files: options.tls.clone(),
            host: reach::host(listen.ip()),
            names: options.host_names.clone(),
            public: options.public_url.clone(),
            max_viewers: options.max_viewers,
        })
    }

    /// Whether everybody needs a token, whoever they are.
    pub fn asks_everybody(&self) -> bool {
        !self.access.knows_users()
    }

    /// What reads the files again, with a process of its own where there are files. Must be called while this one may
    /// start programs.
    pub fn reloader(&self) -> Reloader {
        let sources = Sources {
            tokens: self.keys.files.clone(),
            tls: self.tls_files.clone(),
        };
        let start = || {
            let started = Reader::start(&sources);
            let unstarted = |error| {
                tracing::warn!(
                    "tokens and certificate are read again only after a restart, for what would read them can't be \
                     started: {error}"
                );
            };
            started.map_err(unstarted).ok()
        };
        let is_needed = !sources.files().is_empty();
        Reloader {
            reader: is_needed.then(start).flatten(),
            access: self.access.clone(),
            certificate: self
                .tls
                .as_ref()
                .map(|(_, certificate)| certificate.clone()),
            sources,
        }
    }

    /// Puts it before what listens there. Also what to tell the person at the terminal.
    pub fn hang(self, listening: SocketAddr) -> (Front, Vec<String>) {
        let reach = Reach {
            listening,
            host: self.host,
            names: self.names,
            public: self.public,
            tls: self.tls.is_some(),
        };
        let keys = (!self.access.knows_users()).then_some(&self.keys);
        let told = told(&reach, keys, self.access.is_read_only());
        let front = server::Front {
            reach,
            access: self.access,
            tls: self.tls.map(|(acceptor, _)| acceptor),
            max_viewers: self.max_viewers,
        };
        (front, told)
    }
}

fn told(reach: &Reach, keys: Option<&Keys>, read_only: bool) -> Vec<String> {
    let link = |token: &Token, file: Option<&Named>| match file {
        // What is in a file is not for the journal.
        Some(file) => format!(
            "{}#token=… with the token in {}",
            reach.url(),
            file.path.display()
        ),
        None => reach.link(token),
    };
    let mut told = Vec::new();
    if let Some(keys) = keys {
        let (tokens, files) = (&keys.tokens, keys.files.as_ref());
        let view = link(&tokens.view, files.map(|files| &files.view));
        told.push(format!("to view:    {view}"));
        if !read_only {
            let control = link(&tokens.control, files.map(|files| &files.control));
            told.push(format!("to control: {control}"));
        }
        if let Some(public) = reach.public.as_ref().filter(|public| public.is_plain()) {
            told.push(format!(
                "warning: whoever is on the way to {} can read the tokens; have the proxy there speak TLS",
                public.url()
            ));
        }
        if reach.is_exposed() {
            told.push(
                "warning: without TLS, whoever is on the way can read the tokens; use --tls-cert and \
                 --tls-key, or listen on 127.0.0.1 and reach it through ssh -L"
                    .into(),
            );
        }
    }
    if read_only {
        told.push("read-only: nobody can change what is measured".into());
    }
    told
}

#[cfg(test)]
mod tests {
    use super::told;
    use crate::access::{Keys, Token, TokenFiles, Tokens};
    use crate::reach::Reach;
    use crate::secrets::Named;
    use std::path::Path;

    fn keys(file: Option<&str>) -> Keys {
        let token = || Token::read("0123456789-0123456789-x").unwrap();
        let named = |path: &str| Named::secret("token file", Path::new(path));
        Keys {
            tokens: Tokens {
                view: token(),
                control: token(),
            },
            files: file.map(|path| TokenFiles {
                view: named(path),
                control: named(path),
            }),
        }
    }

    #[test]
    fn links_are_told_ready_to_open_unless_their_tokens_are_in_files() {
        let mut reach = Reach {
            listening: "10.0.0.5:8080".parse().unwrap(),
            host: "10.0.0.5".parse().unwrap(),
            names: Vec::new(),
            public: None,
            tls: false,
        };
        let made = told(&reach, Some(&keys(None)), false);
        assert_eq!(
            made[0],
            "to view:    http://10.0.0.5:8080/#token=0123456789-0123456789-x"
        );
        assert!(made[1].starts_with("to control: http://"));
        assert!(made[2].starts_with("warning: without TLS"));
        reach.tls = true;
        let held = told(&reach, Some(&keys(Some("/run/t"))), true).join("\n");
        assert!(held.contains("the token in /run/t") && !held.contains("0123456789"));
        assert!(!held.contains("warning") && !held.contains("to control"));
        assert_eq!(told(&reach, None, false), Vec::<String>::new());
    }
}
