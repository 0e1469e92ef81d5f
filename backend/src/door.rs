//! What stands between the network and the server: tokens, the certificate, names, bounds. Files are
//! read here, before anything is measured or served.

use crate::access::local::Local;
use crate::access::{self, Access, Keys, Token};
use crate::confine::User;
use crate::failure::Failure;
use crate::owners::Owners;
use crate::procfs::{self, sockets};
use crate::public_url::PublicUrl;
use crate::reach::{self, Reach};
use crate::reload::{Reader, Reloader, Sources};
use crate::secrets::Named;
use crate::server::{self, Front, MaxViewers};
use crate::tls::{self, Certificate};
use std::fs::File;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
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
    /// Whether those who may control see command lines.
    pub command_lines: bool,
    /// Names that people reach the server by.
    pub host_names: Vec<String>,
    /// Where people open the server, if that is a proxy. Who is at the other end of a connection is then the proxy's
    /// user, who says nothing of who asks: everybody needs a token.
    pub public_url: Option<PublicUrl>,
    pub tls: Option<tls::Files>,
    pub max_viewers: MaxViewers,
    /// Users of this host who need no token, besides root and who starts the server.
    pub allowed: Vec<User>,
    /// Links are printed even where stderr is no terminal.
    pub print_links: bool,
}

/// The door, before it stands anywhere.
pub struct Door {
    access: Access,
    keys: Keys,
    local: Local,
    /// Whose server it is.
    owner: String,
    tls: Option<(TlsAcceptor, Arc<Certificate>)>,
    tls_files: Option<tls::Files>,
    reach: Reach,
    max_viewers: MaxViewers,
    links: Links,
    owners: Owners,
}

impl Door {
    /// Reads what there is to read. `starter` is the user who starts the server, if somebody real does.
    pub fn prepare(
        options: &Options,
        listening: &[SocketAddr],
        starter: Option<u32>,
    ) -> Result<Self, Failure> {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        let (access, keys) = access::prepare(&options.access, credentials.as_deref())?;
        let tls = options.tls.as_ref().map(tls::acceptor).transpose()?;
        let allowed = options.allowed.iter().map(User::uid).collect();
        let needed = u64::from(options.max_viewers.all) + OTHER_FILES;
        let could = procfs::allow_files(needed);
        if could < needed {
            tracing::warn!(
                "{could} files may be open at once (ulimit -n), which is too few for {} viewers",
                options.max_viewers.all
            );
        }
        let foremost = reach::foremost(listening);
        Ok(Self {
            access,
            keys,
            // Users' names can't be read once rights are given up.
            owner: User::numbered(starter.unwrap_or_default()).name().into(),
            local: Local::new(starter, allowed, sockets::overflow_uid()),
            reach: Reach {
                listening: foremost,
                all: listening.to_vec(),
                host: reach::host(foremost.ip()),
                names: options.host_names.clone(),
                public: options.public_url.clone(),
                tls: tls.is_some(),
            },
            tls,
            tls_files: options.tls.clone(),
            max_viewers: options.max_viewers,
            links: Links::of_stderr(options.print_links),
            owners: Owners::open(),
        })
    }

    /// Whether everybody needs a token, whoever they are.
    pub fn asks_everybody(&self) -> bool {
        !self.access.knows_users()
    }

    pub fn scheme(&self) -> &'static str {
        self.reach.scheme()
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

    pub fn is_read_only(&self) -> bool {
        self.access.is_read_only()
    }

    /// Puts it before what listens there. Also what to tell the person at the terminal.
    pub fn hang(self) -> (Front, Vec<String>) {
        let told = self.told();
        let front = server::Front {
            reach: self.reach,
            access: self.access,
            local: self.local,
            owner: self.owner,
            tls: self.tls.map(|(acceptor, _)| acceptor),
            max_viewers: self.max_viewers,
            owners: Arc::new(self.owners),
        };
        (front, told)
    }

    fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        // On this host alone, whoever may look needs no link.
        let need_links = self.asks_everybody() || self.reach.is_exposed();
        if need_links || self.links == Links::AskedFor {
            told.extend(self.links());
        }
        if let Some(public) = self
            .reach
            .public
            .as_ref()
            .filter(|public| public.is_plain())
        {
            told.push(format!(
                "warning: whoever is on the way to {} can read the tokens; have the proxy there speak TLS",
                public.url()
            ));
        }
        if self.reach.is_exposed() {
            told.push(
                "warning: without TLS, whoever is on the way can read the tokens; use --tls-cert and \
                 --tls-key, or listen on localhost and reach it through ssh -L"
                    .into(),
            );
        }
        if self.access.is_read_only() {
            told.push(
                "read-only: nobody can change what is measured, give a name or write notes".into(),
            );
        }
        told
    }

    fn links(&self) -> Vec<String> {
        let url = self.reach.url();
        let (tokens, files) = (&self.keys.tokens, self.keys.files.as_ref());
        let rights = [
            ("to view:    ", &tokens.view, files.map(|files| &files.view)),
            (
                "to control: ",
                &tokens.control,
                files.map(|files| &files.control),
            ),
        ];
        let wanted = if self.access.is_read_only() { 1 } else { 2 };
        let link = |(to, token, file): (&str, &Token, Option<&Named>)| match file {
            // What is in a file is not for the terminal either.
            Some(file) => format!(
                "{to}{url}#token=… with the token in {}",
                file.path.display()
            ),
            None => format!("{to}{}", self.reach.link(token)),
        };
        if files.is_none() && !self.links.are_printed() {
            return vec![self.links.instead(self.asks_everybody()).into()];
        }
        rights.into_iter().take(wanted).map(link).collect()
    }
}

/// Whether links with tokens are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Links {
    /// To the person at the terminal.
    Terminal,
    AskedFor,
    /// Somebody else may read it, and later.
    Hidden,
    /// The journal keeps what it gets.
    Journal,
}

impl Links {
    fn of_stderr(asked_for: bool) -> Self {
        match asked_for {
            _ if is_journal() => Self::Journal,
            true => Self::AskedFor,
            false if std::io::stderr().is_terminal() => Self::Terminal,
            false => Self::Hidden,
        }
    }

    fn are_printed(self) -> bool {
        matches!(self, Self::Terminal | Self::AskedFor)
    }

    /// What is said in their place.
    fn instead(self, asks_everybody: bool) -> &'static str {
        match (self, asks_everybody) {
            (_, false) => "links for others: `runqlat-web link` prints one",
            (Self::Journal, true) => {
                "links are not written to the journal: name files with tokens (--view-token-file, \
                 --control-token-file)"
            }
            (_, true) => {
                "links are printed to a terminal only, or with --print-links; or name files with tokens \
                 (--view-token-file, --control-token-file)"
            }
        }
    }
}

/// Whether stderr is the journal's stream, which systemd names by its device and inode.
fn is_journal() -> bool {
    let Ok(named) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    let stderr = std::io::stderr().as_fd().try_clone_to_owned();
    let metadata = stderr.and_then(|stderr| File::from(stderr).metadata());
    metadata.is_ok_and(|found| named == format!("{}:{}", found.dev(), found.ino()))
}

#[cfg(test)]
mod tests;
