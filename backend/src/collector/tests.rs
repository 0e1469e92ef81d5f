//! The actor with probes that are told what to say; the clock is the test's.

use super::departure::Departure;
use super::{Collector, axis, change, interval};
use crate::control::{self, RefusalKind};
use crate::failure::Failure;
use crate::hub::{Hub, for_tests as hub};
use crate::probe::synthetic::SyntheticMachine;
use crate::probe::{Probe, ReadError, Reading, Source};
use crate::sampler::Sampler;
use crate::shutdown::{self, Stop};
use crate::target::{Presence, TargetError};
use runqlat_common::contract::KeyStats;
use runqlat_common::key_word::of_task;
use runqlat_common::wire::{
    Interval, Key, Losses, ProbeState, Programs, Scope, ScopeChange, SeriesKey, SetScope,
};
use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;

/// Says what it was given, then fails.
struct Script(Vec<Reading>);

impl Probe for Script {
    fn programs(&self) -> Programs {
        Programs::Synthetic
    }

    fn keys_max(&self) -> u32 {
        16
    }

    fn keys_bound(&self) -> u32 {
        32
    }

    fn read(&mut self, into: &mut Reading) -> Result<(), ReadError> {
        if self.0.is_empty() {
            let source = std::io::ErrorKind::BrokenPipe.into();
            let what = "reading the script";
            return Err(ReadError { what, source });
        }
        *into = self.0.remove(0);
        Ok(())
    }
}

/// Attaches the scripts one after the other, then refuses.
struct Scripts(VecDeque<Vec<Reading>>);

impl Source for Scripts {
    fn attach(&mut self, scope: &Scope) -> Result<(Box<dyn Probe>, Scope), Failure> {
        let script = self.0.pop_front().ok_or(TargetError::NoProcess(77))?;
        Ok((Box::new(Script(script)), scope.clone()))
    }
}

fn scripts(scripts: impl IntoIterator<Item = Vec<Reading>>) -> Scripts {
    Scripts(scripts.into_iter().collect())
}

fn scope(key: Key) -> Scope {
    Scope {
        key,
        interval_ms: 1_000,
        ..Scope::default()
    }
}

fn collector(mut source: impl Source + 'static, hub: &Arc<Hub>) -> Collector {
    let (probe, scope) = source.attach(&scope(Key::Process)).unwrap();
    let programs = probe.programs();
    let sampler = Sampler::new(probe, scope.key, interval(&scope)).unwrap();
    let scope = ScopeChange {
        number: 1,
        scope,
        from_seq: 1,
        at_ms: 0,
        by: String::new(),
    };
    hub.set_scope(scope.clone(), ProbeState::Attached { programs });
    Collector {
        seq: 0,
        cpu_us: 0,
        failed_before: 0,
        axis: axis(sampler.at_ns()),
        source: Box::new(source),
        sampler,
        scope,
        hub: hub.clone(),
        undertaker: change::Undertaker::default(),
        departure: Departure::default(),
    }
}

/// Runs it to its end, with nobody who asks for changes.
async fn run(collector: Collector, stop: Stop) {
    let (_control, changes) = control::channel();
    collector.run(changes, stop).await;
}

fn reading(at_s: u64, keys: &[(u32, u32)], unmatched: u64) -> Reading {
    let stats = |n| {
        let mut stats = KeyStats::ZERO;
        stats.comm[0] = b'x';
        stats.hist.counts[0][4] = n;
        stats
    };
    Reading {
        keys: keys
            .iter()
            .map(|&(id, n)| (of_task(id, 0), stats(n)))
            .collect(),
        losses: Losses {
            unmatched,
            ..Losses::default()
        },
        ..Reading::empty(at_s * 1_000_000_000)
    }
}

fn recent(hub: &Hub) -> Vec<Interval> {
    hub.with_history(|history| history.recent_intervals().cloned().collect())
}

