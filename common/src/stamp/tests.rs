//! The decisions against a slow, obvious model: streams of events with some of them missing.

use super::{Cause, EMPTY, End, Start, on_preempted, on_run, on_sleep, on_wakeup, stamp};
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert, prop_oneof, proptest};
use std::collections::HashMap;
use std::vec::Vec;

#[test]
fn a_wakeup_starts_a_wait_once() {
    let woken = stamp(3, Cause::Woken, 10);
    let preempted = stamp(3, Cause::Preempted, 10);
    let foreign = stamp(4, Cause::Preempted, 10);
    let table = [
        (EMPTY, false, Start::Stamp),
        (EMPTY, true, Start::Stamp),
        (woken, false, Start::Replace),
        (woken, true, Start::Replace),
        (preempted, false, Start::Keep),
        (preempted, true, Start::Replace),
        (foreign, false, Start::Evict),
        (foreign, true, Start::Evict),
    ];
    for (slot, new, start) in table {
        assert_eq!(on_wakeup(slot, 3, new), start, "{slot:#x} {new}");
    }
}

#[test]
fn whoever_leaves_a_cpu_leaves_no_old_stamp() {
    let own = stamp(3, Cause::Woken, 10);
    let foreign = stamp(4, Cause::Woken, 10);
    assert_eq!(on_preempted(EMPTY, 3), Start::Stamp);
    assert_eq!(on_preempted(own, 3), Start::Replace);
    assert_eq!(on_preempted(foreign, 3), Start::Evict);
    assert!(on_sleep(own, 3));
    assert!(!on_sleep(foreign, 3));
    assert!(!on_sleep(EMPTY, 3));
}

#[test]
fn a_clock_that_runs_backwards_is_discarded_and_never_clamped() {
    let slot = stamp(0, Cause::Woken, 1_000);
    let ends = |now| on_run(slot, 0, now);
    let waited = |ns| End::Waited {
        cause: Cause::Woken,
        ns,
    };
    assert_eq!(ends(999), End::Discarded);
    assert_eq!(ends(1_000), waited(0));
    assert_eq!(ends(1_001), waited(1));
}

#[test]
fn a_wait_across_the_wrap_of_the_stored_clock_is_right() {
    let before = (1 << 57) - 5;
    let slot = stamp(63, Cause::Preempted, before);
    assert_eq!(
        on_run(slot, 63, before + 12),
        End::Waited {
            cause: Cause::Preempted,
            ns: 12
        }
    );
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Wakeup { new: bool },
    Preempted,
    Sleep,
    Run,
}

/// A table of one slot for two tasks (tags 0 and 1), as the BPF programs use it.
#[derive(Default)]
struct Table {
    slot: u64,
    collisions: u64,
    missed: u64,
    unmatched: u64,
    waits: Vec<(u32, u64)>,
}

impl Table {
    fn start(&mut self, start: Start, tag: u32, cause: Cause, now: u64) {
        match start {
            Start::Keep => return,
            Start::Stamp => {}
            Start::Replace => self.missed += 1,
            Start::Evict => self.collisions += 1,
        }
        self.slot = stamp(tag, cause, now);
    }

    fn event(&mut self, event: Event, tag: u32, now: u64) {
        match event {
            Event::Wakeup { new } => {
                let start = on_wakeup(self.slot, tag, new);
                self.start(start, tag, Cause::Woken, now);
            }
            Event::Preempted => {
                let start = on_preempted(self.slot, tag);
                self.start(start, tag, Cause::Preempted, now);
            }
            Event::Sleep => {
                if on_sleep(self.slot, tag) {
                    self.slot = EMPTY;
                    self.missed += 1;
                }
            }
            Event::Run => match on_run(self.slot, tag, now) {
                End::Waited { ns, .. } => {
                    self.slot = EMPTY;
                    self.waits.push((tag, ns));
                }
                End::Unmatched => self.unmatched += 1,
                End::Discarded => unreachable!("this clock only goes forward"),
            },
        }
    }
}

fn events() -> impl Strategy<Value = Vec<(Event, u32, u64)>> {
    let event = prop_oneof![
        Just(Event::Wakeup { new: false }),
        Just(Event::Wakeup { new: true }),
        Just(Event::Preempted),
        Just(Event::Sleep),
        Just(Event::Run),
    ];
    proptest::collection::vec((event, 0..2_u32, 1..1_000_u64), 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is missing from the stream: a wait is never longer than the time since its task was
    /// last seen to become runnable or to leave a CPU, and every run is a wait or counted.
    #[test]
    fn no_wait_is_invented_and_none_is_lost_uncounted(stream in events()) {
        let mut table = Table::default();
        let mut now = 0;
        // Since when each task can have been waiting: its first start since it last ran or slept.
        let mut since: HashMap<u32, u64> = HashMap::new();
        let mut runs = 0;
        let mut starts = 0;
        for (event, tag, step) in stream {
            now += step;
            let seen = table.waits.len();
            table.event(event, tag, now);
            match event {
                Event::Wakeup { .. } | Event::Preempted => {
                    since.entry(tag).or_insert(now);
                    starts += 1;
                }
                Event::Sleep => { since.remove(&tag); }
                Event::Run => {
                    runs += 1;
                    let start = since.remove(&tag);
                    if let Some(&(_, ns)) = table.waits.get(seen) {
                        prop_assert!(start.is_some_and(|at| ns <= now - at), "{ns} at {now}, {start:?}");
                    }
                }
            }
        }
        prop_assert!(table.waits.len() as u64 + table.unmatched == runs);
        prop_assert!(table.waits.len() as u64 + table.missed + table.collisions <= starts);
    }
}
