//! Every scope, change and gap in words.

use super::{changing, gone, mark, missing, phrase, short_path, short_title, title};
use crate::chart::grid::Missing;
use crate::session::scopes::Change;
use runqlat_common::buckets::Unit;
use runqlat_common::wire::{Key, Scope};

const LONG: &str = "/kubepods.slice/kubepods-burstable.slice/docker-0123456789abcdef.scope";

fn scope(key: Key, tgid: Option<u32>, cgroup: Option<&str>, unit: Unit) -> Scope {
    Scope {
        key,
        tgid,
        cgroup: cgroup.map(str::to_owned),
        unit,
        interval_ms: 1_000,
        ..Scope::default()
    }
}

#[test]
fn every_scope_is_one_phrase() {
    use Unit::{Ms, Us};
    let table = [
        (
            scope(Key::Global, None, None, Us),
            "waits of all tasks, in µs, every 1 s",
            "Whole system",
        ),
        (
            scope(Key::Process, Some(12), None, Us),
            "waits of process 12, by process, in µs, every 1 s",
            "Process 12",
        ),
        (
            scope(Key::Thread, None, Some("/a"), Ms),
            "waits in cgroup /a, by thread, in ms, every 1 s",
            "Cgroup /a",
        ),
        (
            scope(Key::Pidns, None, None, Us),
            "waits of all tasks, by pid namespace, in µs, every 1 s",
            "Whole system",
        ),
        (
            scope(Key::Cgroup, Some(12), Some("/a"), Ms),
            "waits of process 12 in cgroup /a, by cgroup, in ms, every 1 s",
            "Process 12 in cgroup /a",
        ),
    ];
    for (scope, words, name) in table {
        assert_eq!(phrase(&scope), words);
        assert_eq!(title(&scope), name);
    }
}

#[test]
fn what_is_gone_is_told_with_what_to_do() {
    let group = scope(Key::Process, None, Some("/a"), Unit::Us);
    let told = "Cgroup /a is gone since 11:02:13: nothing can wait in it.";
    assert_eq!(gone(&group, "11:02:13", false), told);
    let advice = format!("{told} Choose another scope.");
    assert_eq!(gone(&group, "11:02:13", true), advice);
}

#[test]
fn a_change_tells_what_differs_and_nothing_else() {
    use Unit::{Ms, Us};
    let all = scope(Key::Process, None, None, Us);
    let mut slow = all.clone();
    slow.interval_ms = 100;
    let mut asked = scope(Key::Thread, None, None, Us);
    asked.interval_ms = 0;
    let table = [
        (
            scope(Key::Process, Some(1_234), None, Us),
            all.clone(),
            "process 1234 only → whole system",
            "whole system",
        ),
        (
            all.clone(),
            scope(Key::Cgroup, None, Some("/a"), Ms),
            "whole system, processes, µs buckets → cgroup /a only, cgroups, ms buckets",
            "cgroup /a only +2",
        ),
        (all.clone(), asked, "processes → threads", "threads"),
        (
            all.clone(),
            scope(Key::Global, None, None, Us),
            "processes → one histogram",
            "one histogram",
        ),
        (
            slow,
            all.clone(),
            "100 ms intervals → 1 s intervals",
            "1 s intervals",
        ),
        (all.clone(), all, "measured anew", "measured anew"),
    ];
    for (from, to, words, label) in table {
        let at_ms = 5.0;
        let by = String::new();
        let mark = mark(&Change {
            at_ms,
            from,
            to,
            by,
        });
        assert_eq!((mark.label.as_str(), mark.text.as_str()), (label, words));
        let in_full = format!("Something else is measured from here on:\n{words}");
        assert_eq!(mark.in_full, in_full);
    }
}

#[test]
fn what_is_being_attached_is_told() {
    let all = scope(Key::Process, None, None, Unit::Us);
    let to = scope(Key::Thread, None, None, Unit::Ms);
    assert_eq!(changing(Some(&all), &to), "changing to threads, ms buckets");
    assert_eq!(changing(Some(&all), &all), "starting anew");
    assert!(changing(None, &to).starts_with("changing to waits of all tasks, by thread"));
}

#[test]
fn long_paths_keep_both_ends_and_are_whole_where_one_asks() {
    assert!(short_path(LONG).starts_with("/kubepods…"));
    assert!(short_path(LONG).ends_with("89abcdef.scope"));
    assert_eq!(short_path(LONG).chars().count(), 28);
    assert_eq!(short_path("/a/ä"), "/a/ä");
    let long = scope(Key::Process, None, Some(LONG), Unit::Us);
    assert!(title(&long).ends_with(LONG));
    assert!(short_title(&long).chars().count() < 42);
    // Two that are cut short alike.
    let path = LONG.replace("burstable", "besteffort");
    let other = scope(Key::Process, None, Some(&path), Unit::Us);
    let at_ms = 0.0;
    let (from, to) = (long, other);
    let by = "Ada".to_owned();
    let mark = mark(&Change {
        at_ms,
        from,
        to,
        by,
    });
    assert!(mark.text.ends_with(" by Ada"));
    assert!(mark.in_full.contains("from here on by Ada:"));
    assert!(mark.label.contains('…') && mark.text.contains('…'));
    assert!(mark.in_full.contains(&path));
}

#[test]
fn what_is_not_drawn_says_why() {
    let table = [
        (Missing::Unknown, "no data"),
        (Missing::Unit(Unit::Ms), "measured in ms"),
        (Missing::Unit(Unit::Us), "measured in µs"),
        (Missing::Key(Key::Pidns), "counted by pid namespace"),
        (Missing::Key(Key::Global), "not told apart"),
    ];
    for (why, words) in table {
        assert_eq!(missing(why), words);
    }
}
