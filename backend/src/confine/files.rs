//! What may be opened from now on: /proc and /sys, for reading. Landlock holds whoever the process is, and
//! takes the network along where the kernel's version of it can.

use super::Needs;
use crate::cgroup;
use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, make_bitflags, path_beneath_rules,
};
use std::path::PathBuf;

/// The newest version that is asked for; the crate leaves out what the kernel does not know.
const NEWEST: ABI = ABI::V10;

/// The version that holds; `None` where the kernel has none or it must be left out.
pub(super) fn restrict(needs: &Needs) -> Result<Option<u32>, String> {
    if needs.hidden {
        // It would take away what CAP_SYS_PTRACE gives: who is held by it may look at nobody outside.
        return Err(
            "it would hide all processes, since /proc shows them to tracers only (hidepid)".into(),
        );
    }
    let status = rules(needs).map_err(|error| error.to_string())?;
    match (status.ruleset, status.landlock) {
        (
            RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced,
            LandlockStatus::Available {
                effective_abi,
                kernel_abi,
            },
        ) => Ok(Some(
            kernel_abi.map_or(effective_abi as u32, i32::unsigned_abs),
        )),
        (_, LandlockStatus::NotImplemented | LandlockStatus::NotEnabled) => Ok(None),
        (_, status) => Err(format!("{status:?}, and yet it does not hold")),
    }
}

/// No rule for the network: the socket that is listened on is bound already. None for signals to others
/// and for abstract sockets, either.
fn rules(needs: &Needs) -> Result<landlock::RestrictionStatus, RulesetError> {
    let read = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rules(path_beneath_rules(readable(needs), read))?
        .restrict_self()
}

/// Files and folders with all that is below. The v2 hierarchy is mounted below /sys, if not elsewhere.
fn readable(needs: &Needs) -> Vec<PathBuf> {
    let mut readable: Vec<PathBuf> = vec!["/proc".into(), "/sys".into()];
    readable.extend(cgroup::v2(&cgroup::mounted()).map(|mount| mount.point.clone()));
    readable.extend(needs.files.iter().cloned());
    readable
}
