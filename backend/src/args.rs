//! The command line, turned into a `Config` once; nobody else sees the parser.

use crate::probe::kernel::MAX_KEYS;
use clap::{ArgAction, Parser, ValueEnum};
use runqlat_common::wire::Key;
use std::net::SocketAddr;
use std::time::Duration;

/// Shortest and longest interval.
const INTERVALS: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(60);

/// Processes of the synthetic machine unless told otherwise.
const DEMO_PROCESSES: &str = "40";

/// What the program was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub listen: SocketAddr,
    pub interval: Duration,
    pub key: Key,
    /// Measure this process alone.
    pub tgid: Option<u32>,
    /// Room for processes, instead of what fits the host.
    pub max_processes: Option<u32>,
    /// Synthetic data, with this many processes.
    pub demo: Option<u32>,
    pub raw_programs: bool,
    pub verbose: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum By {
    /// The whole system in one histogram: cheapest
    Global,
    /// A histogram for each process (tgid)
    Process,
}

/// Shows live, in a browser, how long tasks on this host wait for a CPU.
///
/// Start it as root and open the address that it prints.
#[derive(Parser)]
#[command(name = "runqlat-web", version = crate::version(), max_term_width = 100)]
struct Args {
    /// Address to serve on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Length of an interval, from 100ms to 60s; a bare number is seconds
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_interval)]
    interval: Duration,

    /// What waits are counted by
    #[arg(long, value_enum, default_value = "process")]
    by: By,

    /// Count waits by process; the same as --by process
    #[arg(short = 'P', conflicts_with = "by")]
    by_process: bool,

    /// Measure this process only
    #[arg(short, long, value_name = "TGID", value_parser = clap::value_parser!(u32).range(1..))]
    pid: Option<u32>,

    /// Room for processes in the kernel's table; by default, twice what runs at the start
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_KEYS)))]
    max_processes: Option<u32>,

    /// Show synthetic data, with N processes; needs no root
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true,
          default_missing_value = DEMO_PROCESSES, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    demo: Option<u32>,

    /// Use the kernel programs for older kernels even where the others load
    #[arg(long)]
    raw_programs: bool,

    /// Say more on stderr
    #[arg(short, long, action = ArgAction::SetTrue)]
    verbose: bool,
}

/// Reads the command line; on an error, or for --help and --version, prints and exits.
pub fn from_command_line() -> Config {
    config(Args::parse())
}

fn config(args: Args) -> Config {
    let key = match args.by {
        By::Global => Key::Global,
        By::Process => Key::Process,
    };
    Config {
        listen: args.listen,
        interval: args.interval,
        key,
        tgid: args.pid,
        max_processes: args.max_processes,
        demo: args.demo,
        raw_programs: args.raw_programs,
        verbose: args.verbose,
    }
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    let interval = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|e| e.to_string())?,
        Err(_) => humantime::parse_duration(text).map_err(|e| e.to_string())?,
    };
    if INTERVALS.contains(&interval) {
        Ok(interval)
    } else {
        Err("an interval lasts from 100ms to 60s".into())
    }
}

#[cfg(test)]
mod tests {
    use super::{Args, Config, config, parse_interval};
    use clap::{CommandFactory, Parser};
    use runqlat_common::wire::Key;
    use std::time::Duration;

    fn parse(line: &str) -> Result<Config, String> {
        let words = std::iter::once("runqlat-web").chain(line.split_whitespace());
        let args = Args::try_parse_from(words);
        args.map(config).map_err(|error| error.to_string())
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn defaults_are_local_and_by_process() {
        let config = parse("").unwrap();
        assert!(config.listen.ip().is_loopback());
        assert_eq!(config.listen.port(), 8_080);
        assert_eq!(config.interval, Duration::from_secs(1));
        assert_eq!(config.key, Key::Process);
        assert_eq!(config.demo, None);
    }

    #[test]
    fn options_reach_the_config() {
        let config =
            parse("--by global -p 12 --interval 0.25 --demo=7 --max-processes 65536 -v").unwrap();
        assert_eq!(config.key, Key::Global);
        assert_eq!(config.tgid, Some(12));
        assert_eq!(config.interval, Duration::from_millis(250));
        assert_eq!(config.demo, Some(7));
        assert_eq!(config.max_processes, Some(65_536));
        assert!(config.verbose);
        assert_eq!(parse("-P").unwrap().key, Key::Process);
        assert_eq!(parse("--demo").unwrap().demo, Some(40));
    }

    #[test]
    fn intervals_have_units_and_bounds() {
        let table = [
            ("1", Some(1_000)),
            ("0.1", Some(100)),
            ("100ms", Some(100)),
            ("2s", Some(2_000)),
            ("1min", Some(60_000)),
            ("99ms", None),
            ("61s", None),
            ("0", None),
            ("-1", None),
            ("nan", None),
            ("1e300", None),
            ("soon", None),
            ("", None),
        ];
        for (text, ms) in table {
            let parsed = parse_interval(text).ok();
            assert_eq!(parsed, ms.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn wrong_input_is_refused_with_what_is_right() {
        let table = [
            ("--by thread", "[possible values: global, process]"),
            ("--interval 5ms", "from 100ms to 60s"),
            ("--listen localhost", "invalid socket address"),
            ("--pid 0", "0 is not in 1.."),
            ("--max-processes 0", "0 is not in 1..="),
            ("--whatever", "unexpected argument '--whatever'"),
            ("-P --by global", "cannot be used with"),
        ];
        for (line, said) in table {
            let error = parse(line).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
        }
    }
}
