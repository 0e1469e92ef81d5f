//! What a browser's trace says of a page's main thread: the time it was busy from one update to the next, and with
//! what.

use std::collections::HashMap;
use std::ops::AddAssign;

use serde_json::Value;

/// What is recorded: tasks of every thread, and what they consist of. To record more, or marks that a script sets, takes
/// time of the thread that is measured: half a millisecond an update.
pub(super) const CATEGORIES: &str = "toplevel,devtools.timeline";
/// What the browser itself tells when an update arrives.
pub(super) const MARK: &str = "WebSocketReceive";
/// What it calls a page's main thread.
const MAIN: &str = "CrRendererMain";

/// Milliseconds that passed, and those of them in which the thread had a CPU: on a busy machine the difference is
/// other programs' doing, and waiting for the browser's other threads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Spent {
    pub(super) wall: f64,
    pub(super) cpu: f64,
}

impl AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

/// What the main thread did.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Busy {
    /// Each update: all tasks from the one that took it up to the one that took the next. So style, layout, painting,
    /// timers and collected garbage count, whatever caused them.
    pub(super) updates: Vec<Spent>,
    /// All of them by kind of work, without what ran within it.
    kinds: HashMap<String, Spent>,
}

impl Busy {
    /// Adds what the thread did at another time.
    pub(super) fn add(&mut self, other: Self) {
        self.updates.extend(other.updates);
        for (kind, spent) in other.kinds {
            *self.kinds.entry(kind).or_default() += spent;
        }
    }

    /// An update's mean by kind of work; the dearest first.
    pub(super) fn kinds(&self) -> Vec<(&str, Spent)> {
        let updates = self.updates.len().max(1) as f64;
        let mean = |spent: &Spent| Spent {
            wall: spent.wall / updates,
            cpu: spent.cpu / updates,
        };
        let kinds = self.kinds.iter();
        let mut kinds: Vec<_> = kinds
            .map(|(name, spent)| (name.as_str(), mean(spent)))
            .collect();
        kinds.sort_by(|a, b| b.1.wall.total_cmp(&a.1.wall));
        kinds
    }
}

/// Reads a trace.
pub(super) fn read(events: &[Value]) -> Busy {
    let marks = events.iter().filter(|event| event["name"] == MARK);
    let marks: Vec<&Value> = marks.collect();
    let Some(first) = marks.first() else {
        return Busy::default();
    };
    // Which may be told by another thread than the one that is looked at.
    let is_main = |event: &&Value| {
        event["name"] == "thread_name"
            && event["args"]["name"] == MAIN
            && event["pid"] == first["pid"]
    };
    let Some(main) = events.iter().find(is_main) else {
        return Busy::default();
    };
    let is_here = |event: &&Value| event["pid"] == main["pid"] && event["tid"] == main["tid"];
    let mut at: Vec<f64> = marks
        .iter()
        .filter_map(|mark| mark["ts"].as_f64())
        .collect();
    at.sort_by(f64::total_cmp);
    if at.len() < 2 {
        return Busy::default();
    }
    let mut work: Vec<Work> = events.iter().filter(is_here).filter_map(work).collect();
    work.sort_by(|a, b| a.from.total_cmp(&b.from).then(b.took.total_cmp(&a.took)));
    let tasks = outermost(work.iter().filter(|work| work.is_task()));
    Busy {
        updates: sums(&tasks, &at),
        kinds: kinds(&work, &at),
    }
}

/// A piece of work: what, when it began, how long it took and how much of a CPU, in µs.
#[derive(Debug)]
struct Work<'a> {
    name: &'a str,
    from: f64,
    took: f64,
    cpu: f64,
}

impl Work<'_> {
    fn to(&self) -> f64 {
        self.from + self.took
    }

    fn is_task(&self) -> bool {
        self.name.ends_with("RunTask")
    }

    fn spent(&self) -> Spent {
        Spent {
            wall: self.took / 1e3,
            cpu: self.cpu / 1e3,
        }
    }
}

fn work(event: &Value) -> Option<Work<'_>> {
    Some(Work {
        name: event["name"].as_str()?,
        from: event["ts"].as_f64()?,
        took: event["dur"].as_f64()?,
        cpu: event["tdur"].as_f64().unwrap_or(0.0),
    })
    .filter(|_| event["ph"] == "X")
}

