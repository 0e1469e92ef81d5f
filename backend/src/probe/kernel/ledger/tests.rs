use super::*;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use runqlat_common::contract::{HotRow, KeyStats, key};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// So many CPUs have the fewest rows each, so that keys meet in them.
const CPUS: usize = 64;
const EACH: u64 = 64;

#[derive(Clone)]
struct Memory(Rc<RefCell<Vec<HotRow>>>);

impl Rows for Memory {
    fn owner(&self, row: usize) -> u64 {
        self.0.borrow()[row].owner
    }

    fn set_owner(&mut self, row: usize, owner: u64) {
        let before = self.owner(row);
        assert!(before != FREE, "user space took a free row");
        assert!((owner == FREE) == (before == LEAVING), "{before} {owner}");
        self.0.borrow_mut()[row].owner = owner;
    }

    fn forget_asked(&mut self, row: usize) {
        self.0.borrow_mut()[row].asked = 0;
    }

    fn hist(&self, row: usize) -> Hist {
        self.0.borrow()[row].hist
    }
}

fn one() -> Hist {
    let mut hist = Hist::ZERO;
    (hist.counts[1][4], hist.sum_ns[1]) = (1, 20);
    hist
}

/// What the programs do, a ledger, and what it should say.
struct World {
    rows: Memory,
    table: BTreeMap<u64, Hist>,
    ledger: Ledger<Memory>,
    /// Waits that a program is about to count in a row whose owner it has seen.
    late: Vec<usize>,
    waits: u32,
    of: BTreeMap<u64, u32>,
    gone: u32,
}

impl World {
    fn new() -> Self {
        let rows = vec![HotRow::ZERO; hot::rows(CPUS)];
        let rows = Memory(Rc::new(RefCell::new(rows)));
        Self {
            ledger: Ledger::new(rows.clone(), CPUS, key::CGROUP),
            rows,
            table: BTreeMap::new(),
            late: Vec::new(),
            waits: 0,
            of: BTreeMap::new(),
            gone: 0,
        }
    }

    fn wait(&mut self, key: u64, cpu: usize, times: u32, is_slow: bool) {
        for _ in 0..times {
            self.waits += 1;
            *self.of.entry(key).or_insert(0) += 1;
            let at = cpu * EACH as usize + (key % EACH) as usize;
            let row = &mut self.rows.0.borrow_mut()[at];
            if row.owner == key {
                if is_slow {
                    self.late.push(at);
                } else {
                    row.hist.add(&one());
                }
                continue;
            }
            let hist = self.table.entry(key).or_insert(Hist::ZERO);
            hist.add(&one());
            if row.owner == FREE && hot::ask(&mut row.asked) {
                row.owner = key;
            }
        }
    }

    /// Programs are through.
    fn settle(&mut self) {
        for row in self.late.drain(..) {
            self.rows.0.borrow_mut()[row].hist.add(&one());
        }
    }

    fn read(&mut self) -> Keys {
        self.ledger.collect();
        let stats = |hist: &Hist| KeyStats {
            hist: *hist,
            ..KeyStats::ZERO
        };
        let mut keys: Keys = self
            .table
            .iter()
            .map(|(key, hist)| (*key, stats(hist)))
            .collect();
        self.ledger.add_to(&mut keys);
        keys
    }

    fn sweep(&mut self, gone: Option<u64>) {
        // A sweep is a second after the last one; what was begun before that is done.
        self.settle();
        self.ledger.sweep();
        if let Some((key, mut last)) = gone.and_then(|key| self.table.remove_entry(&key)) {
            last.add(&self.ledger.close(key));
            self.gone += last.counts[1][4];
            self.of.remove(&key);
        }
    }

    /// All that was counted is read once, and at the key that waited.
    fn check(&mut self) {
        self.settle();
        let keys = self.read();
        let read: BTreeMap<u64, u32> = keys
            .iter()
            .map(|(key, stats)| (key, stats.hist.counts[1][4]))
            .collect();
        let nobodys = self.ledger.nobodys();
        assert_eq!(nobodys.sum_ns[1], 20 * u64::from(nobodys.counts[1][4]));
        assert_eq!(
            read.values().sum::<u32>() + nobodys.counts[1][4] + self.gone,
            self.waits
        );
        for (key, waits) in &self.of {
            assert_eq!(read.get(key), Some(waits), "{key}");
        }
    }
}

