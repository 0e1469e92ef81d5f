//! What is measured, in words: as a whole, and how it changed.

use crate::bidi::isolated;
use crate::chart::grid::Missing;
use crate::chart::marks;
use crate::keys;
use crate::session::scopes::Change;
use crate::words;
use runqlat_common::buckets::Unit;
use runqlat_common::human;
use runqlat_common::wire::{Key, Scope};
use std::borrow::Cow;

/// Letters of a path that are shown where there is no room for all of it.
const PATH_LETTERS: usize = 28;

/// In one phrase: `waits of all tasks, by process, in µs, every 1 s`. Long paths in full.
pub fn phrase(scope: &Scope) -> String {
    let whose = match (scope.tgid, path(scope)) {
        (None, None) => "waits of all tasks".to_owned(),
        (Some(tgid), None) => format!("waits of process {tgid}"),
        (None, Some(path)) => format!("waits in cgroup {path}"),
        (Some(tgid), Some(path)) => format!("waits of process {tgid} in cgroup {path}"),
    };
    let by = match scope.key {
        Key::Global => String::new(),
        key => format!(", by {}", keys::kind(key).one),
    };
    format!("{whose}{by}, in {}{}", unit(scope.unit), every(scope))
}

/// Like [`phrase`], with long paths cut short.
pub fn short_phrase(scope: &Scope) -> String {
    phrase(&shortened(scope))
}

/// Whose waits: `Whole system`, `Process 12`, `Cgroup /a`. Long paths in full.
pub fn title(scope: &Scope) -> String {
    match (scope.tgid, path(scope)) {
        (None, None) => "Whole system".to_owned(),
        (Some(tgid), None) => format!("Process {tgid}"),
        (None, Some(path)) => format!("Cgroup {path}"),
        (Some(tgid), Some(path)) => format!("Process {tgid} in cgroup {path}"),
    }
}

/// Like [`title`], with long paths cut short.
pub fn short_title(scope: &Scope) -> String {
    title(&shortened(scope))
}

/// What is measured is gone since this time of day; with what to do about it, for who may.
pub fn gone(scope: &Scope, since: &str, may_control: bool) -> String {
    let advice = if may_control {
        " Choose another scope."
    } else {
        ""
    };
    let what = short_title(scope);
    format!("{what} is gone since {since}: nothing can wait in it.{advice}")
}

/// A change for the picture.
pub fn mark(change: &Change) -> marks::Change {
    let short = difference(&change.from, &change.to, shortened);
    let label = match short.as_slice() {
        [] => "measured anew".to_owned(),
        [(_, to)] => to.clone(),
        [(_, to), rest @ ..] => format!("{to} +{}", rest.len()),
    };
    let by = words::together::by(&change.by);
    marks::Change {
        at_ms: change.at_ms,
        label,
        text: format!("{}{by}", changed(&change.from, &change.to, shortened)),
        in_full: format!(
            "Something else is measured from here on{by}:\n{}",
            changed(&change.from, &change.to, Scope::clone)
        ),
        note: None,
    }
}

/// From what to what: `process 1234 only → whole system`.
fn changed(from: &Scope, to: &Scope, shown: fn(&Scope) -> Scope) -> String {
    let pairs = difference(from, to, shown).into_iter();
    let (before, after): (Vec<_>, Vec<_>) = pairs.unzip();
    if before.is_empty() {
        return "measured anew".to_owned();
    }
    format!("{} → {}", before.join(", "), after.join(", "))
}

/// What it is going to be: `changing to threads, ms buckets`.
pub fn changing(from: Option<&Scope>, to: &Scope) -> String {
    let Some(from) = from else {
        return format!("changing to {}", short_phrase(to));
    };
    let after = difference(from, to, shortened).into_iter();
    let after: Vec<_> = after.map(|(_, to)| to).collect();
    if after.is_empty() {
        return "starting anew".to_owned();
    }
    format!("changing to {}", after.join(", "))
}

/// Why nothing is drawn.
pub fn missing(why: Missing) -> String {
    match why {
        Missing::Unknown => "no data".to_owned(),
        Missing::Unit(measured) => format!("measured in {}", unit(measured)),
        Missing::Key(Key::Global) => "not told apart".to_owned(),
        Missing::Key(key) => format!("counted by {}", keys::kind(key).one),
    }
}

/// The beginning and the end of a path, which tell most of it.
pub fn short_path(path: &str) -> String {
    let letters: Vec<char> = path.chars().collect();
    if letters.len() <= PATH_LETTERS {
        return path.to_owned();
    }
    let head: String = letters[..PATH_LETTERS / 3].iter().collect();
    let tail = letters.len() - (PATH_LETTERS - PATH_LETTERS / 3 - 1);
    let tail: String = letters[tail..].iter().collect();
    format!("{head}…{tail}")
}

/// The cgroup's path for use in a sentence.
fn path(scope: &Scope) -> Option<Cow<'_, str>> {
    scope.cgroup.as_deref().map(isolated)
}

fn shortened(scope: &Scope) -> Scope {
    Scope {
        cgroup: scope.cgroup.as_deref().map(short_path),
        ..scope.clone()
    }
}

/// What differs, as it was and as it is; `shown` makes of a scope what is told of it.
fn difference(from: &Scope, to: &Scope, shown: fn(&Scope) -> Scope) -> Vec<(String, String)> {
    let words: [fn(&Scope) -> String; 4] = [
        whose,
        |scope| many(scope.key).to_owned(),
        |scope| format!("{} buckets", unit(scope.unit)),
        |scope| format!("{} intervals", interval(scope)),
    ];
    let mut to = to.clone();
    if to.interval_ms == 0 {
        to.interval_ms = from.interval_ms;
    }
    // Compared in full: paths that are cut short alike still differ.
    let differing = words.into_iter().filter(|words| words(from) != words(&to));
    let (from, to) = (shown(from), shown(&to));
    differing.map(|words| (words(&from), words(&to))).collect()
}

fn whose(scope: &Scope) -> String {
    match (scope.tgid, path(scope)) {
        (None, None) => "whole system".to_owned(),
        (Some(tgid), None) => format!("process {tgid} only"),
        (None, Some(path)) => format!("cgroup {path} only"),
        (Some(tgid), Some(path)) => format!("process {tgid} in cgroup {path} only"),
    }
}

fn many(key: Key) -> &'static str {
    match key {
        Key::Global => "one histogram",
        key => keys::kind(key).many,
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Us => "µs",
        Unit::Ms => "ms",
    }
}

/// The nominal length of an interval: `1 s`, `100 ms`.
fn interval(scope: &Scope) -> String {
    human::micros(u64::from(scope.interval_ms) * 1_000)
}

fn every(scope: &Scope) -> String {
    match scope.interval_ms {
        // A request's way to say that it stays.
        0 => String::new(),
        _ => format!(", every {}", interval(scope)),
    }
}

#[cfg(test)]
mod tests;
