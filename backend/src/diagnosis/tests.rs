//! Each obstacle, with the sentence and the hint that it gets.

use super::explain;
use super::facts::{BPF, Facts, PERFMON};
use crate::cgroup::memory::Limit;
use crate::probe::kernel::AttachError;
use std::io;

fn refused() -> AttachError {
    AttachError::Refused {
        typed: "switch: unknown func".into(),
        raw: "switch: unknown func".into(),
    }
}

const TABLES: AttachError = AttachError::Memory {
    needed: 21_400_000,
    keyed: true,
};

fn able() -> Facts {
    Facts {
        capabilities: BPF | PERFMON,
        release: (6, 1),
        has_sysfs: true,
        ..Facts::default()
    }
}

/// The error and the facts; the exit code, a part of the sentence and a part of the hint; then words that are in
/// neither.
type Row = (
    AttachError,
    Facts,
    u8,
    &'static str,
    &'static str,
    &'static str,
);

fn table() -> Vec<Row> {
    let permission = || AttachError::Permission;
    let limit = |bytes| Limit {
        bytes,
        group: "/system.slice/x".into(),
    };
    let no_btf = || AttachError::NoBtf(io::ErrorKind::NotFound.into());
    vec![
        (
            refused(),
            Facts {
                locked_down: "confidentiality".into(),
                ..able()
            },
            4,
            "locked down (confidentiality)",
            "lockdown=integrity",
            "BTF",
        ),
        (
            refused(),
            Facts {
                locked_down: "integrity".into(),
                ..able()
            },
            4,
            "the kernel refused the programs",
            "5.10",
            "lock",
        ),
        (
            refused(),
            able(),
            4,
            "the kernel refused the programs",
            "5.10",
            "lock",
        ),
        (
            permission(),
            Facts {
                capabilities: 0,
                ..able()
            },
            3,
            "CAP_BPF and CAP_PERFMON is missing",
            "sudo runqlat-web",
            "seccomp",
        ),
        (
            permission(),
            Facts {
                capabilities: BPF,
                foreign_filters: 1,
                ..able()
            },
            3,
            ": CAP_PERFMON is missing",
            "--cap-add",
            "seccomp",
        ),
        (
            permission(),
            Facts {
                foreign_filters: 1,
                ..able()
            },
            3,
            "(seccomp)",
            "SystemCallFilter=bpf",
            "root",
        ),
        (
            permission(),
            Facts {
                foreign_filters: 1,
                in_user_namespace: true,
                ..able()
            },
            3,
            "user namespace",
            "PrivateUsers",
            "seccomp",
        ),
        (
            permission(),
            Facts {
                release: (5, 10),
                memlock: Some(65_536),
                ..able()
            },
            3,
            "locked memory",
            "LimitMEMLOCK",
            "root",
        ),
        (
            permission(),
            Facts {
                memlock: Some(65_536),
                ..able()
            },
            3,
            "security module",
            "dmesg",
            "locked",
        ),
        (
            TABLES,
            Facts {
                memory: Some(limit(16_000_000)),
                ..able()
            },
            1,
            "21.4 MB of memory are needed, the kernel's tables among it, and the limit of cgroup /system.slice/x is 16.0 MB",
            "--max-keys",
            "-v",
        ),
        (
            TABLES,
            able(),
            1,
            "21.4 MB of memory are needed, the kernel's tables among it, and the kernel has not that much left",
            "--max-keys",
            "limit",
        ),
        (
            AttachError::Memory {
                needed: 9,
                keyed: false,
            },
            Facts {
                memory: Some(limit(1)),
                ..able()
            },
            1,
            "0.0 MB",
            "MemoryMax",
            "--max-keys",
        ),
        (
            no_btf(),
            able(),
            4,
            "BTF",
            "CONFIG_DEBUG_INFO_BTF",
            "mounted",
        ),
        (
            no_btf(),
            Facts {
                has_sysfs: false,
                ..able()
            },
            4,
            "BTF",
            "/sys is not mounted",
            "CONFIG",
        ),
        (
            AttachError::Object("no map".into()),
            able(),
            1,
            "damaged: no map",
            "-v",
            "root",
        ),
    ]
}

#[test]
fn the_true_obstacle_is_named_and_no_other() {
    for (error, facts, code, what, hint, unnamed) in table() {
        let failure = explain(&error, &facts);
        let (said, advice) = (failure.to_string(), failure.hint());
        assert_eq!(failure.exit_code(), code, "{said}");
        assert!(said.contains(what), "{said}");
        assert!(advice.contains(hint), "{said}: {advice}");
        assert!(
            !format!("{said} {advice}").contains(unnamed),
            "{said}: {advice}"
        );
        assert!(!said.contains('\n') && !advice.contains('\n'));
    }
}