#[derive(Clone, Debug)]
enum Event {
    Wait(u64, usize, u32, bool),
    Settle,
    Read,
    /// A reading and a sweep, between which a key waits.
    Sweep(Option<u64>, u64, u32),
}

fn event() -> impl Strategy<Value = Event> {
    // Two keys for each of two rows.
    let key = || prop_oneof![Just(3_u64), Just(3 + EACH), Just(5), Just(5 + EACH)];
    prop_oneof![
        6 => (key(), 0..2_usize, prop_oneof![1..5_u32, 300..1_200_u32], any::<bool>())
            .prop_map(|(key, cpu, times, late)| Event::Wait(key, cpu, times, late)),
        1 => Just(Event::Settle),
        2 => Just(Event::Read),
        2 => (proptest::option::weighted(0.2, key()), key(), prop_oneof![Just(0), 300..1_200_u32])
            .prop_map(|(gone, key, times)| Event::Sweep(gone, key, times)),
    ]
}

proptest! {
    #[test]
    fn nothing_is_lost_or_booked_to_another(events in proptest::collection::vec(event(), 1..60)) {
        let mut world = World::new();
        let mut before: BTreeMap<u64, u32> = BTreeMap::new();
        for event in events {
            match event {
                Event::Wait(key, cpu, times, late) => world.wait(key, cpu, times, late),
                Event::Settle => world.settle(),
                Event::Read => {
                    let keys = world.read();
                    let now: BTreeMap<_, _> =
                        keys.iter().map(|(key, stats)| (key, stats.hist.counts[1][4])).collect();
                    for (key, count) in &now {
                        assert!(before.get(key).is_none_or(|before| before <= count), "{key} went back");
                    }
                    before = now;
                }
                Event::Sweep(gone, key, times) => {
                    // As the probe does: what is deleted was read right before.
                    world.read();
                    world.wait(key, 0, times, false);
                    world.sweep(gone);
                    gone.map(|key| before.remove(&key));
                }
            }
        }
        world.check();
    }
}

/// A key that waits often gets rows, keeps them while it does, and gives them to the next.
#[test]
fn rows_go_to_who_uses_them() {
    let mut world = World::new();
    let owner = |world: &World| world.rows.owner(3);
    world.wait(3, 0, OFTEN - 1, false);
    world.read();
    world.sweep(None);
    world.wait(3, 0, OFTEN - 1, false);
    assert_eq!(owner(&world), FREE, "it waits too seldom");
    world.wait(3, 0, 1, false);
    assert_eq!(owner(&world), 3);
    for _ in 0..3 {
        world.read();
        world.sweep(None);
        world.wait(3, 0, OFTEN, false);
        world.wait(3 + EACH, 0, 2 * OFTEN, false);
        assert_eq!(owner(&world), 3, "it is used");
    }
    world.read();
    world.sweep(None);
    world.read();
    world.sweep(None);
    assert_eq!(owner(&world), LEAVING);
    world.wait(3 + EACH, 0, 2 * OFTEN, false);
    assert_eq!(owner(&world), LEAVING);
    world.read();
    world.sweep(None);
    world.wait(3 + EACH, 0, OFTEN, false);
    assert_eq!(owner(&world), 3 + EACH);
    world.check();
}

/// It had been seen before the row was taken back, and is counted after the key's last reading.
#[test]
fn a_late_wait_of_a_deleted_key_counts_as_other() {
    let mut world = World::new();
    world.wait(3, 0, 600, false);
    world.wait(3, 0, 1, true);
    world.read();
    let late = std::mem::take(&mut world.late);
    world.sweep(Some(3));
    assert_eq!((world.gone, world.rows.owner(3)), (600, LEAVING));
    world.late = late;
    world.check();
    assert_eq!(world.ledger.nobodys().counts[1][4], 1);
    assert_eq!(world.read().len(), 0);
}
