//! Why this host can't be measured: turns a refusal by the kernel and the facts about the environment into a sentence
//! and a hint. Pure; `facts` reads the environment.

mod facts;

pub use facts::Facts;

use crate::failure::{Explained, Failure};
use crate::probe::kernel::AttachError;
use facts::{BPF, PERFMON};

/// Kernels before this one count the tables as locked memory.
const WITHOUT_MEMLOCK: (u32, u32) = (5, 11);

const DEMO: &str = "`runqlat-web --demo` shows synthetic data on any";

/// Explains an error that ends the program or refuses a change of scope.
pub fn explain(error: &AttachError, facts: &Facts) -> Failure {
    match error {
        AttachError::Permission => Failure::Permission(refused(error, facts)),
        AttachError::Refused { .. } if facts.locked_down == "confidentiality" => {
            Failure::Unsupported(Explained {
                what: "the kernel is locked down (confidentiality), and lets no BPF program copy its memory, which \
                       the names of processes, threads, groups and namespaces need"
                    .into(),
                hint: "the whole system can be measured all the same: --by global; for more, boot with \
                       lockdown=integrity on the kernel's command line (/sys/kernel/security/lockdown shows what holds)"
                    .into(),
            })
        }
        AttachError::NoBtf(_) if !facts.has_sysfs => Failure::Unsupported(Explained {
            what: error.to_string(),
            hint: "/sys is not mounted here; a container gets it by -v /sys:/sys:ro".into(),
        }),
        AttachError::NoBtf(_)
        | AttachError::BadBtf(_)
        | AttachError::Field { .. }
        | AttachError::Refused { .. } => Failure::Unsupported(Explained {
            what: error.to_string(),
            hint: format!(
                "Linux 5.10 or newer, built with CONFIG_DEBUG_INFO_BTF=y, is needed; {DEMO}"
            ),
        }),
        AttachError::Memory { needed, keyed } => Failure::Memory(too_large(*needed, *keyed, facts)),
        AttachError::Maps(_)
        | AttachError::Table(_)
        | AttachError::Map(_)
        | AttachError::Object(_) => {
            Failure::Other(anyhow::anyhow!("{error}"))
        }
    }
}

/// bpf() was refused. A missing capability explains it; if both are there, something else refuses it.
fn refused(error: &AttachError, facts: &Facts) -> Explained {
    let missing: Vec<&str> = [("CAP_BPF", BPF), ("CAP_PERFMON", PERFMON)]
        .into_iter()
        .filter(|(_, bit)| facts.capabilities & bit == 0)
        .map(|(name, _)| name)
        .collect();
    if !missing.is_empty() {
        return Explained {
            what: format!("{error}: {} is missing", missing.join(" and ")),
            hint: "run it as root (sudo runqlat-web), or with the capabilities CAP_BPF and CAP_PERFMON (in a \
                   container --cap-add BPF --cap-add PERFMON)"
                .into(),
        };
    }
    let (because, hint) = with_capabilities(facts);
    Explained {
        what: format!("{error}: CAP_BPF and CAP_PERFMON are there, and {because}"),
        hint: hint.into(),
    }
}

/// What refuses bpf() to a program that has the capabilities, and what to do. The likeliest cause comes first.
fn with_capabilities(facts: &Facts) -> (&'static str, &'static str) {
    if facts.in_user_namespace {
        (
            "worth nothing in a user namespace",
            "run it in the host's user namespace: not in a rootless container, nor with userns-remap or \
             PrivateUsers=yes",
        )
    } else if facts.foreign_filters > 0 {
        (
            "a filter of system calls (seccomp), as of a container or a unit, refuses bpf() all the same",
            "let the filter pass bpf: --security-opt seccomp=unconfined or a profile of one's own (docker, podman), \
             SystemCallFilter=bpf (systemd), --system-call-filter=bpf (systemd-nspawn)",
        )
    } else if facts.memlock.is_some() && facts.release < WITHOUT_MEMLOCK {
        (
            "the limit of locked memory is too small for the tables, which before Linux 5.11 count as such",
            "ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit",
        )
    } else {
        (
            "bpf() is refused all the same, as by a security module (SELinux, AppArmor)",
            "its log has the reason: ausearch -m avc -c runqlat-web, or dmesg",
        )
    }
}

/// There is not enough memory for the tables and for the program beside them.
fn too_large(needed: u64, keyed: bool, facts: &Facts) -> Explained {
    let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    let needs = format!(
        "{} of memory are needed, the kernel's tables among it",
        megabytes(needed)
    );
    let (what, raise) = match &facts.memory {
        Some(limit) => (
            format!(
                "{needs}, and the limit of cgroup {} is {}",
                limit.group,
                megabytes(limit.bytes)
            ),
            "raise the limit (MemoryMax=, --memory)",
        ),
        None => (
            format!("{needs}, and the kernel has not that much left"),
            "free memory",
        ),
    };
    let smaller = if keyed {
        ", or choose a smaller table of keys with --max-keys"
    } else {
        ""
    };
    Explained {
        what,
        hint: format!("{raise}{smaller}"),
    }
}

#[cfg(test)]
mod tests;
