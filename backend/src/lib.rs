//! runqlat-web: how long tasks on this host wait for a CPU, live in a browser.
//!
//! This file wires the parts together; `ARCHITECTURE.md` draws them.

pub mod args;
pub mod failure;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;

mod access;
mod allowance;
mod announce;
pub mod audit;
mod caveats;
mod cgroup;
mod check;
mod collector;
mod confine;
mod control;
mod diagnosis;
mod directory;
mod door;
mod frame;
mod history;
mod hub;
mod interval;
mod licenses;
mod link;
mod listen;
mod notify;
mod owners;
mod print;
mod probe;
mod procfs;
mod public_url;
mod reach;
mod region;
mod reload;
mod sampler;
mod secrets;
mod server;
mod shutdown;
mod span;
mod target;
mod tls;
mod together;

use args::{Config, Print, Serve, Task};
use confine::{Confinement, Needs, User, confine};
use directory::{Directory, Host};
use door::Door;
use failure::{Explained, Failure};
use hub::Hub;
use listen::Sockets;
use notify::Notifier;
use probe::Source;
use probe::kernel::{Kernel, Settings};
use probe::synthetic::SyntheticMachine;
use procfs::Visibility;
use runqlat_common::wire::ServerInfo;
use shutdown::{Stop, Stopper};
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

/// The kernel programs, in a complete build.
#[cfg(complete)]
const BPF_OBJECT: Option<&[u8]> = Some(aya::include_bytes_aligned!(env!("BPF_OBJECT")));
#[cfg(not(complete))]
const BPF_OBJECT: Option<&[u8]> = None;

/// Threads that serve viewers, and threads for what takes long: questions, of which two are answered at a time.
const MAX_WORKERS: usize = 4;
const MAX_BLOCKING: usize = 8;

/// The version, and whether anything is missing from this build.
pub const fn version() -> &'static str {
    if cfg!(complete) {
        env!("CARGO_PKG_VERSION")
    } else {
        concat!(
            env!("CARGO_PKG_VERSION"),
            " (incomplete build: without its page and kernel programs; use cargo xtask build)"
        )
    }
}

/// Does what was asked for, until it is done or SIGINT or SIGTERM. Starts threads, and must be called
/// before there are any others, for what `confine` gives up is given up by those that are started later.
pub fn run(config: Config) -> Result<(), Failure> {
    let user = config.user.as_ref();
    match config.task {
        Task::Serve(serve) => {
            // The addresses first: the commonest mistake is a second server, and it costs nothing to find.
            let (starter, group) = (confine::starter(), serve.socket_group.as_ref());
            let sockets = Sockets::bind(&serve.listen, starter, group)?;
            let door = Door::prepare(&serve.door, &sockets.addresses(), starter)?;
            let reloader = door.reloader();
            let notifier = Notifier::from_environment();
            // Everything that needs rights is done; attaching, too, goes without them, at the start as later.
            let confinement = give_up_rights(&needs(serve.demo.is_none()), user)?;
            until_stopped(async |stop, stopper| {
                reload::on_hangups(reloader, stopper).map_err(Failure::Other)?;
                self::serve(*serve, (sockets, door, notifier), confinement, stop).await
            })
        }
        Task::Print(print) => {
            let mut needs = needs(true);
            // For the time of day.
            needs.files = ["/etc/localtime", "/usr/share/zoneinfo"]
                .map(Into::into)
                .to_vec();
            give_up_rights(&needs, user)?;
            until_stopped(|stop, _| self::print(print, stop))
        }
        Task::Check => {
            let object = BPF_OBJECT.ok_or(Failure::Incomplete)?;
            // What works then works in a server, too.
            let confinement = give_up_rights(&needs(true), user)?;
            check::run(object, &confinement, &mut std::io::stdout().lock())
        }
        Task::Link(ask) => link::run(&ask, &mut std::io::stdout().lock()),
        Task::Licenses => licenses::print(&mut std::io::stdout().lock()),
        Task::ReadFiles(sources) => reload::read_files(&sources),
    }
}

