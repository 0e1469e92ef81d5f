//! Who could be measured: the processes and cgroups of a machine, and which of them a query means.
//! Pure, but for the module that reads this host.

mod host;
mod mask;

pub use host::Host;

use runqlat_common::name::{self, ShownName};
use runqlat_common::wire::{CgroupTarget, MAX_COMMAND, MAX_TARGETS, ProcessTarget, Targets};
use std::collections::HashMap;
use std::io;

/// A machine that can say who could be measured.
pub trait Directory: Send + Sync {
    /// All that there is now. Of thousands of processes it takes a while, so not for an I/O thread.
    fn list(&self) -> io::Result<Listing>;
}

/// Everybody on a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub processes: Vec<ProcessTarget>,
    /// The paths of all cgroups, of any bytes.
    pub cgroups: Vec<Vec<u8>>,
}

impl Listing {
    /// Those that a query means, best first: all its words, in whatever case, are to be found.
    pub fn matching(mut self, query: &str) -> Targets {
        let wanted = Query::new(query);
        let mut cgroups = self.counted_cgroups();
        self.processes.retain(|process| wanted.means(process));
        self.processes.sort_by_cached_key(|process| {
            // Of those that fit equally well, kernel threads are seldom meant.
            let is_kernels = process.command.is_empty();
            (wanted.rank(process), is_kernels, process.tgid)
        });
        cgroups.retain(|group| wanted.all_words(|word| lower(&group.path).contains(word)));
        cgroups.sort_by_cached_key(|group| (wanted.rank_group(&group.path), group.path.clone()));
        let more = self.processes.len() > MAX_TARGETS || cgroups.len() > MAX_TARGETS;
        self.processes.truncate(MAX_TARGETS);
        cgroups.truncate(MAX_TARGETS);
        Targets {
            query: query.into(),
            processes: self.processes,
            cgroups,
            more,
        }
    }

    /// The cgroups with the numbers of their processes, those of the groups below included.
    fn counted_cgroups(&mut self) -> Vec<CgroupTarget> {
        let paths = std::mem::take(&mut self.cgroups);
        let mut counts: HashMap<Vec<u8>, u32> = paths.into_iter().map(|path| (path, 0)).collect();
        for process in &self.processes {
            for path in with_ancestors(&name::bytes(&process.cgroup)) {
                if let Some(count) = counts.get_mut(path) {
                    *count += 1;
                }
            }
        }
        let target = |(path, processes): (Vec<u8>, _)| {
            let ShownName { name, hex } = name::shown(&path);
            CgroupTarget {
                path: name,
                path_hex: hex,
                processes,
            }
        };
        counts.into_iter().map(target).collect()
    }
}

/// A cgroup's path and those of the groups that it lies in, up to the root; nothing for no path.
pub fn with_ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let path = path.starts_with(b"/").then_some(path);
    std::iter::successors(path, |path| {
        let last = path.iter().rposition(|&byte| byte == b'/')?;
        match (last, path.len()) {
            (0, 1) => None,
            (0, _) => Some(&path[..1]),
            (last, _) => Some(&path[..last]),
        }
    })
}

/// What somebody typed.
struct Query {
    /// As it is, without blanks around it.
    whole: String,
    words: Vec<String>,
}

impl Query {
    fn new(text: &str) -> Self {
        let whole = lower(text.trim());
        let words = whole.split_whitespace().map(str::to_owned).collect();
        Self { whole, words }
    }

    fn all_words(&self, found: impl Fn(&str) -> bool) -> bool {
        self.words.iter().all(|word| found(word))
    }

    fn means(&self, process: &ProcessTarget) -> bool {
        let tgid = process.tgid.to_string();
        let texts = [&process.comm, &process.command, &process.cgroup].map(|text| lower(text));
        self.all_words(|word| {
            tgid.starts_with(word) || texts.iter().any(|text| text.contains(word))
        })
    }

    /// Lower is better.
    fn rank(&self, process: &ProcessTarget) -> u8 {
        if process.tgid.to_string() == self.whole {
            return 0;
        }
        1 + self.rank_name(&lower(&process.comm))
    }

    /// A group is known by its last folder's name, as a process by its comm.
    fn rank_group(&self, path: &str) -> u8 {
        let path = lower(path);
        if path == self.whole {
            return 0;
        }
        1 + self.rank_name(path.rsplit('/').next().unwrap_or_default())
    }

    fn rank_name(&self, name: &str) -> u8 {
        if name.starts_with(&self.whole) {
            0
        } else if name.contains(&self.whole) {
            1
        } else {
            2
        }
    }
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// The beginning of a command line, without secrets; /proc ends each argument by a NUL.
fn command(bytes: &[u8]) -> String {
    // Programs that write their own title leave NULs behind it.
    let used = bytes
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |at| at + 1);
    let args = bytes[..used].split(|&byte| byte == 0);
    let line = mask::masked(args.map(name::text).collect()).join(" ");
    line.chars().take(MAX_COMMAND).collect()
}

#[cfg(test)]
mod tests;
