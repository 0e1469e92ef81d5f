//! What the person at the terminal is told at the start.

use runqlat_common::wire::{Key, ProbeState, Programs, Scope};
use std::io::Write;
use std::time::Duration;

/// Tells the person at the terminal what is going on and where to look.
pub fn started(scope: &Scope, probe: &ProbeState, told: &[String], urls: &[String]) {
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
    for (at, url) in urls.iter().enumerate() {
        let end = if at + 1 == urls.len() {
            " (Ctrl-C ends)"
        } else {
            ""
        };
        let _ = writeln!(stderr, "listening on {url}{end}");
    }
}
