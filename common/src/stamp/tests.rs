//! The decisions against a slow, obvious model: a machine whose tasks are known to run, wait or sleep,
//! seen through streams of events with some of them missing or out of order.

use super::{Cause, EMPTY, End, Leave, Start, on_leave, on_run, on_wakeup, stamp};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq};
use proptest::{prop_oneof, proptest};
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
        assert_eq!(on_wakeup(slot, 3, new, false), start, "{slot:#x} {new}");
    }
}

#[test]
fn a_task_that_runs_does_not_wait() {
    let (own, foreign) = (stamp(3, Cause::Preempted, 10), stamp(4, Cause::Woken, 10));
    for (slot, start) in [
        (EMPTY, Start::Keep),
        (foreign, Start::Keep),
        // It was seen to start waiting, and not to run.
        (own, Start::Clear),
    ] {
        assert_eq!(on_wakeup(slot, 3, false, true), start);
    }
}

/// The state is a second look, for a task that was not made to leave.
#[test]
fn a_preempted_task_waits_whatever_its_state() {
    let (preempted, yielded, asleep) = ((true, false), (false, true), (false, false));
    let own = stamp(3, Cause::Woken, 10);
    let foreign = stamp(4, Cause::Woken, 10);
    let table = [
        (preempted, EMPTY, Leave::Wait(Start::Stamp)),
        (preempted, own, Leave::Wait(Start::Replace)),
        (preempted, foreign, Leave::Wait(Start::Evict)),
        (yielded, EMPTY, Leave::Wait(Start::Stamp)),
        (yielded, own, Leave::Wait(Start::Replace)),
        (yielded, foreign, Leave::Wait(Start::Evict)),
        (asleep, EMPTY, Leave::Sleep),
        (asleep, own, Leave::Clear),
        (asleep, foreign, Leave::Sleep),
    ];
    for ((preempt, running), slot, leave) in table {
        assert_eq!(on_leave(slot, 3, preempt, || running), leave, "{slot:#x}");
    }
    on_leave(EMPTY, 3, true, || panic!("a load that nobody needs"));
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

/// What a tracepoint tells of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Wakeup { new: bool, on_cpu: bool },
    Leave { preempt: bool, running: bool },
    Run,
}

/// A wait that was counted, or should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wait {
    task: u32,
    cause: Cause,
    ns: u64,
}

/// One slot for all tasks (their tags are their numbers), used as the BPF programs use it.
#[derive(Debug, Default)]
struct Slot {
    value: u64,
    collisions: u64,
    missed: u64,
    unmatched: u64,
    discarded: u64,
    waits: Vec<Wait>,
}

impl Slot {
    fn begin(&mut self, start: Start, task: u32, cause: Cause, now: u64) {
        match start {
            Start::Keep => return,
            Start::Clear => {
                self.missed += 1;
                self.value = EMPTY;
                return;
            }
            Start::Stamp => {}
            Start::Replace => self.missed += 1,
            Start::Evict => self.collisions += 1,
        }
        self.value = stamp(task, cause, now);
    }

    fn see(&mut self, event: Event, task: u32, now: u64) {
        match event {
            Event::Wakeup { new, on_cpu } => {
                let start = on_wakeup(self.value, task, new, on_cpu);
                self.begin(start, task, Cause::Woken, now);
            }
            Event::Leave { preempt, running } => {
                match on_leave(self.value, task, preempt, || running) {
                    Leave::Wait(start) => self.begin(start, task, Cause::Preempted, now),
                    Leave::Clear => {
                        self.value = EMPTY;
                        self.missed += 1;
                    }
                    Leave::Sleep => {}
                }
            }
            Event::Run => {
                let end = on_run(self.value, task, now);
                if end != End::Unmatched {
                    self.value = EMPTY;
                }
                match end {
                    End::Waited { cause, ns } => self.waits.push(Wait { task, cause, ns }),
                    End::Unmatched => self.unmatched += 1,
                    End::Discarded => self.discarded += 1,
                }
            }
        }
    }
}

/// What a task really does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// It does not exist; its number may be given out.
    None,
    /// It sleeps.
    Asleep,
    /// It waits for a CPU since then.
    Waiting { since: u64, cause: Cause },
    /// It runs; `sleepy` when it has set its state to sleep and not yet called the scheduler.
    Running { sleepy: bool },
}

/// What the outside does to a task; it has an effect only where its life allows it.
#[derive(Clone, Copy, Debug)]
enum Action {
    /// Fork it, or wake it.
    Wake,
    /// Give it a CPU.
    Dispatch,
    /// It sets its state to sleep.
    SetSleepy,
    /// Take its CPU away.
    Preempt,
    /// It calls the scheduler: sleeps if it is sleepy, else lets others run.
    Schedule,
    /// It dies.
    Exit,
}

