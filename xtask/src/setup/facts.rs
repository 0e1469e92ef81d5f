//! Finds out what `world::choose` wants to know, cheap questions first.

use std::env;

use anyhow::{Result, bail};

use super::apt::Apt;
use super::world::{Facts, World};
use super::{debian, rustup};

/// The environment variable by which a person chooses.
pub(super) const VARIABLE: &str = "RUNQLAT_WEB_TOOLCHAIN";

/// Gathers the facts, and stops as soon as they decide: asking the archive can take a download.
pub(super) fn gather(apt: &Apt) -> Result<Facts> {
    let mut facts = Facts {
        forced: forced()?,
        ..Facts::default()
    };
    if facts.forced.is_some() {
        return Ok(facts);
    }
    facts.debian_complete = debian::is_complete();
    facts.rustup_complete = rustup::is_complete();
    if facts.debian_complete || facts.rustup_complete {
        return Ok(facts);
    }
    facts.rustup_present = rustup::is_present();
    facts.debian_installable = debian::is_installable(apt)?;
    Ok(facts)
}

fn forced() -> Result<Option<World>> {
    match env::var(VARIABLE).as_deref() {
        Err(_) | Ok("") => Ok(None),
        Ok("debian") => Ok(Some(World::Debian)),
        Ok("rustup") => Ok(Some(World::Rustup)),
        Ok(other) => bail!(
            "{VARIABLE} is \"{other}\", which names no toolchain\n\
             hint: set it to debian or rustup, or leave it out to have it found"
        ),
    }
}
