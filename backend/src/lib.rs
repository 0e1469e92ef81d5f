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
mod notify;
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
use notify::Notifier;
use probe::Source;
use probe::kernel::{Kernel, Settings};
use probe::synthetic::SyntheticMachine;
use runqlat_common::wire::{Key, ProbeState, Programs, Scope, ServerInfo};
use shutdown::{Stop, Stopper};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

/// The kernel programs, in a complete build.
#[cfg(complete)]
const BPF_OBJECT: Option<&[u8]> = Some(aya::include_bytes_aligned!(env!("BPF_OBJECT")));
#[cfg(not(complete))]
const BPF_OBJECT: Option<&[u8]> = None;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1_024;

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
            // The address first: the commonest mistake is a second server, and it costs nothing to find.
            let socket = bind(serve.listen)?;
            let door = Door::prepare(&serve.door, serve.listen)?;
            let reloader = door.reloader();
            let notifier = Notifier::from_environment();
            // Everything that needs rights is done; attaching, too, goes without them, at the start as later.
            let confinement = give_up_rights(&needs(serve.demo.is_none()), user)?;
            until_stopped(async |stop, stopper| {
                reload::on_hangups(reloader, stopper).map_err(Failure::Other)?;
                self::serve(*serve, (socket, door, notifier), confinement, stop).await
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
        Task::Licenses => licenses::print(&mut std::io::stdout().lock()),
        Task::ReadFiles(sources) => reload::read_files(&sources),
    }
}

fn needs(kernel: bool) -> Needs {
    Needs {
        kernel,
        files: Vec::new(),
        hidden: kernel && procfs::hides_processes(),
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
    let runtime = Runtime::new()
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

async fn print(print: Print, stop: Stop) -> Result<(), Failure> {
    let mut kernel = kernel(print.settings)?;
    print::run(&print, &mut kernel, stop, &mut std::io::stdout().lock()).await
}

/// A socket with this address, which nobody can connect to yet. Listening needs the runtime; this does not.
fn bind(address: SocketAddr) -> Result<TcpSocket, Failure> {
    let bind = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // As tokio's own listener: a restart needs not wait for the old one's connections to be forgotten.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket)
    };
    bind().map_err(|error| Failure::Listen { address, error })
}

async fn serve(
    serve: Serve,
    (socket, door, notifier): (TcpSocket, Door, Notifier),
    confinement: Confinement,
    stop: Stop,
) -> Result<(), Failure> {
    let listen_failure = |error| Failure::Listen {
        address: serve.listen,
        error,
    };
    let listener = socket.listen(BACKLOG).map_err(listen_failure)?;
    let address = listener.local_addr().map_err(listen_failure)?;
    let (source, directory): (Box<dyn Source>, Arc<dyn Directory>) = match serve.demo {
        Some(processes) => {
            let machine = SyntheticMachine::new(processes);
            let directory = Arc::new(machine.directory());
            (Box::new(machine), directory)
        }
        None => (Box::new(kernel(serve.settings)?), Arc::new(Host)),
    };
    let caveats = match serve.demo {
        Some(_) => Vec::new(),
        None => caveats::of(&confinement),
    };
    let info = server_info(serve.demo.is_some(), door.asks_everybody(), caveats);
    let hub = Hub::new(info, confinement);
    let (control, collector) = collector::spawn(source, &serve.scope, hub.clone(), stop.clone())?;

    let (front, told) = door.hang(address);
    announce(&hub.scope(), &hub.probe(), &told, &front.reach.address());
    notifier.ready();
    server::serve(listener, front, hub, control, directory, stop).await;
    // Detaching the programs takes the kernel some 50 ms.
    let _ = collector.join();
    Ok(())
}

fn kernel(settings: Settings) -> Result<Kernel, Failure> {
    let object = BPF_OBJECT.ok_or(Failure::Incomplete)?;
    Ok(Kernel::new(object, settings)?)
}

fn server_info(demo: bool, tokens: bool, caveats: Vec<String>) -> ServerInfo {
    let cpus = std::thread::available_parallelism();
    ServerInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        hostname: procfs::hostname(),
        kernel: procfs::kernel_release(),
        cpus: cpus.map_or(1, |n| n.get() as u32),
        demo,
        tokens,
        started_ms: procfs::now_ms(),
        caveats,
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

/// Tells the person at the terminal what is going on and where to look.
fn announce(scope: &Scope, probe: &ProbeState, told: &[String], url: &str) {
    let mut what = match scope.tgid {
        Some(tgid) => format!("waits of process {tgid}"),
        None => "waits of all tasks".to_owned(),
    };
    if let Some(cgroup) = &scope.cgroup {
        what += &format!(" in cgroup {cgroup}");
    }
    what += match scope.key {
        Key::Global => "",
        Key::Process => ", by process",
        Key::Thread => ", by thread",
        Key::Pidns => ", by pid namespace",
        Key::Cgroup => ", by cgroup",
    };
    let how = match probe {
        ProbeState::Attached { programs } => match programs {
            Programs::Typed => "",
            Programs::Raw => ", with raw tracepoints",
            Programs::Synthetic => ", synthetic (demo)",
        },
        _ => "",
    };
    let interval = Duration::from_millis(scope.interval_ms.into());
    let interval = humantime::format_duration(interval);
    let mut stderr = std::io::stderr().lock();
    // Somebody may have closed stderr; that is no reason to stop.
    let _ = writeln!(stderr, "measuring {what}, every {interval}{how}");
    for line in told {
        let _ = writeln!(stderr, "{line}");
    }
    let _ = writeln!(stderr, "listening on {url} (Ctrl-C ends)");
}
