//! What was measured when. A change of key or unit gives the series other keys or other buckets;
//! after any other change they go on.

use runqlat_common::buckets::Unit;
use runqlat_common::columns::{Columns, start_ms};
use runqlat_common::wire::{self, Key, Scope, ScopeChange};

/// A change that the picture shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where it lies on the time axis, in ms since 1970.
    pub at_ms: f64,
    pub from: Scope,
    pub to: Scope,
    /// The name of who asked for it; empty if not given.
    pub by: String,
}

/// What stays the same as long as series go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeriesScope {
    /// What waits are counted by.
    pub key: Key,
    /// What the buckets count.
    pub unit: Unit,
}

/// Oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<ScopeChange>);

impl Scopes {
    pub fn new(scopes: Vec<ScopeChange>) -> Self {
        Self(scopes)
    }

    /// What is measured now; nothing before the first snapshot.
    pub fn current(&self) -> Option<&Scope> {
        self.0.last().map(|change| &change.scope)
    }

    /// The number of what is measured now.
    pub fn number(&self) -> u32 {
        self.0.last().map_or(0, |change| change.number)
    }

    /// What was measured before and can be gone back to, newest first, each once.
    pub fn earlier(&self) -> Vec<Scope> {
        let mut found: Vec<Scope> = Vec::new();
        for change in self.0.iter().rev() {
            let is_new = !found.contains(&change.scope) && Some(&change.scope) != self.current();
            if is_new {
                found.push(change.scope.clone());
            }
        }
        found
    }

    /// What series are now.
    pub fn series(&self) -> SeriesScope {
        let series = |scope: &Scope| SeriesScope {
            key: scope.key,
            unit: scope.unit,
        };
        self.current().map(series).unwrap_or_default()
    }

    /// What was measured in an interval.
    pub fn at(&self, seq: u64) -> Option<&Scope> {
        let after = self.0.partition_point(|change| change.from_seq <= seq);
        let change = self.0.get(after.checked_sub(1)?)?;
        Some(&change.scope)
    }

    /// Whether the same was measured in the intervals `a` and `b`.
    pub fn same(&self, a: u64, b: u64) -> bool {
        wire::same(&self.0, a, b)
    }

    /// The first interval whose series can be compared with those of now.
    pub fn comparable_from(&self) -> u64 {
        wire::comparable_from(&self.0)
    }

    /// Takes a change. One that is known already (it was in the snapshot that came meanwhile) is none.
    pub fn push(&mut self, change: ScopeChange) -> bool {
        let is_new = self.0.last().is_none_or(|l| l.number < change.number);
        if is_new {
            self.0.push(change);
        }
        is_new
    }

    /// Forgets what was measured only before the interval `seq`.
    pub fn forget_before(&mut self, seq: u64) {
        wire::forget_before(&mut self.0, seq);
    }

    /// Whether the series of now are still what their keys mean in `newer`.
    pub fn go_on_in(&self, newer: &Self) -> bool {
        let (Some(mine), Some(first)) = (self.0.last(), wire::comparable(&newer.0).first()) else {
            return true;
        };
        // There and back again in between is no continuation: the run of now began later.
        mine.continues(first) && first.number <= mine.number
    }

