//! Set-up: makes sure that what a command needs is on this machine, and says what it does and why.
//! Doing it again changes nothing. This file only puts the parts in order.

mod apt;
mod axe;
mod crates;
mod debian;
pub(crate) mod deny;
mod facts;
mod fuzzer;
mod linker;
mod machines;
mod peers;
mod programs;
mod proxies;
mod rustup;
mod version;
mod world;

use std::path::PathBuf;

use anyhow::Result;

use crate::privilege::Root;
use crate::project::Project;
use crate::toolchain::{Rust, Toolchain};

use self::apt::Apt;
use self::world::World;

/// The parts of the standard library that are built for WASM in both worlds: as small as the page's own code.
const WASM_LIBRARIES: &str = "std,panic_abort";

/// The compilers for one world, before bpf-linker is known.
struct Compilers {
    host: Rust,
    wasm: Rust,
    bpf: Rust,
}

/// Sets up what building needs.
pub(crate) fn for_build(project: &Project) -> Result<Toolchain> {
    let apt = Apt::new(Root::detect());
    let world = choose(&apt)?;
    compilers(project, &apt, world)
}

/// Sets up what building, testing and measuring need.
pub(crate) fn everything(project: &Project) -> Result<Toolchain> {
    let apt = Apt::new(Root::detect());
    let world = choose(&apt)?;
    let toolchain = compilers(project, &apt, world)?;
    match world {
        World::Debian => debian::set_up_lints(&apt)?,
        World::Rustup => rustup::set_up_lints(&toolchain.host)?,
    }
    fuzzer::set_up(project, &apt, &toolchain.host)?;
    peers::set_up(&apt)?;
    proxies::set_up(&apt)?;
    axe::set_up(project, &apt)?;
    deny::set_up(project, &toolchain.host)?;
    if apt.is_usable() {
        machines::set_up(&apt)?;
    } else {
        println!("setup: left out what virtual machines need: their kernels are Debian's");
    }
    Ok(toolchain)
}

/// Sets up the host's compiler alone.
pub(crate) fn for_host() -> Result<Rust> {
    let apt = Apt::new(Root::detect());
    Ok(match choose(&apt)? {
        World::Debian => debian::set_up(&apt)?.host,
        World::Rustup => rustup::set_up()?.host,
    })
}

/// Sets up what fuzzing needs besides the compiler; returns cargo-fuzz's path.
pub(crate) fn for_fuzzing(project: &Project, host: &Rust) -> Result<PathBuf> {
    fuzzer::set_up(project, &Apt::new(Root::detect()), host)
}

/// Sets up what virtual machines need, which is no toolchain.
pub(crate) fn for_kernels() -> Result<()> {
    machines::set_up(&Apt::new(Root::detect()))
}

fn choose(apt: &Apt) -> Result<World> {
    let facts = facts::gather(apt)?;
    let choice = world::choose(&facts)?;
    let (name, because) = (choice.world.name(), choice.because);
    println!(
        "setup: Rust comes from {name}: {because} ({}=debian or rustup decides otherwise)",
        facts::VARIABLE
    );
    Ok(choice.world)
}

fn compilers(project: &Project, apt: &Apt, world: World) -> Result<Toolchain> {
    let Compilers { host, wasm, bpf } = match world {
        World::Debian => debian::set_up(apt)?,
        World::Rustup => rustup::set_up()?,
    };
    let bpf_linker = linker::set_up(project, &host, &bpf)?;
    Ok(Toolchain {
        host,
        wasm,
        bpf,
        bpf_linker,
    })
}

/// One line for what is there already.
fn ok(what: &str, why: &str) {
    println!("setup: ok       {what}: {why}");
}

/// One line for what is about to be installed.
fn installing(what: &str, why: &str) {
    println!("setup: install  {what}: {why}");
}
