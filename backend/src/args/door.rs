//! The options about who may reach the server, and how.

use crate::confine::{Group, User};
use crate::procfs::sockets;
use crate::public_url::PublicUrl;
use crate::reload::Sources;
use crate::server::MaxViewers;
use crate::{access, door, tls};
use clap::Args;
use std::path::PathBuf;

/// Where the help lists them.
const HEADING: &str = "Access";

#[derive(Args)]
pub(super) struct DoorArgs {
    /// Require a token from everybody, including root and the user who starts the server
    #[arg(help_heading = HEADING, long)]
    token: bool,

    /// User of this host who needs no token, by name or uid; may be repeated
    #[arg(help_heading = HEADING, long, value_name = "NAME", value_parser = parse_user, conflicts_with_all = ["token", "public_url"])]
    allow_user: Vec<User>,

    /// Group whose members may connect to Unix sockets, by name or gid
    #[arg(help_heading = HEADING, long, value_name = "GROUP", value_parser = Group::named)]
    socket_group: Option<Group>,

    /// Print links with tokens even if stderr is not a terminal
    #[arg(help_heading = HEADING, long)]
    print_links: bool,

    /// File with the view token; without both files, the server generates both tokens
    #[arg(help_heading = HEADING, long, value_name = "FILE")]
    view_token_file: Option<PathBuf>,

    /// File with the control token
    #[arg(help_heading = HEADING, long, value_name = "FILE")]
    control_token_file: Option<PathBuf>,

    /// Let nobody change the scope, choose a name or write notes
    #[arg(help_heading = HEADING, long)]
    read_only: bool,

    /// Show only process names, and no command lines, in the list of processes to measure
    #[arg(help_heading = HEADING, long)]
    no_command_lines: bool,

    /// Host name under which people open the server; may be repeated
    #[arg(help_heading = HEADING, long, value_name = "NAME", value_parser = parse_name)]
    host_name: Vec<String>,

    /// Address of a reverse proxy that people open, such as https://ops.example/runqlat/; everybody needs a token
    #[arg(help_heading = HEADING, long, value_name = "URL", value_parser = PublicUrl::parse)]
    public_url: Option<PublicUrl>,

    /// Serve TLS with this certificate chain (PEM)
    #[arg(help_heading = HEADING, long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Private key of the certificate (PEM)
    #[arg(help_heading = HEADING, long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Maximum viewers at a time
    #[arg(help_heading = HEADING, long, value_name = "N", default_value = "256",
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    max_viewers: u32,

    /// Maximum viewers at a time from one address beyond loopback [default: a quarter of all]
    #[arg(help_heading = HEADING, long, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    max_viewers_per_address: Option<u32>,
}

impl DoorArgs {
    pub(super) fn socket_group(&self) -> Option<Group> {
        self.socket_group.clone()
    }

    pub(super) fn options(self) -> door::Options {
        let tls = self.tls_cert.zip(self.tls_key);
        door::Options {
            access: access::Options {
                tokens: self.token || self.public_url.is_some(),
                read_only: self.read_only,
                view_token_file: self.view_token_file,
                control_token_file: self.control_token_file,
            },
            command_lines: !self.no_command_lines,
            host_names: self.host_name,
            public_url: self.public_url,
            tls: tls.map(|(cert, key)| tls::Files { cert, key }),
            max_viewers: MaxViewers {
                all: self.max_viewers,
                per_address: self.max_viewers_per_address,
            },
            allowed: self.allow_user,
            print_links: self.print_links,
        }
    }
}

/// One that the kernel tells apart from others.
fn parse_user(text: &str) -> Result<User, String> {
    let user = User::named(text)?;
    match user.uid() == sockets::overflow_uid() {
        true => Err(format!(
            "the kernel shows all users whom it can't name as {user}, so it is nobody's"
        )),
        false => Ok(user),
    }
}

/// What a server's own process for reading files is given.
#[derive(Args)]
pub(super) struct FilesArgs {
    #[arg(long, requires = "control_token_file")]
    view_token_file: Option<PathBuf>,

    #[arg(long, requires = "view_token_file")]
    control_token_file: Option<PathBuf>,

    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl FilesArgs {
    pub(super) fn sources(self) -> Sources {
        let tokens = self.view_token_file.zip(self.control_token_file);
        let tls = self.tls_cert.zip(self.tls_key);
        Sources {
            tokens: tokens.map(|(view, control)| access::TokenFiles::new(&view, &control)),
            tls: tls.map(|(cert, key)| tls::Files { cert, key }),
        }
    }
}

/// As it stands in a browser's Host: without a scheme, a port or a path.
fn parse_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let in_bounds = (1..=253).contains(&text.len());
    if in_bounds && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("a name alone, such as db1.example, without http:// and port".into())
    }
}