/// What a tracer sees of that, and the wait that it must have counted then.
fn live(life: &mut Life, action: Action, now: u64, task: u32) -> (Option<Event>, Option<Wait>) {
    let leave = |preempt, running| Some(Event::Leave { preempt, running });
    let waits = |cause| Life::Waiting { since: now, cause };
    let (next, event) = match (action, *life) {
        (Action::Wake, Life::None) => (
            waits(Cause::Woken),
            Some(Event::Wakeup {
                new: true,
                on_cpu: false,
            }),
        ),
        (Action::Wake, Life::Asleep) => (
            waits(Cause::Woken),
            Some(Event::Wakeup {
                new: false,
                on_cpu: false,
            }),
        ),
        (Action::Wake, Life::Waiting { .. }) => (
            *life,
            // Only who was preempted with a sleeping state can be woken: the wait goes on.
            match *life {
                Life::Waiting {
                    cause: Cause::Preempted,
                    ..
                } => Some(Event::Wakeup {
                    new: false,
                    on_cpu: false,
                }),
                _ => None,
            },
        ),
        (Action::Wake, Life::Running { sleepy: true }) => (
            Life::Running { sleepy: false },
            Some(Event::Wakeup {
                new: false,
                on_cpu: true,
            }),
        ),
        (Action::Dispatch, Life::Waiting { since, cause }) => {
            *life = Life::Running { sleepy: false };
            let ns = now - since;
            return (Some(Event::Run), Some(Wait { task, cause, ns }));
        }
        (Action::SetSleepy, Life::Running { .. }) => (Life::Running { sleepy: true }, None),
        (Action::Preempt, Life::Running { sleepy }) => {
            (waits(Cause::Preempted), leave(true, !sleepy))
        }
        (Action::Schedule, Life::Running { sleepy: true }) => (Life::Asleep, leave(false, false)),
        (Action::Schedule, Life::Running { sleepy: false }) => {
            (waits(Cause::Preempted), leave(false, true))
        }
        (Action::Exit, Life::Running { .. }) => (Life::None, leave(false, false)),
        _ => (*life, None),
    };
    *life = next;
    (event, None)
}

fn actions(tasks: u32) -> impl Strategy<Value = Vec<(Action, u32, u64)>> {
    let action = prop_oneof![
        3 => Just(Action::Wake),
        4 => Just(Action::Dispatch),
        1 => Just(Action::SetSleepy),
        2 => Just(Action::Preempt),
        2 => Just(Action::Schedule),
        1 => Just(Action::Exit),
    ];
    proptest::collection::vec((action, 0..tasks, 1..1_000_u64), 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// With every event seen, every wait is counted, exactly, with its cause, and nothing is lost:
    /// sleepy tasks that are preempted, second wakeups, wakeups of running tasks, ids given out anew.
    #[test]
    fn one_task_seen_whole_is_measured_exactly(stream in actions(1)) {
        let (mut slot, mut life, mut now) = (Slot::default(), Life::None, 0);
        let mut truth = Vec::new();
        for (action, task, step) in stream {
            now += step;
            let (event, wait) = live(&mut life, action, now, task);
            truth.extend(wait);
            if let Some(event) = event {
                slot.see(event, task, now);
            }
        }
        prop_assert_eq!(&slot.waits, &truth);
        prop_assert_eq!(slot.missed + slot.unmatched + slot.discarded + slot.collisions, 0);
    }

    /// Two tasks share the slot, and of each task events are missing, never two in a row: a wait that is
    /// counted is never longer than the true one, and every true one is counted or a loss that is.
    /// (Two in a row, a switch and the next, leave no trace: nobody could tell.)
    #[test]
    fn with_events_missing_no_wait_is_invented(
        stream in actions(2),
        unseen in proptest::collection::vec(proptest::bool::weighted(0.2), 300),
    ) {
        let (mut slot, mut lives, mut now) = (Slot::default(), [Life::None; 2], 0);
        let mut missing = [false; 2];
        let mut runs = 0;
        for ((action, task, step), unseen) in stream.into_iter().zip(unseen) {
            now += step;
            let (Some(event), wait) = live(&mut lives[task as usize], action, now, task) else {
                continue;
            };
            let before_missing = std::mem::replace(&mut missing[task as usize], unseen);
            if unseen && !before_missing {
                continue;
            }
            missing[task as usize] = false;
            let before = slot.waits.len();
            slot.see(event, task, now);
            runs += u64::from(event == Event::Run);
            if let Some(counted) = slot.waits.get(before) {
                let truth = wait.expect("waits end where a task starts to run");
                prop_assert!(counted.ns <= truth.ns, "{counted:?} {truth:?}");
            }
        }
        prop_assert_eq!(slot.waits.len() as u64 + slot.unmatched, runs);
        prop_assert_eq!(slot.discarded, 0);
    }

    /// Whatever comes in whatever order, with a clock that jumps: no panic, every run is a wait or
    /// counted, and no wait is longer than the time that passed.
    #[test]
    fn any_stream_at_all_is_accounted_for(
        stream in proptest::collection::vec((0..6_u8, 0..3_u32, any::<bool>(), 0..10_000_u64), 0..300),
    ) {
        let mut slot = Slot::default();
        let (mut runs, mut starts, mut latest) = (0, 0, 0);
        for (kind, task, flag, now) in stream {
            let event = match kind {
                0 | 1 => Event::Wakeup { new: kind == 1, on_cpu: false },
                2 | 3 => Event::Leave { preempt: kind == 3, running: flag },
                _ => Event::Run,
            };
            latest = latest.max(now);
            runs += u64::from(event == Event::Run);
            starts += u64::from(matches!(event, Event::Wakeup { .. } | Event::Leave { .. }));
            slot.see(event, task, now);
            prop_assert!(slot.waits.last().is_none_or(|wait| wait.ns <= latest));
        }
        let ended = slot.waits.len() as u64 + slot.discarded;
        prop_assert_eq!(ended + slot.unmatched, runs);
        prop_assert!(ended + slot.missed + slot.collisions <= starts);
    }
}
