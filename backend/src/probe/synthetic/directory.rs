//! Who could be measured on the synthetic machine: those that it can be asked to measure.

use super::story::{BATCH, FIRST_SERVICE, service_name};
use super::{SyntheticMachine, group_of};
use crate::directory::{Directory, Listing, with_ancestors};
use runqlat_common::wire::ProcessTarget;
use std::collections::BTreeSet;
use std::io;

struct Inhabitants {
    services: u32,
}

impl SyntheticMachine {
    /// The compilers that come and go are not in it: they are gone before one could choose them.
    pub fn directory(&self) -> impl Directory + use<> {
        Inhabitants {
            services: self.services,
        }
    }
}

impl Directory for Inhabitants {
    fn list(&self) -> io::Result<Listing> {
        let services = (0..self.services).map(|at| process(FIRST_SERVICE + at, service_name(at)));
        let processes: Vec<ProcessTarget> = std::iter::once(process(BATCH, "batch"))
            .chain(services)
            .collect();
        let compilers = group_of("cc1");
        let used = processes.iter().map(|process| &process.cgroup);
        let cgroups: BTreeSet<&[u8]> = used
            .chain([&compilers])
            .flat_map(|path| with_ancestors(path.as_bytes()))
            .collect();
        let cgroups = cgroups.into_iter().map(Vec::from).collect();
        Ok(Listing { processes, cgroups })
    }
}

fn process(tgid: u32, name: &str) -> ProcessTarget {
    let cgroup = group_of(name);
    // Kernel threads, which are in the root, have no command line.
    let command = match &*cgroup {
        "/" => String::new(),
        _ => format!("/usr/bin/{name} --demo"),
    };
    ProcessTarget {
        tgid,
        comm: name.into(),
        comm_hex: None,
        command,
        cgroup,
        cgroup_hex: None,
    }
}

#[cfg(test)]
mod tests {
    use super::SyntheticMachine;
    use crate::directory::Directory;
    use crate::probe::Source;
    use runqlat_common::wire::Scope;

    #[test]
    fn whoever_is_listed_can_be_measured() {
        let mut machine = SyntheticMachine::new(14);
        let listing = machine.directory().list().unwrap();
        assert_eq!(listing.processes.len(), 15);
        for process in &listing.processes {
            assert!(
                listing.cgroups.contains(&process.cgroup.clone().into()),
                "{process:?}"
            );
            let scope = Scope {
                tgid: Some(process.tgid),
                interval_ms: 1_000,
                ..Scope::default()
            };
            assert!(machine.attach(&scope).is_ok(), "{process:?}");
        }
        let kernel = listing.processes.iter().find(|p| p.comm == "rcu_preempt");
        let kernel = kernel.unwrap();
        assert_eq!((&*kernel.command, &*kernel.cgroup), ("", "/"));
        assert!(listing.cgroups.contains(&"/user.slice".into()));
    }
}