/// Of tasks by ascending time, those that did not run within others.
fn outermost<'a>(tasks: impl Iterator<Item = &'a Work<'a>>) -> Vec<&'a Work<'a>> {
    let mut end = f64::NEG_INFINITY;
    let mut found = Vec::new();
    for task in tasks {
        if task.from >= end {
            end = task.to();
            found.push(task);
        }
    }
    found
}

/// Sums of tasks between marks. What came before the first mark belongs to no update, and the last update is left out,
/// for the trace ends somewhere within it.
fn sums(tasks: &[&Work<'_>], marks: &[f64]) -> Vec<Spent> {
    let mut sums = vec![Spent::default(); marks.len()];
    for task in tasks {
        // The task that holds a mark is the one that took the update.
        let update = marks.partition_point(|mark| *mark < task.to());
        if let Some(sum) = update
            .checked_sub(1)
            .and_then(|update| sums.get_mut(update))
        {
            *sum += task.spent();
        }
    }
    sums.pop();
    sums
}

/// What each kind of work took itself, from the first mark to the last.
fn kinds(work: &[Work<'_>], marks: &[f64]) -> HashMap<String, Spent> {
    let (start, end) = (marks[0], marks[marks.len() - 1]);
    let mut kinds: HashMap<String, Spent> = HashMap::new();
    let mut around: Vec<&Work<'_>> = Vec::new();
    let inside = work.iter().filter(|w| w.to() > start && w.from < end);
    for work in inside {
        while around.pop_if(|outer| outer.to() <= work.from).is_some() {}
        let spent = work.spent();
        if let Some(outer) = around.last() {
            let outer = kinds.entry(outer.name.to_owned()).or_default();
            *outer += Spent {
                wall: -spent.wall,
                cpu: -spent.cpu,
            };
        }
        *kinds.entry(work.name.to_owned()).or_default() += spent;
        around.push(work);
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::{Busy, CATEGORIES, MAIN, MARK, Spent, read};
    use serde_json::{Value, json};

    fn event(name: &str, tid: u32, ts: f64, dur: f64) -> Value {
        json!({ "cat": CATEGORIES, "name": name, "ph": "X", "pid": 1, "tid": tid,
            "ts": ts, "dur": dur, "tdur": dur / 2.0 })
    }

    fn thread(pid: u32, tid: u32, name: &str) -> Value {
        json!({ "name": "thread_name", "ph": "M", "pid": pid, "tid": tid, "args": { "name": name } })
    }

    fn events() -> Vec<Value> {
        let task = "ThreadControllerImpl::RunTask";
        vec![
            event(task, 7, 0.0, 9_000.0),
            event(task, 7, 10_000.0, 2_000.0),
            event(MARK, 8, 11_000.0, 0.0),
            event(task, 7, 10_500.0, 1_000.0),
            event(task, 7, 16_000.0, 3_000.0),
            event(task, 8, 16_000.0, 50_000.0),
            event("Layout", 7, 17_000.0, 1_000.0),
            event(task, 7, 210_000.0, 4_000.0),
            event(MARK, 8, 210_500.0, 0.0),
            event(task, 7, 310_000.0, 4_000.0),
            event(MARK, 8, 310_500.0, 0.0),
            thread(2, 9, MAIN),
            thread(1, 8, "DedicatedWorker thread"),
            thread(1, 7, MAIN),
        ]
    }

    fn spent(wall: f64) -> Spent {
        let cpu = wall / 2.0;
        Spent { wall, cpu }
    }

    #[test]
    fn tasks_count_for_the_update_before_them_once() {
        let events = events();
        assert_eq!(read(&events).updates, [spent(5.0), spent(4.0)]);
        assert_eq!(read(&events[..2]), Busy::default());
        let mut twice = read(&events);
        twice.add(read(&events));
        assert_eq!(twice.updates, [5.0, 4.0, 5.0, 4.0].map(spent));
        assert_eq!(twice.kinds(), read(&events).kinds());
    }

    #[test]
    fn kinds_add_up_and_leave_out_what_ran_within() {
        let busy = read(&events());
        let kinds = busy.kinds();
        let of = |name: &str| kinds.iter().find(|kind| kind.0.ends_with(name)).unwrap().1;
        assert_eq!(of("Layout"), spent(0.5));
        // Those that hold the first and the last mark count whole.
        assert_eq!(of("RunTask"), spent((2.0 + 2.0 + 4.0 + 4.0) / 2.0));
        assert_eq!(kinds[0].0, "ThreadControllerImpl::RunTask");
    }
}
