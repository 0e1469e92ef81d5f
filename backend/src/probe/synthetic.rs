//! A machine that does not exist, for demonstrations and tests without root: the same numbers in
//! every run. It looks like a real one: steady services, a noisy batch job that makes everybody wait
//! every minute and a half, a quiet phase, rare long waits, and compilers that come and go.

use super::{Probe, ReadError, Reading};
use runqlat_common::buckets::{SLOTS, UNIT_NS, lower};
use runqlat_common::contract::{COMM_LEN, Hist, KeyStats};
use runqlat_common::wire::{Losses, Programs};
use std::collections::HashMap;

/// The story repeats after this many seconds.
const CYCLE_S: u64 = 90;

/// What the services are called, how often they wait (a second) and in which bucket mostly.
const SERVICES: [(&str, f64, f64); 12] = [
    ("postgres", 900.0, 4.0),
    ("nginx", 1_500.0, 3.0),
    ("java", 2_200.0, 5.0),
    ("redis-server", 700.0, 2.5),
    ("kworker/u8:2", 300.0, 2.0),
    ("node", 450.0, 4.5),
    ("systemd-journal", 40.0, 3.0),
    ("sshd", 12.0, 3.5),
    ("prometheus", 160.0, 4.0),
    ("python3", 220.0, 6.0),
    ("containerd", 90.0, 3.5),
    ("rcu_preempt", 250.0, 1.5),
];

const BATCH: u32 = 900;
const FIRST_SERVICE: u32 = 1_000;
const FIRST_COMPILER: u32 = 50_000;

/// The synthetic machine.
pub struct SyntheticProbe {
    tick: u64,
    interval_ns: u64,
    services: u32,
    keys: HashMap<u32, KeyStats>,
}

/// What the machine goes through at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Steady,
    /// The batch job takes every CPU.
    Noisy,
    Quiet,
}

impl SyntheticProbe {
    /// A machine with `services` processes, read every `interval_ns`.
    pub fn new(services: u32, interval_ns: u64) -> Self {
        Self {
            tick: 0,
            interval_ns,
            services,
            keys: HashMap::new(),
        }
    }

    fn second(&self) -> u64 {
        self.tick * self.interval_ns / 1_000_000_000
    }

    fn phase(&self) -> Phase {
        match self.second() % CYCLE_S {
            45..57 => Phase::Noisy,
            72..78 => Phase::Quiet,
            _ => Phase::Steady,
        }
    }