fn needs(kernel: bool) -> Needs {
    let group = match procfs::visibility() {
        Visibility::Group(group) if kernel && confine::may_join_groups() => Some(group),
        _ => None,
    };
    Needs {
        kernel,
        files: Vec::new(),
        group,
        hidden: kernel && group.is_none() && procfs::hides_processes(),
        others_files: false,
    }
}

/// Says what was to be given up and was not.
fn give_up_rights(needs: &Needs, user: Option<&User>) -> Result<Confinement, Failure> {
    let confinement = confine(needs, user).map_err(|what| {
        let hint = "start it as root, or name no user".into();
        Failure::Permission(Explained { what, hint })
    })?;
    for problem in &confinement.problems {
        tracing::warn!("it has more rights than it needs: {problem}");
    }
    Ok(confinement)
}

/// Starts all threads, and works until done or told to stop.
fn until_stopped<F>(work: impl FnOnce(Stop, Stopper) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let runtime = runtime()
        .map_err(|error| Failure::Other(anyhow::Error::new(error).context("can't start")))?;
    let (stopper, stop) = shutdown::channel();
    let ended = runtime.block_on(async {
        stop_on_signals(stopper.clone()).map_err(Failure::Other)?;
        work(stop, stopper).await
    });
    // Reading what another process holds locked may take long, and nobody waits for it any more.
    runtime.shutdown_background();
    ended
}

/// Few threads, however many CPUs there are: the work is little, and the unit in `dist` allows 64 tasks.
fn runtime() -> std::io::Result<Runtime> {
    let cpus = std::thread::available_parallelism().map_or(1, |cpus| cpus.get());
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cpus.min(MAX_WORKERS))
        .max_blocking_threads(MAX_BLOCKING)
        .enable_all()
        .build()
}

async fn print(print: Print, stop: Stop) -> Result<(), Failure> {
    let mut kernel = kernel(print.settings)?;
    print::run(&print, &mut kernel, stop, &mut std::io::stdout().lock()).await
}

async fn serve(
    serve: Serve,
    (sockets, door, notifier): (Sockets, Door, Notifier),
    confinement: Confinement,
    stop: Stop,
) -> Result<(), Failure> {
    let (urls, notes) = (sockets.urls(door.scheme()), sockets.notes.clone());
    let listeners = sockets.listen()?;
    let (source, directory): (Box<dyn Source>, Arc<dyn Directory>) = match serve.demo {
        Some(processes) => {
            let machine = SyntheticMachine::new(processes);
            let directory = Arc::new(machine.directory());
            (Box::new(machine), directory)
        }
        None => {
            let command_lines = serve.door.command_lines;
            let host = Host { command_lines };
            (Box::new(kernel(serve.settings)?), Arc::new(host))
        }
    };
    let caveats = match serve.demo {
        Some(_) => Vec::new(),
        None => caveats::of(&confinement),
    };
    let info = server_info(serve.demo.is_some(), &door, caveats);
    let hub = Hub::new(info, confinement);
    let (control, collector) = collector::spawn(source, &serve.scope, hub.clone(), stop.clone())?;

    let (front, told) = door.hang();
    announce::started(&hub.scope(), &hub.probe(), &[notes, told].concat(), &urls);
    notifier.ready();
    server::serve(listeners, front, hub, control, directory, stop).await;
    // Detaching the programs takes the kernel some 50 ms.
    let _ = collector.join();
    Ok(())
}

fn kernel(settings: Settings) -> Result<Kernel, Failure> {
    let object = BPF_OBJECT.ok_or(Failure::Incomplete)?;
    Ok(Kernel::new(object, settings)?)
}

fn server_info(demo: bool, door: &Door, caveats: Vec<String>) -> ServerInfo {
    let cpus = std::thread::available_parallelism();
    ServerInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        hostname: procfs::hostname(),
        kernel: procfs::kernel_release(),
        cpus: cpus.map_or(1, |n| n.get() as u32),
        demo,
        tokens: door.asks_everybody(),
        started_ms: procfs::now_ms(),
        caveats,
        read_only: door.is_read_only(),
    }
}

/// Lets SIGINT and SIGTERM end the program.
fn stop_on_signals(stopper: Stopper) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        stopper.stop();
    });
    Ok(())
}
