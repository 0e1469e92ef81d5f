//! A machine that does not exist, for demonstrations and tests without root: the same numbers in
//! every run. It looks like a real one: steady services, a noisy batch job that makes everybody wait
//! every minute and a half, a quiet phase, rare long waits, and compilers that come and go.

mod directory;
mod story;

use super::{Probe, ReadError, Reading, Source, reading_period_ns};
use crate::failure::Failure;
use crate::target::{self, TargetError};
use runqlat_common::buckets::{SLOTS, Unit, lower};
use runqlat_common::contract::{COMM_LEN, Hist, KeyStats};
use runqlat_common::key_word;
use runqlat_common::wire::{Key, Programs, Scope};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use story::{BATCH, Cells, Deed, FIRST_SERVICE, Moment};

const NS_PER_MS: u64 = 1_000_000;

/// The initial pid namespace, as on every host.
const HOST_NAMESPACE: u32 = 4_026_531_836;

/// Services that run in containers.
const CONTAINERS: [&str; 3] = ["postgres", "redis-server", "node"];

/// The synthetic machine. Its time goes on with every reading.
pub struct SyntheticMachine {
    now_ns: Arc<AtomicU64>,
    services: u32,
}

impl SyntheticMachine {
    /// A machine with `services` processes.
    pub fn new(services: u32) -> Self {
        Self {
            now_ns: Arc::default(),
            services,
        }
    }
}

impl Source for SyntheticMachine {
    fn attach(&mut self, scope: &Scope) -> Result<(Box<dyn Probe>, Scope), Failure> {
        let services = FIRST_SERVICE..FIRST_SERVICE + self.services;
        let scope = target::asked(scope);
        match scope.tgid {
            Some(tgid) if tgid != BATCH && !services.contains(&tgid) => {
                Err(TargetError::NoProcess(tgid).into())
            }
            _ => {
                let probe = SyntheticProbe {
                    scope: scope.clone(),
                    now_ns: self.now_ns.clone(),
                    services: self.services,
                    so_far: None,
                };
                Ok((Box::new(probe), scope))
            }
        }
    }
}

struct SyntheticProbe {
    scope: Scope,
    now_ns: Arc<AtomicU64>,
    services: u32,
    /// `None` before the first reading.
    so_far: Option<Reading>,
}

impl SyntheticProbe {
    fn keeps(&self, deed: &Deed) -> bool {
        let of_process = self.scope.tgid.is_none_or(|tgid| tgid == deed.tgid);
        let group = group_of(deed.name);
        let in_group = self.scope.cgroup.as_deref().is_none_or(|path| {
            let path = path.trim_end_matches('/');
            group
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        of_process && in_group
    }

    /// The key of the row that counts it.
    fn row_of(&self, deed: &Deed) -> u64 {
        match self.scope.key {
            Key::Global => 0,
            Key::Process | Key::Thread => key_word::of_task(deed.tgid, deed.start_ms * NS_PER_MS),
            Key::Pidns => key_word::of_namespace(namespace_of(deed.name), 0),
            // Any number that is the same for the same name.
            Key::Cgroup => deed
                .name
                .bytes()
                .fold(1, |id, byte| id * 3 % 9_973 + u64::from(byte)),
        }
    }

    /// The state one reading later.
    fn go_on(&self, mut reading: Reading) -> Reading {
        let length_ns = reading_period_ns(self.scope.interval_ms);
        let now_ns = self.now_ns.fetch_add(length_ns, Ordering::Relaxed) + length_ns;
        let moment = Moment { now_ns, length_ns };
        reading.at_ns = now_ns;
        let deeds = moment.deeds(self.services);
        for deed in deeds.iter().filter(|deed| self.keeps(deed)) {
            self.count(deed, &mut reading);
        }
        reading.gone.clear();
        if matches!(self.scope.key, Key::Process | Key::Thread) {
            let kind = self.scope.key.kernel_kind();
            let has_ended = |word: &u64| {
                let (id, start_ms) = (key_word::id(kind, *word), key_word::start_ms(kind, *word));
                moment.has_ended(id as u32, start_ms)
            };
            reading.gone.extend(reading.keys.ids().filter(has_ended));
        }
        reading
    }

    fn count(&self, deed: &Deed, reading: &mut Reading) {
        let row = self.row_of(deed);
        let hist = match self.scope.key {
            Key::Global => &mut reading.unkeyed,
            Key::Process | Key::Thread => &mut entry(reading, row, deed.name).hist,
            Key::Pidns if namespace_of(deed.name) == HOST_NAMESPACE => {
                &mut entry(reading, row, "systemd").hist
            }
            Key::Pidns => &mut entry(reading, row, deed.name).hist,
            Key::Cgroup => {
                Arc::make_mut(&mut reading.names)
                    .entry(row)
                    .or_insert_with(|| group_of(deed.name).into());
                &mut entry(reading, row, "").hist
            }
        };
        add(hist, &deed.cells, self.scope.unit);
    }
}

impl Probe for SyntheticProbe {
    fn programs(&self) -> Programs {
        Programs::Synthetic
    }

    fn keys_max(&self) -> u32 {
        match self.scope.key {
            Key::Global => 0,
            _ => (self.services + 16).next_power_of_two().max(8_192),
        }
    }

    fn keys_bound(&self) -> u32 {
        self.keys_max()
    }

    fn read(&mut self, into: &mut Reading) -> Result<(), ReadError> {
        let now_ns = self.now_ns.load(Ordering::Relaxed);
        let so_far = self.so_far.take();
        let mut reading =
            so_far.map_or_else(|| Reading::empty(now_ns), |so_far| self.go_on(so_far));
        into.clone_from(&reading);
        reading.keys.remove(&reading.gone);
        self.so_far = Some(reading);
        Ok(())
    }
}

/// The pid namespace that a process of this name runs in.
fn namespace_of(name: &str) -> u32 {
    let container = CONTAINERS.iter().position(|container| *container == name);
    container.map_or(HOST_NAMESPACE, |at| HOST_NAMESPACE + 664 + at as u32)
}

/// The path of the cgroup that a process of this name runs in.
fn group_of(name: &str) -> String {
    match name {
        "batch" => "/batch.slice".into(),
        "cc1" => "/user.slice/build.scope".into(),
        kernel if kernel.starts_with("kworker") || kernel.starts_with("rcu") => "/".into(),
        service => format!("/system.slice/{service}.service"),
    }
}

fn entry<'a>(reading: &'a mut Reading, row: u64, name: &str) -> &'a mut KeyStats {
    reading.keys.entry(row, || {
        let mut stats = KeyStats::ZERO;
        let bytes = &name.as_bytes()[..name.len().min(COMM_LEN - 1)];
        stats.comm[..bytes.len()].copy_from_slice(bytes);
        stats
    })
}

