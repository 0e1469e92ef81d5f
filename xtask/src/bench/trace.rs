//! What a browser's trace says of a page's main thread: the time it was busy from one update to the next.

use serde_json::Value;

/// What is recorded: tasks of every thread, and the marks that the page is made to set.
pub(super) const CATEGORIES: &str = "disabled-by-default-devtools.timeline,blink.user_timing";
/// The name of the mark that stands for the arrival of an update.
pub(super) const MARK: &str = "bench-update";

/// Milliseconds of the main thread for each update: all tasks from the one that took the update up to the one that
/// took the next. So style, layout, painting, timers and collected garbage count, whatever caused them.
pub(super) fn updates(events: &[Value]) -> Vec<f64> {
    let marks = events.iter().filter(|event| event["name"] == MARK);
    let marks: Vec<&Value> = marks.collect();
    let Some(first) = marks.first() else {
        return Vec::new();
    };
    let is_here = |event: &&Value| event["pid"] == first["pid"] && event["tid"] == first["tid"];
    let mut at: Vec<f64> = marks
        .iter()
        .filter_map(|mark| mark["ts"].as_f64())
        .collect();
    at.sort_by(f64::total_cmp);
    let tasks = events.iter().filter(is_here).filter_map(task);
    sums(outermost(tasks.collect()), &at)
}

/// A task: when it began and how long it took, in µs.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Task {
    from: f64,
    took: f64,
}

impl Task {
    fn to(self) -> f64 {
        self.from + self.took
    }
}

fn task(event: &Value) -> Option<Task> {
    let is_task = event["name"].as_str()?.ends_with("RunTask");
    Some(Task {
        from: event["ts"].as_f64()?,
        took: event["dur"].as_f64()?,
    })
    .filter(|_| is_task && event["ph"] == "X")
}

/// Without those that ran within others.
fn outermost(mut tasks: Vec<Task>) -> Vec<Task> {
    tasks.sort_by(|a, b| a.from.total_cmp(&b.from).then(b.took.total_cmp(&a.took)));
    let mut end = f64::NEG_INFINITY;
    tasks.retain(|task| {
        let outer = task.from >= end;
        end = end.max(task.to());
        outer
    });
    tasks
}

/// Sums of tasks between marks, in ms. What came before the first mark belongs to no update, and the last update is
/// left out, for the trace ends somewhere within it.
fn sums(tasks: Vec<Task>, marks: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; marks.len()];
    for task in tasks {
        // The task that holds a mark is the one that took the update.
        let update = marks.partition_point(|mark| *mark < task.to());
        if let Some(sum) = update
            .checked_sub(1)
            .and_then(|update| sums.get_mut(update))
        {
            *sum += task.took / 1e3;
        }
    }
    sums.pop();
    sums
}

#[cfg(test)]
mod tests {
    use super::{CATEGORIES, MARK, updates};
    use serde_json::{Value, json};

    fn event(name: &str, tid: u32, ts: f64, dur: f64) -> Value {
        json!({ "cat": CATEGORIES, "name": name, "ph": "X", "pid": 1, "tid": tid, "ts": ts, "dur": dur })
    }

    #[test]
    fn tasks_count_for_the_update_before_them_once() {
        let task = "ThreadControllerImpl::RunTask";
        let events = [
            event(task, 7, 0.0, 9_000.0),
            event(task, 7, 10_000.0, 2_000.0),
            event(MARK, 7, 11_000.0, 0.0),
            event(task, 7, 10_500.0, 1_000.0),
            event(task, 7, 16_000.0, 3_000.0),
            event(task, 8, 16_000.0, 50_000.0),
            event("layout", 7, 17_000.0, 1_000.0),
            event(task, 7, 210_000.0, 4_000.0),
            event(MARK, 7, 210_500.0, 0.0),
            event(task, 7, 310_000.0, 4_000.0),
            event(MARK, 7, 310_500.0, 0.0),
        ];
        assert_eq!(updates(&events), [5.0, 4.0]);
        assert_eq!(updates(&events[..2]), [0.0; 0]);
    }
}
