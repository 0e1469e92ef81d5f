//! runqlat-web: how long tasks on this host wait for a CPU, live in a browser.
//!
//! This file wires the parts together; `ARCHITECTURE.md` draws them.

pub mod args;
pub mod failure;

mod collector;
mod history;
mod hub;
mod interval;
mod probe;
mod procfs;
mod server;
mod shutdown;

use args::Config;
use failure::Failure;
use hub::Hub;
use probe::Probe;
use probe::kernel::{KernelProbe, Options, Sizes};
use probe::synthetic::SyntheticProbe;
use runqlat_common::wire::{Key, Programs, Scope, ServerInfo};
use std::io::Write;
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

/// Measures and serves until SIGINT or SIGTERM.
pub async fn run(config: Config) -> Result<(), Failure> {
    let listen_failure = |error| Failure::Listen {
        address: config.listen,
        error,
    };
    // The address first: the commonest mistake is a second server, and it costs nothing to find.
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(listen_failure)?;
    let address = listener.local_addr().map_err(listen_failure)?;
    let probe = probe(&config)?;
    let programs = probe.programs();
    let hub = Hub::new(server_info(&config), scope(&config));
    let (stopper, stop) = shutdown::channel();
    let collector = collector::spawn(probe, hub.clone(), stop.clone()).map_err(Failure::Other)?;
    stop_on_signals(stopper).map_err(Failure::Other)?;

    announce(&config, programs, &format!("http://{address}"));
    let served = server::serve(listener, hub, stop).await;
    // Detaching the programs takes the kernel some 50 ms.
    let _ = collector.join();
    served.map_err(|error| Failure::Other(error.into()))
}

fn probe(config: &Config) -> Result<Box<dyn Probe>, Failure> {
    if let Some(processes) = config.demo {
        let interval_ns = config.interval.as_nanos() as u64;
        return Ok(Box::new(SyntheticProbe::new(processes, interval_ns)));
    }
    let object = BPF_OBJECT.ok_or(Failure::Incomplete)?;
    let host = || Ok((procfs::pid_max()?, procfs::tgids()?.len()));
    let (pid_max, processes) = host().map_err(|error: std::io::Error| {
        Failure::Other(anyhow::Error::new(error).context("can't read /proc"))
    })?;
    let options = Options {
        key: config.key,
        tgid: config.tgid,
        sizes: Sizes::for_host(pid_max, processes, config.max_processes),
        force_raw: config.raw_programs,
    };
    tracing::debug!("tables: {:?}", options.sizes);
    Ok(Box::new(KernelProbe::attach(object, &options)?))
}

fn server_info(config: &Config) -> ServerInfo {
    let cpus = std::thread::available_parallelism();
    ServerInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        hostname: procfs::hostname(),
        kernel: procfs::kernel_release(),
        cpus: cpus.map_or(1, |n| n.get() as u32),
        demo: config.demo.is_some(),
    }
}

fn scope(config: &Config) -> Scope {
    Scope {
        key: config.key,
        tgid: config.tgid,
        interval_ms: config.interval.as_millis() as u32,
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
fn announce(config: &Config, programs: Programs, url: &str) {
    let tasks = match (config.demo, config.tgid) {
        (Some(_), _) => "synthetic waits (demo)".to_owned(),
        (None, Some(tgid)) => format!("waits of process {tgid}"),
        (None, None) => "waits of all tasks".to_owned(),
    };
    let by = match config.key {
        Key::Global => "",
        Key::Process => ", by process",
    };
    let how = match programs {
        Programs::Raw => ", with raw tracepoints",
        Programs::Typed | Programs::Synthetic => "",
    };
    let interval = humantime::format_duration(config.interval);
    let mut stderr = std::io::stderr().lock();
    // Somebody may have closed stderr; that is no reason to stop.
    let _ = writeln!(stderr, "measuring {tasks}{by}, every {interval}{how}");
    let _ = writeln!(stderr, "listening on {url} (Ctrl-C ends)");
}
