//! `cargo xtask <command>`: the one tool of this project, from an empty machine to a measured binary.
//! This file only knows the arguments; each command is a module.

mod bench;
mod build;
mod environment;
mod privilege;
mod process;
mod project;
mod run;
mod setup;
mod test;
mod toolchain;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::project::Project;

/// Sets up, builds, runs, tests and measures runqlat-web.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what building, testing and measuring need; what is there is left alone
    Setup,
    /// Build one binary with page and kernel programs inside, and print its path
    Build(BuildArguments),
    /// Build, then start the server as root
    Run {
        /// Arguments for the server, after `--`
        #[arg(last = true)]
        server: Vec<String>,
    },
    /// Check formatting and lints, test the logic, build, and test the whole on this machine
    Test {
        /// Leave out the release build and the tests that need it
        #[arg(long)]
        quick: bool,
    },
    /// Measure against a peer
    #[command(subcommand)]
    Bench(Bench),
}

#[derive(Args)]
struct BuildArguments {
    /// Only the kernel programs
    #[arg(long, conflicts_with = "page")]
    bpf: bool,
    /// Only the page
    #[arg(long)]
    page: bool,
}

#[derive(Subcommand)]
enum Bench {
    /// What measuring costs the measured: a pinned pipe benchmark, bare and under each tracer
    Kernel {
        /// How often each variant is measured
        #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
        rounds: u32,
    },
}

fn main() -> ExitCode {
    match perform(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

fn perform(arguments: Arguments) -> Result<()> {
    let project = Project::locate()?;
    match arguments.command {
        Task::Setup => setup::everything(&project).map(drop),
        Task::Build(BuildArguments { bpf: true, .. }) => {
            build::bpf(&project, &setup::for_build(&project)?).map(drop)
        }
        Task::Build(BuildArguments { page: true, .. }) => {
            build::page(&project, &setup::for_build(&project)?).map(drop)
        }
        Task::Build(_) => build::all(&project, &setup::for_build(&project)?).map(drop),
        Task::Run { server } => run::run(&project, &server),
        Task::Test { quick } => test::test(&project, quick),
        Task::Bench(Bench::Kernel { rounds }) => bench::kernel(&project, rounds),
    }
}
