//! `cargo xtask <command>`: the one tool of this project, from an empty machine to a measured binary.
//! This file only knows the arguments; each command is a module.

mod bench;
mod build;
mod dependencies;
mod environment;
mod fuzz;
mod http;
mod kernels;
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
    Test(TestArguments),
    /// Feed what parses outside bytes with made-up ones, and fail where it panics
    Fuzz {
        /// How long each target runs
        #[arg(long, default_value_t = fuzz::SECONDS, value_parser = clap::value_parser!(u32).range(1..))]
        seconds: u32,
    },
    /// Measure what it costs: the measured, the kernel, and itself
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

#[derive(Args)]
struct TestArguments {
    /// Leave out the release build and the tests that need it
    #[arg(long)]
    quick: bool,
    /// Everything: storms for a minute each instead of a quarter, and other kernels in virtual machines
    #[arg(long, conflicts_with = "quick")]
    long: bool,
    /// Only the binary, on every kernel, in virtual machines
    #[arg(long, conflicts_with = "quick")]
    kernels: bool,
    /// Only the binary, on a kernel of this series; may be given again
    #[arg(long, value_name = "SERIES", conflicts_with = "quick", value_parser = kernels::SERIES)]
    kernel: Vec<String>,
    /// Only the unit for systemd, by a systemd in a virtual machine
    #[arg(long, conflicts_with_all = ["quick", "kernels", "kernel"])]
    unit: bool,
}

#[derive(Subcommand)]
enum Bench {
    /// What measuring costs the measured: a pinned pipe benchmark, bare and under each tracer
    Kernel(Rounds),
    /// The kernel's memory for each mode, beside what `runqlat-web check` claims
    Memory,
    /// How long a reading of 10,000 keys takes
    Read(Rounds),
    /// CPU and memory of the whole program, with 1,000 busy processes
    Whole(Rounds),
    /// How soon 1,000 viewers of one server have an update, and what each costs; needs no root
    Fanout(Rounds),
    /// What one update costs the page in a browser, and what it weighs; needs no root
    Page,
    /// All of them
    All,
}

#[derive(Args)]
struct Rounds {
    /// How often each variant is measured; by default, 90 times by `kernel` and 3 by others
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
}

impl From<Bench> for bench::Bench {
    fn from(bench: Bench) -> Self {
        match bench {
            Bench::Kernel(Rounds { rounds }) => Self::Kernel { rounds },
            Bench::Memory => Self::Memory,
            Bench::Read(Rounds { rounds }) => Self::Read { rounds },
            Bench::Whole(Rounds { rounds }) => Self::Whole { rounds },
            Bench::Fanout(Rounds { rounds }) => Self::Fanout { rounds },
            Bench::Page => Self::Page,
            Bench::All => Self::All,
        }
    }
}

fn main() -> ExitCode {
    if bench::is_napper() {
        bench::nap();
        return ExitCode::SUCCESS;
    }
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
        Task::Test(TestArguments { quick: true, .. }) => test::quick(&project),
        Task::Test(TestArguments { unit: true, .. }) => test::unit(&project),
        Task::Test(TestArguments {
            kernels: false,
            kernel,
            long,
            ..
        }) if kernel.is_empty() => test::all(&project, long),
        Task::Test(TestArguments { kernel, .. }) => test::kernels(&project, &kernel),
        Task::Fuzz { seconds } => fuzz::run(&project, &setup::for_host()?, seconds),
        Task::Bench(bench) => bench::run(&project, bench.into()),
    }
}