    /// The changes, each where its first interval begins, or where the server says while that has
    /// still to come.
    pub fn changes<'a>(&'a self, columns: &'a Columns) -> impl Iterator<Item = Change> + 'a {
        self.0.windows(2).map(|pair| {
            let first = columns.at(pair[1].from_seq);
            Change {
                at_ms: first.map_or(pair[1].at_ms as f64, start_ms),
                from: pair[0].scope.clone(),
                to: pair[1].scope.clone(),
                by: pair[1].by.clone(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Columns, Scopes, SeriesScope};
    use runqlat_common::buckets::Unit;
    use runqlat_common::counts::Counts;
    use runqlat_common::wire::{Column, Key, Scope, ScopeChange};

    fn change(number: u32, key: Key, unit: Unit, from_seq: u64) -> ScopeChange {
        ScopeChange {
            number,
            scope: Scope {
                key,
                unit,
                ..Scope::default()
            },
            from_seq,
            at_ms: from_seq * 1_000 - 900,
            by: String::new(),
        }
    }

    fn scopes() -> Scopes {
        Scopes::new(vec![
            change(1, Key::Process, Unit::Us, 1),
            change(2, Key::Thread, Unit::Us, 4),
            change(3, Key::Thread, Unit::Ms, 4),
            change(4, Key::Thread, Unit::Ms, 9),
        ])
    }

    #[test]
    fn an_interval_has_the_scope_of_its_time() {
        let table = [
            (0, None),
            (1, Some((Key::Process, Unit::Us))),
            (3, Some((Key::Process, Unit::Us))),
            // The second scope was changed before an interval of it was over.
            (4, Some((Key::Thread, Unit::Ms))),
            (8, Some((Key::Thread, Unit::Ms))),
            (99, Some((Key::Thread, Unit::Ms))),
        ];
        let scopes = scopes();
        for (seq, expected) in table {
            let found = scopes.at(seq).map(|scope| (scope.key, scope.unit));
            assert_eq!(found, expected, "{seq}");
        }
        assert_eq!(scopes.comparable_from(), 4);
        let (key, unit) = (Key::Thread, Unit::Ms);
        assert_eq!(scopes.series(), SeriesScope { key, unit });
    }

    #[test]
    fn changes_lie_where_their_first_interval_begins() {
        let column = |seq| Column {
            seq,
            end_ms: seq * 1_000,
            duration_us: 1_000_000,
            counts: Counts::default(),
        };
        let scopes = scopes();
        let columns = Columns::after(10, (3..=7).map(column).collect());
        let changes: Vec<_> = scopes.changes(&columns).collect();
        let at: Vec<f64> = changes.iter().map(|change| change.at_ms).collect();
        assert_eq!(at, [3_000.0, 3_000.0, 8_100.0]);
        assert_eq!(changes[0].from.key, Key::Process);
        assert_eq!(changes[1].to.unit, Unit::Ms);
    }

    #[test]
    fn what_is_known_already_or_too_old_is_dropped() {
        let mut scopes = scopes();
        assert!(!scopes.push(change(4, Key::Thread, Unit::Ms, 9)));
        assert!(scopes.push(change(5, Key::Cgroup, Unit::Ms, 12)));
        assert_eq!(scopes.series().key, Key::Cgroup);
        scopes.forget_before(5);
        assert_eq!(scopes.0.len(), 3);
        assert!(scopes.at(5).is_some_and(|scope| scope.unit == Unit::Ms));
        scopes.forget_before(1_000);
        assert_eq!(scopes.0.len(), 1);
    }

    #[test]
    fn series_go_on_unless_their_keys_meant_something_else_in_between() {
        let started = |changes: &[ScopeChange]| Scopes::new(changes.to_vec());
        let before = started(&[change(3, Key::Process, Unit::Us, 5)]);
        let table = [
            (vec![change(3, Key::Process, Unit::Us, 5)], true),
            // Another server, which has just started.
            (vec![change(1, Key::Process, Unit::Us, 1)], true),
            (vec![change(4, Key::Process, Unit::Ms, 9)], false),
            (vec![change(4, Key::Thread, Unit::Us, 9)], false),
            (
                vec![
                    change(3, Key::Process, Unit::Us, 5),
                    change(4, Key::Process, Unit::Us, 9),
                ],
                true,
            ),
            (
                vec![
                    change(4, Key::Thread, Unit::Us, 9),
                    change(5, Key::Process, Unit::Us, 11),
                ],
                false,
            ),
        ];
        for (newer, goes_on) in table {
            assert_eq!(before.go_on_in(&started(&newer)), goes_on, "{newer:?}");
        }
        assert!(Scopes::default().go_on_in(&before));
    }
}