    /// A number in 0..1 that depends on the moment, the process and `salt` alone.
    fn chance(&self, key: u32, salt: u64) -> f64 {
        let seed = self.tick ^ u64::from(key) << 32 ^ salt << 56;
        (mix(seed) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Adds what `key` waited in this tick: `rate` waits a second around bucket `center`.
    fn wait(&mut self, key: u32, name: &str, rate: f64, center: f64, preempted: f64) {
        let seconds = self.interval_ns as f64 / 1e9;
        let waits = rate * seconds * (0.7 + 0.6 * self.chance(key, 1));
        let spread = 1.1 + 0.5 * self.chance(key, 2);
        let weight = |slot: usize| (-((slot as f64 - center) / spread).powi(2) / 2.0).exp();
        let all: f64 = (0..SLOTS).map(weight).sum();
        let mut cells = [[0; SLOTS]; 2];
        for (cause, share) in [1.0 - preempted, preempted].into_iter().enumerate() {
            for (slot, cell) in cells[cause].iter_mut().enumerate() {
                let here = waits * weight(slot) / all * share;
                let salt = 3 + 2 * slot as u64 + cause as u64;
                *cell = (here + self.chance(key, salt)).floor() as u64;
            }
        }
        let outlier = self.chance(key, 100) < 0.004 * seconds;
        if outlier {
            cells[0][15 + (self.chance(key, 101) * 5.0) as usize] += 1;
        }
        let stats = self.keys.entry(key).or_insert_with(|| named(name));
        add(&mut stats.hist, &cells);
    }

    fn services(&mut self) {
        let phase = self.phase();
        for index in 0..self.services {
            let (name, rate, center) = SERVICES[index as usize % SERVICES.len()];
            // The first of each name is the busiest; of thousands, most wait a few times a second.
            let rate = rate / f64::from(1 + index / SERVICES.len() as u32);
            let key = FIRST_SERVICE + index;
            let drift = 1.0 + 0.35 * (self.second() as f64 / 17.0 + f64::from(index)).sin();
            match phase {
                Phase::Steady => self.wait(key, name, rate * drift, center, 0.15),
                Phase::Noisy => self.wait(key, name, rate * 0.8, center + 6.5, 0.45),
                Phase::Quiet => self.wait(key, name, rate * 0.02, center - 1.0, 0.05),
            }
        }
    }

    fn batch(&mut self) {
        if self.phase() == Phase::Noisy {
            self.wait(BATCH, "batch", 260.0, 12.5, 0.95);
        }
    }

    /// Four compilers for ten seconds, twice a cycle; each lives for two.
    fn compilers(&mut self) -> Vec<u32> {
        let second = self.second();
        let generation = (second / 2) as u32;
        if matches!(second % 45, 12..22) {
            for index in 0..4 {
                let key = FIRST_COMPILER + generation * 4 + index;
                self.wait(key, "cc1", 120.0, 7.0, 0.6);
            }
        }
        let current = FIRST_COMPILER + generation * 4;
        let ended = |&key: &u32| key >= FIRST_COMPILER && key < current;
        self.keys.keys().copied().filter(ended).collect()
    }
}

impl Probe for SyntheticProbe {
    fn programs(&self) -> Programs {
        Programs::Synthetic
    }

    fn keys_max(&self) -> u32 {
        (self.services + 16).next_power_of_two().max(8_192)
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        self.tick += 1;
        self.services();
        self.batch();
        let gone = self.compilers();
        let reading = Reading {
            at_ns: self.tick * self.interval_ns,
            unkeyed: Hist::ZERO,
            keys: self.keys.clone(),
            gone,
            losses: Losses::default(),
        };
        for key in &reading.gone {
            self.keys.remove(key);
        }
        Ok(reading)
    }
}

fn named(name: &str) -> KeyStats {
    let mut stats = KeyStats::ZERO;
    let bytes = &name.as_bytes()[..name.len().min(COMM_LEN - 1)];
    stats.comm[..bytes.len()].copy_from_slice(bytes);
    stats
}

fn add(hist: &mut Hist, cells: &[[u64; SLOTS]; 2]) {
    for (cause, counts) in cells.iter().enumerate() {
        for (slot, n) in counts.iter().enumerate() {
            hist.counts[cause][slot] += n;
            // The middle of the bucket.
            hist.sum_ns[cause] += n * (lower(slot) + (1 << slot) / 2) * UNIT_NS;
        }
    }
}

/// The finaliser of splitmix64: neighbouring inputs give unrelated outputs.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::{BATCH, SyntheticProbe};
    use crate::interval::between;
    use crate::probe::Probe;
    use runqlat_common::counts::Counts;
    use std::collections::HashSet;

    const SECOND: u64 = 1_000_000_000;

    fn seconds(n: usize) -> Vec<Counts> {
        let mut probe = SyntheticProbe::new(40, SECOND);
        let readings: Vec<_> = (0..=n).map(|_| probe.read().unwrap()).collect();
        let pairs = readings.windows(2);
        pairs.map(|w| between(&w[0], &w[1], true).counts).collect()
    }

    #[test]
    fn every_run_is_the_same() {
        assert_eq!(seconds(30), seconds(30));
    }

    #[test]
    fn it_has_bursts_tails_and_quiet() {
        let all = seconds(88);
        let p50 = |at: usize| all[at].quantile_slot(0.5).unwrap();
        let (steady, noisy, quiet) = (30, 50, 73);
        assert!(p50(noisy) > p50(steady) + 4, "burst");
        assert!(all[quiet].total() * 10 < all[steady].total(), "quiet");
        assert!(all.iter().any(|c| c.max_slot().unwrap() >= 17), "tail");
    }

    #[test]
    fn processes_come_and_go() {
        let mut probe = SyntheticProbe::new(5, SECOND);
        let (mut seen, mut gone) = (HashSet::new(), HashSet::new());
        for _ in 0..60 {
            let reading = probe.read().unwrap();
            seen.extend(reading.keys.keys().copied());
            for key in reading.gone {
                assert!(gone.insert(key), "{key} is gone twice");
            }
        }
        assert!(seen.contains(&BATCH));
        assert!(gone.len() >= 20 && gone.is_subset(&seen), "{gone:?}");
    }
}
