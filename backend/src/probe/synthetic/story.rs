//! What the processes of the synthetic machine do: a pure function of the moment.

use runqlat_common::buckets::SLOTS;

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

pub(super) const BATCH: u32 = 900;
pub(super) const FIRST_SERVICE: u32 = 1_000;
const FIRST_COMPILER: u32 = 50_000;

/// Compilers at a time, how long each lives, and how many generations have numbers of their own: the numbers of the
/// first generation are reused six seconds later, so that the page can be watched handling that.
const COMPILERS: u32 = 4;
const COMPILER_MS: u64 = 2_000;
const GENERATIONS: u64 = 3;

/// Waits by cause and bucket, in µs.
pub(super) type Cells = [[u64; SLOTS]; 2];

/// What one process waited.
pub(super) struct Deed {
    pub(super) tgid: u32,
    /// When it started; 0 for processes that never end.
    pub(super) start_ms: u64,
    pub(super) name: &'static str,
    pub(super) cells: Cells,
}

/// What the service at `index` is called.
pub(super) fn service_name(index: u32) -> &'static str {
    SERVICES[index as usize % SERVICES.len()].0
}

/// A stretch of time that ends at `now_ns`.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) now_ns: u64,
    pub(super) length_ns: u64,
}

/// What the machine goes through at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Steady,
    /// The batch job takes every CPU.
    Noisy,
    Quiet,
}

impl Moment {
    /// What everybody does, of `services` services and those that come and go.
    pub(super) fn deeds(self, services: u32) -> Vec<Deed> {
        let mut deeds: Vec<Deed> = (0..services).map(|index| self.service(index)).collect();
        if self.phase() == Phase::Noisy {
            deeds.push(self.deed(BATCH, "batch", (260.0, 12.5, 0.95)));
        }
        // Compilers for ten seconds, twice a cycle.
        if matches!(self.second() % 45, 12..22) {
            let generation = self.now_ns / 1_000_000 / COMPILER_MS;
            let first = FIRST_COMPILER + (generation % GENERATIONS) as u32 * COMPILERS;
            let compilers = (0..COMPILERS).map(|index| Deed {
                start_ms: generation * COMPILER_MS,
                ..self.deed(first + index, "cc1", (120.0, 7.0, 0.6))
            });
            deeds.extend(compilers);
        }
        deeds
    }

    /// Whether a process has ended before this moment.
    pub(super) fn has_ended(self, tgid: u32, start_ms: u64) -> bool {
        tgid >= FIRST_COMPILER && self.now_ns / 1_000_000 >= start_ms + COMPILER_MS
    }

    fn second(self) -> u64 {
        self.now_ns / 1_000_000_000
    }

    fn phase(self) -> Phase {
        match self.second() % CYCLE_S {
            45..57 => Phase::Noisy,
            72..78 => Phase::Quiet,
            _ => Phase::Steady,
        }
    }

    fn service(self, index: u32) -> Deed {
        let (name, rate, center) = SERVICES[index as usize % SERVICES.len()];
        // The first of each name is the busiest; of thousands, most wait a few times a second.
        let rate = rate / f64::from(1 + index / SERVICES.len() as u32);
        let drift = 1.0 + 0.35 * (self.second() as f64 / 17.0 + f64::from(index)).sin();
        let shape = match self.phase() {
            Phase::Steady => (rate * drift, center, 0.15),
            Phase::Noisy => (rate * 0.8, center + 6.5, 0.45),
            Phase::Quiet => (rate * 0.02, center - 1.0, 0.05),
        };
        self.deed(FIRST_SERVICE + index, name, shape)
    }

    /// What `tgid` waited: so many waits a second, around which bucket, which share of them preempted.
    fn deed(self, tgid: u32, name: &'static str, shape: (f64, f64, f64)) -> Deed {
        let (rate, center, preempted) = shape;
        let seconds = self.length_ns as f64 / 1e9;
        let waits = rate * seconds * (0.7 + 0.6 * self.chance(tgid, 1));
        let spread = 1.1 + 0.5 * self.chance(tgid, 2);
        let weight = |slot: usize| (-((slot as f64 - center) / spread).powi(2) / 2.0).exp();
        let all: f64 = (0..SLOTS).map(weight).sum();
        let mut cells = [[0; SLOTS]; 2];
        for (cause, share) in [1.0 - preempted, preempted].into_iter().enumerate() {
            for (slot, cell) in cells[cause].iter_mut().enumerate() {
                let here = waits * weight(slot) / all * share;
                let salt = 3 + 2 * slot as u64 + cause as u64;
                *cell = (here + self.chance(tgid, salt)).floor() as u64;
            }
        }
        // A rare long wait.
        if self.chance(tgid, 100) < 0.004 * seconds {
            cells[0][15 + (self.chance(tgid, 101) * 5.0) as usize] += 1;
        }
        Deed {
            tgid,
            start_ms: 0,
            name,
            cells,
        }
    }

    /// A number in 0..1 that depends on the moment, the process and `salt` alone.
    fn chance(self, tgid: u32, salt: u64) -> f64 {
        let seed = (self.now_ns / 1_000_000) ^ u64::from(tgid) << 32 ^ salt << 56;
        (mix(seed) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The finaliser of splitmix64: neighbouring inputs give unrelated outputs.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
