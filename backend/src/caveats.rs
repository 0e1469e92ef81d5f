//! What this program can't see of the host because of where it runs, and what follows from that: for `check` and the
//! page.

use crate::cgroup::{self, Sight};
use crate::confine::Confinement;
use crate::procfs;

/// The caveats for a program that has kept these rights: one sentence for each thing that is hidden.
pub fn of(confinement: &Confinement) -> Vec<String> {
    let kept = &confinement.capabilities;
    let traces_all = kept.iter().any(|name| name == "CAP_SYS_PTRACE");
    sentences(&Facts::gather(traces_all))
}

/// What is hidden.
#[derive(Clone, Copy, Debug)]
struct Facts {
    /// Task ids in this pid namespace differ from the kernel's.
    pid_namespace: bool,
    /// /proc leaves out the processes of other users.
    hidden_processes: bool,
    cgroups: Sight,
}

impl Facts {
    /// The caveats on this host. `traces_all` says that this program may look at all processes, whatever /proc hides.
    fn gather(traces_all: bool) -> Self {
        Self {
            pid_namespace: !procfs::in_initial_pid_namespace(),
            hidden_processes: procfs::hides_processes() && !traces_all,
            cgroups: cgroup::sight(&cgroup::mounted()),
        }
    }
}

fn sentences(facts: &Facts) -> Vec<String> {
    let pids = facts.pid_namespace.then_some(
        "This program runs in a pid namespace: processes and threads are measured under the host's \
         ids, which are not those seen here, and none can be chosen. Run it with --pid=host to choose \
         one.",
    );
    let hidden = (!facts.pid_namespace && facts.hidden_processes).then_some(
        "/proc hides the processes of other users: they are measured, and can't be chosen.",
    );
    let groups = match facts.cgroups {
        Sight::Whole => None,
        Sight::None => Some(
            "cgroup v2 is not mounted here: cgroups have numbers in place of paths, and none can be \
             chosen.",
        ),
        Sight::Namespace => Some(
            "This program runs in a cgroup namespace: only the groups below its own have paths, which \
             begin with \u{2026}, and none can be chosen. Mount the host's hierarchy, or run it with \
             --cgroupns=host.",
        ),
        Sight::Part => Some(
            "Only a part of the cgroup hierarchy is mounted here: groups outside of it have numbers in \
             place of paths, and can't be chosen.",
        ),
    };
    let all = [pids, hidden, groups].into_iter().flatten();
    all.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{Facts, sentences};
    use crate::cgroup::Sight;

    #[test]
    fn each_thing_that_is_hidden_has_a_sentence() {
        let whole = Facts {
            pid_namespace: false,
            hidden_processes: false,
            cgroups: Sight::Whole,
        };
        assert!(sentences(&whole).is_empty());
        let sight = |cgroups| Facts { cgroups, ..whole };
        let table = [
            (
                Facts {
                    pid_namespace: true,
                    hidden_processes: true,
                    ..whole
                },
                "--pid=host",
            ),
            (
                Facts {
                    hidden_processes: true,
                    ..whole
                },
                "other users",
            ),
            (sight(Sight::None), "not mounted"),
            (sight(Sight::Namespace), "--cgroupns=host"),
            (sight(Sight::Part), "a part"),
        ];
        for (facts, word) in table {
            let said = sentences(&facts);
            assert_eq!(said.len(), 1, "{facts:?}");
            assert!(
                said[0].contains(word) && !said[0].contains("  "),
                "{said:?}"
            );
        }
    }
}
