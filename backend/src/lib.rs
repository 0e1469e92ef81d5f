//! runqlat-web: how long tasks on this host wait for a CPU, live in a browser.
//!
//! This file wires the parts together; `ARCHITECTURE.md` draws them.

pub mod args;
pub mod failure;

mod cgroup;
mod check;
mod collector;
mod control;
mod directory;
mod history;
mod hub;
mod interval;
mod print;
mod probe;
mod procfs;
mod region;
mod server;
mod shutdown;
mod target;
mod together;

use args::{Config, Print, Serve, Task};
use directory::{Directory, Host};
use failure::Failure;
use hub::Hub;
use probe::Source;
use probe::kernel::{Kernel, Settings};
use probe::synthetic::SyntheticMachine;
use runqlat_common::wire::{Key, ProbeState, Programs, Scope, ServerInfo};
use shutdown::Stop;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// The kernel programs, in a complete build.
#[cfg(complete)]
const BPF_OBJECT: Option<&[u8]> = Some(aya::include_bytes_aligned!(env!("BPF_OBJECT")));
#[cfg(not(complete))]
const BPF_OBJECT: Option<&[u8]> = None;

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

/// Does what was asked for, until it is done or SIGINT or SIGTERM.
pub async fn run(config: Config) -> Result<(), Failure> {
    let (stopper, stop) = shutdown::channel();
    match config.task {
        Task::Serve(serve) => {
            stop_on_signals(stopper).map_err(Failure::Other)?;
            self::serve(serve, stop).await
        }
        Task::Print(print) => {
            stop_on_signals(stopper).map_err(Failure::Other)?;
            self::print(print, stop).await
        }
        Task::Check => {
            let object = BPF_OBJECT.ok_or(Failure::Incomplete)?;
            check::run(object, &mut std::io::stdout().lock())
        }
    }
}

async fn print(print: Print, stop: Stop) -> Result<(), Failure> {
    let mut kernel = kernel(print.settings)?;
    print::run(&print, &mut kernel, stop, &mut std::io::stdout().lock()).await
}

async fn serve(serve: Serve, stop: Stop) -> Result<(), Failure> {
    let listen_failure = |error| Failure::Listen {
        address: serve.listen,
        error,
    };
    // The address first: the commonest mistake is a second server, and it costs nothing to find.
    let listener = TcpListener::bind(serve.listen)
        .await
        .map_err(listen_failure)?;
    let address = listener.local_addr().map_err(listen_failure)?;
    let (source, directory): (Box<dyn Source>, Arc<dyn Directory>) = match serve.demo {
        Some(processes) => {
            let machine = SyntheticMachine::new(processes);
            let directory = Arc::new(machine.directory());
            (Box::new(machine), directory)
        }
        None => (Box::new(kernel(serve.settings)?), Arc::new(Host)),
    };
    let hub = Hub::new(server_info(serve.demo.is_some()));
    let (control, collector) = collector::spawn(source, &serve.scope, hub.clone(), stop.clone())?;

    announce(&hub.scope(), &hub.probe(), &format!("http://{address}"));
    let served = server::serve(listener, hub, control, directory, stop).await;
    // Detaching the programs takes the kernel some 50 ms.
    let _ = collector.join();
    served.map_err(|error| Failure::Other(error.into()))
}

fn kernel(settings: Settings) -> Result<Kernel, Failure> {
    let object = BPF_OBJECT.ok_or(Failure::Incomplete)?;
    Ok(Kernel::new(object, settings)?)
}

fn server_info(demo: bool) -> ServerInfo {
    let cpus = std::thread::available_parallelism();
    ServerInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        hostname: procfs::hostname(),
        kernel: procfs::kernel_release(),
        cpus: cpus.map_or(1, |n| n.get() as u32),
        demo,
    }
}

/// Lets SIGINT and SIGTERM end the program.
fn stop_on_signals(stopper: shutdown::Stopper) -> anyhow::Result<()> {
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
fn announce(scope: &Scope, probe: &ProbeState, url: &str) {
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
    let _ = writeln!(stderr, "listening on {url} (Ctrl-C ends)");
}
