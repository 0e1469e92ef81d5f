//! SIGHUP: tokens, certificate and key are read again from their files. This process can't read them any more, for it has
//! given up its rights; `reader` is another, started before, that reads these files and does nothing else.

mod reader;

pub use reader::{COMMAND, Reader, run as read_files};

use crate::access::{Access, TokenFiles};
use crate::audit::{Role, Who};
use crate::secrets::{Named, Unread};
use crate::shutdown::Stopper;
use crate::tls::{self, Certificate};
use std::io::IsTerminal;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// The files that are read again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    pub tokens: Option<TokenFiles>,
    pub tls: Option<tls::Files>,
}

impl Sources {
    /// Those with tokens first, in an order that `Reloader` relies on.
    pub fn files(&self) -> Vec<Named> {
        let tokens = self.tokens.iter().cloned();
        let tokens = tokens.flat_map(|files| [files.view, files.control]);
        tokens
            .chain(self.tls.iter().flat_map(tls::Files::named))
            .collect()
    }
}

/// What is there to be replaced.
pub struct Reloader {
    pub sources: Sources,
    pub access: Access,
    pub certificate: Option<Arc<Certificate>>,
    /// None where it could not be started, which has been said.
    pub reader: Option<Reader>,
}

/// Reads the files again with every SIGHUP. Ends the program with its terminal, as SIGHUP does where nobody handles it.
pub fn on_hangups(mut reloader: Reloader, stopper: Stopper) -> anyhow::Result<()> {
    let terminals = terminals();
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            if self::terminals() < terminals {
                tracing::info!("the terminal is gone");
                return stopper.stop();
            }
            reloader.reload().await;
        }
    });
    Ok(())
}

/// How many of the three that every program has lead to a terminal.
fn terminals() -> usize {
    let are = [
        std::io::stdin().is_terminal(),
        std::io::stdout().is_terminal(),
        std::io::stderr().is_terminal(),
    ];
    are.into_iter().filter(|is| *is).count()
}

impl Reloader {
    async fn reload(&mut self) {
        let files = self.sources.files();
        if files.is_empty() {
            return say(
                "",
                "nothing to reload: no files with tokens or a certificate are named",
            );
        }
        let read = match &mut self.reader {
            Some(reader) => reader.ask(files.len()).await,
            None => Err("the process that reads them was not started".into()),
        };
        let mut read = match read {
            Ok(read) => read.into_iter(),
            Err(why) => {
                return say(
                    "",
                    &format!("nothing was reloaded: {why}; restart the server"),
                );
            }
        };
        let mut next = || read.next().unwrap_or_else(|| Err(Unread::nothing()));
        if let Some(files) = &self.sources.tokens {
            match files.tokens([next(), next()]) {
                Ok(tokens) => match self.access.replace(tokens) {
                    true => say("tokens", "done: who came in by the old ones is out"),
                    false => say("tokens", "done: they are the same"),
                },
                Err(error) => stays("tokens", &error, &error.hint()),
            }
        }
        if let (Some(files), Some(certificate)) = (&self.sources.tls, &self.certificate) {
            match files.certify([next(), next()]) {
                Ok(new) => match certificate.replace(new) {
                    true => say("certificate", "done: new connections get it"),
                    false => say("certificate", "done: it is the same"),
                },
                Err(error) => stays("certificate", &error, &error.hint()),
            }
        }
    }
}

/// The old one stays in force.
fn stays(what: &str, error: &dyn std::fmt::Display, hint: &str) {
    say(what, &format!("the old one stays: {error}"));
    tracing::warn!("{error}; the old {what} stays in force. Hint: {hint}");
}

fn say(detail: &str, result: &str) {
    let who = Who {
        peer: &"SIGHUP",
        uid: None,
        role: Role::Control,
    };
    who.did("reload", detail, result);
}
