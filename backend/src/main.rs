//! The program: reads the command line, runs, and says how it ended.

use runqlat_web::{args, audit, run};
use std::io::{IsTerminal, stderr};
use std::process::ExitCode;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

fn main() -> ExitCode {
    let config = args::from_command_line();
    let level = if config.verbose {
        LevelFilter::DEBUG
    } else {
        LevelFilter::WARN
    };
    let colours = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let written = Targets::new()
        .with_default(level)
        .with_target(audit::TARGET, LevelFilter::INFO);
    let lines = fmt::layer().with_writer(stderr).with_ansi(colours);
    registry().with(written).with(lines).init();
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("runqlat-web: {failure}\nhint: {}", failure.hint());
            ExitCode::from(failure.exit_code())
        }
    }
}
