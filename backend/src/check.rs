//! `runqlat-web check`: what this kernel and these permissions allow, each with what follows from it.

use crate::caveats;
use crate::cgroup::memory::Limit;
use crate::cgroup::{self, Mount};
use crate::confine::Confinement;
use crate::failure::Failure;
use crate::probe::Source;
use crate::probe::kernel::{Cpus, Kernel, Settings};
use crate::procfs;
use runqlat_common::wire::{Key, Programs, Scope};
use std::io::{self, Write};
use std::path::Path;

/// Says all that is known to `out`; an error if nothing can be measured here.
pub fn run(object: &[u8], confinement: &Confinement, out: &mut impl Write) -> Result<(), Failure> {
    let mut report = Report { out };
    let measured = report.host().and_then(|()| report.programs(object));
    let rest = report
        .confinement(confinement)
        .and_then(|()| report.surroundings())
        .and_then(|()| report.caveats(confinement))
        .map_err(Stop::Output);
    match measured.and(rest) {
        // Whoever read it has seen enough.
        Err(Stop::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(Stop::Output(error)) => Err(Failure::Other(error.into())),
        Err(Stop::Measuring(failure)) => Err(failure),
        Ok(()) => Ok(()),
    }
}

enum Stop {
    Measuring(Failure),
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

struct Report<'a, W: Write> {
    out: &'a mut W,
}

impl<W: Write> Report<'_, W> {
    fn line(&mut self, what: &str, value: &str) -> io::Result<()> {
        writeln!(self.out, "{what:<14} {value}")
    }

    fn host(&mut self) -> Result<(), Stop> {
        self.line("kernel", &procfs::kernel_release())?;
        let btf = Path::new("/sys/kernel/btf/vmlinux");
        let text = match btf.metadata() {
            Ok(meta) => format!("yes, {} kB", meta.len() / 1_000),
            Err(error) => format!("no ({error}): nothing can be measured"),
        };
        self.line("BTF", &text)?;
        Ok(())
    }

    /// Attaches the programs for every key, for that is what can fail.
    fn programs(&mut self, object: &[u8]) -> Result<(), Stop> {
        let kernel = Kernel::new(object, Settings::default());
        let mut kernel = match kernel {
            Ok(kernel) => kernel,
            Err(error) => return self.fail(error.into()),
        };
        for key in [
            Key::Global,
            Key::Process,
            Key::Thread,
            Key::Pidns,
            Key::Cgroup,
        ] {
            let scope = Scope {
                key,
                ..Scope::default()
            };
            let programs = match kernel.attach(&scope) {
                Ok((probe, _)) => probe.programs(),
                Err(failure) => return self.fail(failure),
            };
            let how = match programs {
                Programs::Typed => "typed (tp_btf)",
                Programs::Raw | Programs::Synthetic => {
                    "raw (raw_tp): the typed ones are refused here; each event costs about twice as much"
                }
            };
            self.line(&format!("by {}", name(key)), &format!("yes, {how}"))?;
        }
        self.line("permissions", "enough")?;
        Ok(())
    }

    fn fail(&mut self, failure: Failure) -> Result<(), Stop> {
        self.line("measuring", &format!("no: {failure}"))?;
        Err(Stop::Measuring(failure))
    }

    /// What a server here would keep of what it is started with; this has given up the same.
    fn confinement(&mut self, confinement: &Confinement) -> io::Result<()> {
        let keeps = match &confinement.capabilities[..] {
            [] => "no capability".to_owned(),
            kept => kept.join(", "),
        };
        self.line("keeps", &format!("{keeps}, as user {}", confinement.uid))?;
        let yes = |yes| if yes { "yes" } else { "no" };
        let landlock = match confinement.landlock {
            Some(version) => format!("yes, version {version}: it opens /proc and /sys alone"),
            None => "no: this kernel has none, or it was left out".into(),
        };
        self.line("landlock", &landlock)?;
        self.line("seccomp", yes(confinement.seccomp))?;
        self.line("no new rights", yes(confinement.no_new_privs))?;
        for problem in &confinement.problems {
            self.line("", &format!("more rights than needed: {problem}"))?;
        }
        Ok(())
    }

    fn surroundings(&mut self) -> io::Result<()> {
        let ids = if procfs::in_initial_pid_namespace() {
            "the kernel's own"
        } else {
            "those of a pid namespace"
        };
        self.line("process ids", ids)?;
        self.cgroups(&cgroup::mounted())?;
        self.tables()
    }

    fn caveats(&mut self, confinement: &Confinement) -> io::Result<()> {
        for caveat in caveats::of(confinement) {
            self.line("caveat", &caveat)?;
        }
        Ok(())
    }

    fn cgroups(&mut self, mounts: &[Mount]) -> io::Result<()> {
        let text = match (cgroup::v2(mounts), cgroup::find(b"/", mounts)) {
            (Some(mount), Ok(_) | Err(cgroup::CgroupError::Missing { .. })) => {
                format!("v2 at {}: groups can be chosen", mount.point.display())
            }
            (_, Err(error)) => format!("{error}: groups can't be chosen ({})", error.hint()),
            (None, Ok(_)) => String::new(),
        };
        self.line("cgroups", &text)?;
        let v1 = mounts.iter().filter(|mount| mount.v1.is_some()).count();
        if v1 > 0 {
            let text = format!("{v1} hierarchies of v1 besides: their groups can't be chosen");
            self.line("", &text)?;
        }
        Ok(())
    }

    fn tables(&mut self) -> io::Result<()> {
        let pid_max = procfs::pid_max()?;
        let (processes, tasks) = (procfs::processes()?, procfs::tasks()?);
        let text = format!("{processes} processes, {tasks} threads, ids below {pid_max}");
        self.line("host", &text)?;
        if let Some(limit) = Limit::own() {
            let megabytes = limit.bytes as f64 / 1e6;
            let text = format!("{megabytes:.1} MB, for all of cgroup {}", limit.group);
            self.line("memory limit", &text)?;
        }
        let cpus = Cpus::of_host();
        for key in [Key::Global, Key::Process, Key::Thread, Key::Cgroup] {
            let sizes = Kernel::sizes(key, None)?;
            let keyed = key.has_series();
            let megabytes = |keys| sizes.bytes(cpus, keyed, keys) as f64 / 1e6;
            let mut text = format!("{:.1} MB of the kernel's memory", megabytes(sizes.keys));
            if keyed {
                text += &format!(
                    ", room for {} keys; grows up to {} (--max-keys), then {:.1} MB",
                    sizes.keys,
                    sizes.bound,
                    megabytes(sizes.bound),
                );
            }
            self.line(&format!("by {}", name(key)), &text)?;
        }
        Ok(())
    }
}

fn name(key: Key) -> &'static str {
    match key {
        Key::Global => "global",
        Key::Process => "process",
        Key::Thread => "thread",
        Key::Pidns => "pidns",
        Key::Cgroup => "cgroup",
    }
}