fn add(hist: &mut Hist, cells: &Cells, unit: Unit) {
    for (cause, counts) in cells.iter().enumerate() {
        for (slot, n) in counts.iter().enumerate() {
            // The middle of the bucket.
            let us = lower(slot) + (1 << slot) / 2;
            let place = match unit {
                Unit::Us => slot,
                // 1,024 µs are near enough to a millisecond for waits that nobody had.
                Unit::Ms => slot.saturating_sub(10),
            };
            hist.counts[cause][place.min(SLOTS - 1)] += *n as u32;
            hist.sum_ns[cause] += n * us * Unit::Us.ns();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SyntheticMachine;
    use super::story::BATCH;
    use crate::interval::{Between, Meter};
    use crate::probe::{Probe, Reading, Source};
    use runqlat_common::buckets::Unit;
    use runqlat_common::counts::Counts;
    use runqlat_common::key_word::{id, of_task};
    use runqlat_common::wire::{Key, Scope};
    use std::collections::HashSet;

    fn probe(machine: &mut SyntheticMachine, key: Key) -> Box<dyn Probe> {
        let scope = Scope {
            key,
            interval_ms: 1_000,
            ..Scope::default()
        };
        machine.attach(&scope).unwrap().0
    }

    fn reading(probe: &mut dyn Probe) -> Reading {
        let mut reading = Reading::empty(0);
        probe.read(&mut reading).unwrap();
        reading
    }

    fn seconds(n: usize, key: Key) -> Vec<Counts> {
        let mut probe = probe(&mut SyntheticMachine::new(40), key);
        let mut meter = Meter::new(&mut *probe, key).unwrap();
        let second = |_| meter.advance(&mut *probe).unwrap().between.counts;
        (0..n).map(second).collect()
    }

    fn first_second(machine: &mut SyntheticMachine, scope: &Scope) -> Between {
        let (mut probe, scope) = machine.attach(scope).unwrap();
        let mut meter = Meter::new(&mut *probe, scope.key).unwrap();
        meter.advance(&mut *probe).unwrap().between
    }

    #[test]
    fn every_run_is_the_same_whatever_waits_are_counted_by() {
        let whole = seconds(30, Key::Global);
        for key in [Key::Process, Key::Thread, Key::Pidns, Key::Cgroup] {
            assert_eq!(seconds(30, key), whole, "{key:?}");
        }
    }

    #[test]
    fn it_has_bursts_tails_and_quiet() {
        let all = seconds(88, Key::Process);
        let p50 = |at: usize| all[at].quantile_slot(0.5).unwrap();
        let (steady, noisy, quiet) = (30, 50, 73);
        assert!(p50(noisy) > p50(steady) + 4, "burst");
        assert!(all[quiet].total() * 10 < all[steady].total(), "quiet");
        assert!(all.iter().any(|c| c.max_slot().unwrap() >= 17), "tail");
    }

    #[test]
    fn processes_come_and_go() {
        let mut probe = probe(&mut SyntheticMachine::new(5), Key::Process);
        let (mut seen, mut gone) = (HashSet::new(), HashSet::new());
        for _ in 0..60 {
            let reading = reading(&mut *probe);
            seen.extend(reading.keys.ids());
            for row in reading.gone {
                assert!(gone.insert(row), "{row} is gone twice");
            }
        }
        assert!(seen.contains(&of_task(BATCH, 0)));
        assert!(gone.len() >= 20 && gone.is_subset(&seen), "{gone:?}");
        let kind = Key::Process.kernel_kind();
        let numbers: HashSet<u64> = gone.iter().map(|row| id(kind, *row)).collect();
        assert!(numbers.len() < gone.len(), "no number was given again");
    }

    #[test]
    fn filters_and_units_work_as_on_a_real_machine() {
        let mut machine = SyntheticMachine::new(40);
        let mut scope = Scope {
            tgid: Some(1_000),
            cgroup: Some("/system.slice".into()),
            unit: Unit::Ms,
            interval_ms: 1_000,
            ..Scope::default()
        };
        let told = first_second(&mut machine, &scope);
        assert_eq!(told.series.len(), 1);
        assert!(told.counts.max_slot() <= Some(9), "{told:?}");
        scope.cgroup = Some("/system".into());
        assert!(first_second(&mut machine, &scope).series.is_empty());
        scope.tgid = Some(7);
        let error = machine.attach(&scope).err().unwrap();
        assert_eq!(error.to_string(), "there is no process 7");
    }
}
