//! The parts of root's power, of which two are needed.

use super::Needs;
use caps::{CapSet, Capability, CapsHashSet};

/// What is worth keeping, whoever has it.
pub(super) fn wanted(needs: &Needs) -> CapsHashSet {
    let mut wanted = CapsHashSet::new();
    if needs.kernel {
        wanted.extend([Capability::CAP_BPF, Capability::CAP_PERFMON]);
    }
    if needs.hidden {
        wanted.insert(Capability::CAP_SYS_PTRACE);
    }
    if needs.others_files {
        wanted.insert(reading());
    }
    wanted
}

/// What it takes to read others' files. Container engines leave out the lesser of the two; without writing, as landlock
/// and seccomp have it, they come to the same.
fn reading() -> Capability {
    let has = |capability| caps::has_cap(None, CapSet::Permitted, capability).unwrap_or(false);
    match has(Capability::CAP_DAC_READ_SEARCH) {
        true => Capability::CAP_DAC_READ_SEARCH,
        false => Capability::CAP_DAC_OVERRIDE,
    }
}

/// Nothing that is executed later can have any. Only who has CAP_SETPCAP can do so; for others
/// no_new_privs says the same.
pub(super) fn empty_bounds() -> Result<(), String> {
    let may = caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP);
    if !may.map_err(text)? {
        return Ok(());
    }
    caps::clear(None, CapSet::Bounding).map_err(text)
}

/// Drops all but those of `wanted` that it has.
pub(super) fn keep(wanted: &CapsHashSet) -> Result<(), String> {
    let had = caps::read(None, CapSet::Permitted).map_err(text)?;
    let kept = had.intersection(wanted).copied().collect();
    caps::clear(None, CapSet::Ambient).map_err(text)?;
    // The effective ones first: they are never more than those permitted.
    for (set, value) in [
        (CapSet::Effective, &kept),
        (CapSet::Inheritable, &CapsHashSet::new()),
        (CapSet::Permitted, &kept),
    ] {
        caps::set(None, set, value).map_err(text)?;
    }
    Ok(())
}

/// What it has now, by name.
pub(super) fn left() -> Vec<String> {
    let left = caps::read(None, CapSet::Permitted).unwrap_or_default();
    let mut names: Vec<String> = left.iter().map(ToString::to_string).collect();
    names.sort_unstable();
    names
}

#[allow(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn text(error: caps::errors::CapsError) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::{keep, left, wanted};
    use crate::confine::Needs;

    #[test]
    fn a_thread_keeps_what_is_wanted_and_had() {
        // A thread of its own: the other tests go on with what they have.
        let after = std::thread::spawn(|| {
            let before = left();
            let wanted = wanted(&Needs {
                kernel: true,
                files: Vec::new(),
                hidden: false,
                others_files: false,
            });
            keep(&wanted).unwrap();
            let mut expected: Vec<_> = before
                .into_iter()
                .filter(|name| name == "CAP_BPF" || name == "CAP_PERFMON")
                .collect();
            expected.sort_unstable();
            assert_eq!(left(), expected);
            keep(&caps::CapsHashSet::new()).unwrap();
            left()
        });
        assert_eq!(after.join().unwrap(), Vec::<String>::new());
    }
}
