//! The program: reads the command line, runs, and says how it ended.

use runqlat_web::{args, run};
use std::io::{IsTerminal, stderr};
use std::process::ExitCode;
use tracing::Level;

fn main() -> ExitCode {
    let config = args::from_command_line();
    let level = if config.verbose {
        Level::DEBUG
    } else {
        Level::WARN
    };
    let colours = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(stderr)
        .with_ansi(colours)
        .init();
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("runqlat-web: {failure}\nhint: {}", failure.hint());
            ExitCode::from(failure.exit_code())
        }
    }
}