#[tokio::test(start_paused = true)]
async fn intervals_are_numbered_and_losses_count_from_the_start() {
    let mut ending = reading(3, &[(7, 9), (8, 1)], 5);
    ending.gone = vec![of_task(8, 0)];
    let back = reading(4, &[(7, 9), (8, 2)], 5);
    let script = vec![
        reading(1, &[(7, 2)], 3),
        reading(2, &[(7, 5)], 4),
        ending,
        back,
    ];
    let hub = hub();
    let (_stop, stopped) = shutdown::channel();
    run(collector(scripts([script]), &hub), stopped).await;

    let told = recent(&hub);
    let seqs: Vec<_> = told.iter().map(|i| i.column.seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
    assert_eq!(told[0].column.counts.total(), 3);
    // Process 7 was there before the first interval: it has a name all the same.
    assert_eq!(told[0].names.len(), 1);
    assert_eq!(told[0].health.losses.unmatched, 1);
    // The last reading of a key that is gone counts, and a later one starts from nothing.
    assert_eq!(told[1].column.counts.total(), 5);
    assert_eq!(told[1].gone, [SeriesKey { key: 8, start: 0 }]);
    assert_eq!(told[1].health.keys, 1);
    assert_eq!(told[2].column.counts.total(), 2);
    assert_eq!(told[2].column.end_ms - told[1].column.end_ms, 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_says_why_and_the_past_stays() {
    let hub = hub();
    let (_stop, stopped) = shutdown::channel();
    let script = vec![reading(1, &[], 0), reading(2, &[], 0)];
    run(collector(scripts([script]), &hub), stopped).await;
    assert_eq!(recent(&hub).len(), 1);
    let ProbeState::Failed { reason, .. } = hub.probe() else {
        panic!("{:?}", hub.probe());
    };
    assert_eq!(reason, "reading the script: broken pipe");
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_told_and_what_is_made_anew_is_measured() {
    let seen = |at_s, presence| Reading {
        presence,
        ..reading(at_s, &[], 0)
    };
    let old = vec![
        seen(1, Presence::There),
        seen(2, Presence::Gone),
        seen(3, Presence::Gone),
        seen(4, Presence::Anew),
        // The last, when the new programs measure.
        seen(5, Presence::Anew),
    ];
    let new = vec![reading(5, &[], 0), reading(6, &[(9, 1)], 0)];
    let hub = hub();
    let (_stop, stopped) = shutdown::channel();
    run(collector(scripts([old, new]), &hub), stopped).await;
    let told = recent(&hub);
    let since = Some(told[0].column.end_ms);
    let gone: Vec<_> = told.iter().map(|i| i.health.target_gone_ms).collect();
    assert_eq!(gone, [since, since, since, since, None]);
    assert_eq!(told[4].column.counts.total(), 1);
    let scopes: Vec<_> = hub.with_history(|h| h.scopes().iter().map(|s| s.from_seq).collect());
    assert_eq!(scopes, [1, 5]);
}

#[tokio::test(start_paused = true)]
async fn it_stops_when_told() {
    let hub = hub();
    let (stop, stopped) = shutdown::channel();
    let mut news = hub.join(true).news;
    let running = tokio::spawn(run(collector(SyntheticMachine::new(3), &hub), stopped));
    // The scope, the probe's state, three intervals.
    for _ in 0..5 {
        news.next().await.unwrap();
    }
    stop.stop();
    running.await.unwrap();
    assert_eq!(recent(&hub).len(), 3);
}

#[tokio::test]
async fn series_of_the_synthetic_machine_add_up() {
    let hub = hub();
    let mut collector = collector(SyntheticMachine::new(30), &hub);
    for _ in 0..20 {
        let step = collector.sampler.cut().unwrap();
        collector.publish(step);
    }
    for interval in recent(&hub) {
        let series: HashMap<u64, u64> = interval
            .series
            .iter()
            .map(|s| (s.key, s.counts.total()))
            .collect();
        assert_eq!(series.values().sum::<u64>(), interval.column.counts.total());
    }
}

fn request(scope: Scope, expect: Option<u32>) -> SetScope {
    SetScope { scope, expect }
}

#[tokio::test(start_paused = true)]
async fn a_change_closes_the_last_interval_and_numbers_go_on() {
    let old = vec![
        reading(1, &[(7, 2)], 0),
        reading(2, &[(7, 5)], 0),
        reading(3, &[(7, 6)], 0),
    ];
    // What the new programs saw before the first reading is the old ones' to tell.
    let new = vec![reading(3, &[(9, 100)], 50), reading(4, &[(9, 104)], 51)];
    let hub = hub();
    let (_stop, stopped) = shutdown::channel();
    let (control, changes) = control::channel();
    let collector = collector(scripts([old, new]), &hub);
    let mut news = hub.join(true).news;
    let running = tokio::spawn(collector.run(changes, stopped));
    news.next().await.unwrap();
    let made = control
        .set_scope(request(scope(Key::Thread), Some(1)), "Ada".into())
        .await
        .unwrap();
    assert_eq!((made.number, made.from_seq, &*made.by), (2, 3, "Ada"));
    running.await.unwrap();

    let told = recent(&hub);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].column.seq, 3);
    assert_eq!(told[0].column.counts.total(), 4);
    assert_eq!(told[0].health.losses.unmatched, 1);
    assert_eq!(told[0].names[0].key, 9);
    let columns: Vec<u64> =
        hub.with_history(|h| h.columns().iter().map(|c| c.counts.total()).collect());
    assert_eq!(columns, [3, 1, 4]);
    assert_eq!(hub.with_history(|h| h.scopes().len()), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_changes_nothing_and_says_why() {
    let old = (1..=4)
        .map(|at| reading(at, &[(7, at as u32)], 0))
        .collect();
    let hub = hub();
    let (_stop, stopped) = shutdown::channel();
    let (control, changes) = control::channel();
    let running = tokio::spawn(collector(scripts([old]), &hub).run(changes, stopped));
    let too_short = Scope {
        interval_ms: 1,
        ..scope(Key::Process)
    };
    let table = [
        (
            request(scope(Key::Process), None),
            RefusalKind::Target,
            "no process 77",
        ),
        (
            request(too_short, None),
            RefusalKind::Target,
            "1 ms is out of bounds",
        ),
        (
            request(scope(Key::Process), Some(9)),
            RefusalKind::Conflict,
            "somebody else",
        ),
    ];
    for (request, kind, said) in table {
        let refusal = control.set_scope(request, String::new()).await.unwrap_err();
        assert_eq!(refusal.kind, kind);
        assert!(refusal.reason.contains(said), "{refusal:?}");
        let programs = Programs::Synthetic;
        assert_eq!(hub.probe(), ProbeState::Attached { programs });
    }
    running.await.unwrap();
    assert_eq!(recent(&hub).len(), 3);
    let after = control
        .set_scope(request(scope(Key::Process), None), String::new())
        .await;
    assert_eq!(after.unwrap_err().kind, RefusalKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn of_two_at_once_the_second_is_told_that_it_lost() {
    let hub = hub();
    let (stop, stopped) = shutdown::channel();
    let (control, changes) = control::channel();
    let running = tokio::spawn(collector(SyntheticMachine::new(3), &hub).run(changes, stopped));
    let [first, second] = [Key::Thread, Key::Cgroup].map(|key| request(scope(key), Some(1)));
    let (first, second) = tokio::join!(
        control.set_scope(first, String::new()),
        control.set_scope(second, String::new())
    );
    assert_eq!(first.unwrap().scope.key, Key::Thread);
    assert_eq!(second.unwrap_err().kind, RefusalKind::Conflict);
    assert_eq!(hub.scope().key, Key::Thread);
    stop.stop();
    running.await.unwrap();
}
