//! The command line, turned into a `Config` once; nobody else sees the parser.

mod door;
mod link;
mod measure;

use crate::confine::{Group, User};
use crate::door::Options;
use crate::link::Ask;
use crate::listen::Listen;
use crate::probe::kernel::Settings;
use crate::reload::{COMMAND, Sources};
use crate::target::INTERVAL_MS;
use clap::{ArgAction, Args, Parser, Subcommand};
use door::{DoorArgs, FilesArgs};
use link::LinkArgs;
use measure::{By, MeasureArgs};
use runqlat_common::wire::Scope;
use std::time::Duration;

/// Processes of the synthetic machine unless told otherwise.
const DEMO_PROCESSES: &str = "40";

/// Where the server is unless told otherwise.
const LISTEN: &str = "localhost:8080";

/// The interval of `print` unless told otherwise: until Ctrl-C, as runqlat's.
const FOREVER: &str = "99999999";

/// What the program was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub task: Task,
    /// Who to become; nobody in particular when not given.
    pub user: Option<User>,
    pub verbose: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    Serve(Box<Serve>),
    Print(Print),
    Check,
    Licenses,
    Link(Ask),
    /// Read these for a server.
    ReadFiles(Sources),
}

/// Serve the live view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serve {
    pub listen: Vec<Listen>,
    /// May connect to Unix sockets, too.
    pub socket_group: Option<Group>,
    pub scope: Scope,
    pub settings: Settings,
    /// Synthetic data, with this many processes.
    pub demo: Option<u32>,
    pub door: Options,
}

/// Print runqlat's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Print {
    /// Without an interval.
    pub scope: Scope,
    pub settings: Settings,
    pub interval: Duration,
    /// How many intervals; `None` until Ctrl-C.
    pub count: Option<u32>,
    pub timestamps: bool,
}

/// Shows live, in a browser, how long tasks on this host wait for a CPU.
///
/// Start it as root, and open the address that it prints.
#[derive(Parser)]
#[command(name = "runqlat-web", version = crate::version(), max_term_width = 100)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_precedence_over_arg = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    serve: ServeArgs,

    /// User to run as once started, by name or uid; if started by root, nobody by default
    #[arg(long, value_name = "NAME", global = true, value_parser = User::named)]
    user: Option<User>,

    /// Log more on stderr
    #[arg(short, long, action = ArgAction::SetTrue, global = true)]
    verbose: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Print text histograms, as runqlat does
    Print(PrintArgs),
    /// Check what this kernel and the permissions here allow
    Check,
    /// Print links of the running server, for people who need a token
    Link(LinkArgs),
    /// Print the licences of the libraries in this program
    Licenses,
    /// What a server starts to read its files again; of no use by hand
    #[command(name = COMMAND, hide = true)]
    ReadFiles(FilesArgs),
}

#[derive(Args)]
struct ServeArgs {
    /// Address to listen on: localhost:PORT (both loopback addresses), ADDRESS:PORT or unix:PATH; may be repeated
    #[arg(long, value_name = "ADDRESS", default_value = LISTEN)]
    listen: Vec<Listen>,

    /// Length of an interval, from 100ms to 60s; a number without a unit is in seconds
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_interval)]
    interval: Duration,

    /// What to group waits by
    #[arg(long, value_enum, default_value = "process")]
    by: By,

    #[command(flatten)]
    measure: MeasureArgs,

    /// Show synthetic data, with N processes; needs no root
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true,
          default_missing_value = DEMO_PROCESSES, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    demo: Option<u32>,

    #[command(flatten)]
    door: DoorArgs,
}

#[derive(Args)]
struct PrintArgs {
    /// Seconds between printouts; until Ctrl-C unless given
    #[arg(value_name = "INTERVAL", default_value = FOREVER, hide_default_value = true,
          value_parser = parse_seconds)]
    interval: Duration,

    /// How many printouts; until Ctrl-C unless given
    #[arg(value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,

    /// What to group waits by
    #[arg(long, value_enum, default_value = "global")]
    by: By,

    #[command(flatten)]
    measure: MeasureArgs,

    /// Print the time of day before each printout
    #[arg(short = 'T', long)]
    timestamp: bool,
}

/// Reads the command line; on an error, or for --help and --version, prints and exits.
pub fn from_command_line() -> Config {
    config(Arguments::parse())
}

fn config(arguments: Arguments) -> Config {
    let task = match arguments.command {
        None => {
            let ServeArgs {
                listen,
                interval,
                by,
                measure,
                demo,
                door,
            } = arguments.serve;
            Task::Serve(Box::new(Serve {
                listen,
                socket_group: door.socket_group(),
                scope: measure.scope(by, interval.as_millis() as u32),
                settings: measure.settings(),
                demo,
                door: door.options(),
            }))
        }
        Some(Command::Print(print)) => Task::Print(Print {
            scope: print.measure.scope(print.by, 0),
            settings: print.measure.settings(),
            interval: print.interval,
            count: print.count,
            timestamps: print.timestamp,
        }),
        Some(Command::Check) => Task::Check,
        Some(Command::Link(link)) => Task::Link(link.ask()),
        Some(Command::Licenses) => Task::Licenses,
        Some(Command::ReadFiles(files)) => Task::ReadFiles(files.sources()),
    };
    Config {
        task,
        user: arguments.user,
        verbose: arguments.verbose,
    }
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    let interval = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|e| e.to_string())?,
        Err(_) => humantime::parse_duration(text).map_err(|e| e.to_string())?,
    };
    let bounds = [INTERVAL_MS.start(), INTERVAL_MS.end()];
    let [least, most] = bounds.map(|&ms| Duration::from_millis(ms.into()));
    if (least..=most).contains(&interval) {
        Ok(interval)
    } else {
        Err("an interval lasts from 100ms to 60s".into())
    }
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    if (0.1..=1e8).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("an interval lasts at least 0.1 seconds".into())
    }
}

#[cfg(test)]
mod tests;
