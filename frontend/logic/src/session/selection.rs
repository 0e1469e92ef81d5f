//! The one series that is looked at, and what is known of its past.

use crate::keys::Linked;
use runqlat_common::counts::{Counts, Waits};
use runqlat_common::wire::{Interval, Series, SeriesHistory, SeriesKey, SeriesName};
use std::collections::BTreeMap;

static NO_WAITS: Counts = Counts {
    woken: Waits {
        counts: Vec::new(),
        sum_ns: 0,
    },
    preempted: Waits {
        counts: Vec::new(),
        sum_ns: 0,
    },
};

/// A selected series.
#[derive(Clone, Debug)]
pub struct Selection {
    pub key: u64,
    /// Its start. A link may leave it out; it is then unknown until a series with this key appears.
    pub start: Option<u64>,
    /// Its last known name, kept when its process is gone.
    pub name: String,
    /// The server has answered; until then only what came since is known.
    pub answered: bool,
    /// Its key means something else now: nothing comes any more, and only a paused page shows it.
    pub ended: bool,
    /// A link named it, and nothing is known of it yet.
    pub(super) is_sought: bool,
    /// The run of sequence numbers of which all waits are known.
    known: Option<(u64, u64)>,
    waits: BTreeMap<u64, Counts>,
}

impl Selection {
    pub fn new(id: SeriesKey, name: String) -> Self {
        Self {
            key: id.key,
            start: Some(id.start),
            name,
            answered: false,
            ended: false,
            is_sought: false,
            known: None,
            waits: BTreeMap::new(),
        }
    }

    /// What a link names.
    pub(super) fn sought(linked: Linked, name: String) -> Self {
        let id = SeriesKey {
            key: linked.key,
            start: 0,
        };
        Self {
            start: linked.start,
            is_sought: true,
            ..Self::new(id, name)
        }
    }

    /// The series, once it is known which.
    pub fn id(&self) -> Option<SeriesKey> {
        let start = self.start?;
        Some(SeriesKey {
            key: self.key,
            start,
        })
    }

    /// As a link names it.
    pub fn linked(&self) -> Linked {
        let (key, start) = (self.key, self.start.filter(|start| *start > 0));
        Linked { key, start }
    }

    /// Takes what an interval says about the series.
    pub(super) fn take(&mut self, interval: &Interval) {
        if self.start.is_none() {
            if !self.answered {
                // The server finds the newest series, and its answer includes the intervals before it.
                return;
            }
            let series = interval.series.iter().map(Series::id);
            let all = series.chain(interval.names.iter().map(SeriesName::id));
            let newest = all.filter(|id| id.key == self.key).max();
            self.start = newest.map(|id| id.start);
        }
        let id = self.id();
        let found = id.and_then(|id| interval.series.binary_search_by_key(&id, Series::id).ok());
        let counts = found.map(|at| &interval.series[at].counts);
        self.push(interval.column.seq, counts);
        for name in interval.names.iter().filter(|name| Some(name.id()) == id) {
            self.name.clone_from(&name.name);
        }
    }

    /// Whether an answer is about this series.
    pub(super) fn is_answered_by(&self, history: &SeriesHistory) -> bool {
        let (key, start) = (history.key, Some(history.start));
        self.key == key && (self.start.is_none() || self.start == start) && !self.ended
    }

    /// Whether any of its waits are known.
    pub(super) fn has_waits(&self) -> bool {
        !self.waits.is_empty()
    }

    /// Its waits in an interval; `None` where nothing is known.
    pub fn at(&self, seq: u64) -> Option<&Counts> {
        let (from, to) = self.known?;
        if !(from..=to).contains(&seq) {
            return None;
        }
        Some(self.waits.get(&seq).unwrap_or(&NO_WAITS))
    }

    /// Adds the interval `seq`, in which it waited or did not.
    pub fn push(&mut self, seq: u64, counts: Option<&Counts>) {
        self.known = match self.known {
            Some((from, to)) if seq <= to.saturating_add(1) => Some((from.min(seq), to.max(seq))),
            // What lies in between is not known: what came before it is given up.
            _ => Some((seq, seq)),
        };
        if let Some(counts) = counts {
            self.waits.insert(seq, counts.clone());
        }
    }

    /// Takes the server's answer; newer intervals that came before it stay. Before the interval
    /// `comparable_from` the key meant something else.
    pub fn fill(&mut self, history: SeriesHistory, comparable_from: u64) {
        self.answered = true;
        if history.start > 0 || !history.columns.is_empty() {
            self.start = Some(history.start);
        }
        let (from, to) = (history.from_seq.max(comparable_from), history.to_seq);
        if from > to {
            return;
        }
        self.known = match self.known {
            Some((known_from, known_to)) if known_from <= to.saturating_add(1) => {
                Some((from.min(known_from), to.max(known_to)))
            }
            // A hole before what is known: the newer part is what the picture ends with.
            Some(known) if known.0 > to => Some(known),
            _ => Some((from, to)),
        };
        let comparable = history.columns.into_iter().filter(|(seq, _)| *seq >= from);
        self.waits.extend(comparable);
    }

    /// Forgets what is older than the picture can show.
    pub fn forget_before(&mut self, seq: u64) {
        if self.waits.first_key_value().is_some_and(|(s, _)| *s < seq) {
            self.waits = self.waits.split_off(&seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Selection;
    use runqlat_common::counts::{Counts, Waits};
    use runqlat_common::wire::{SeriesHistory, SeriesKey};

    const SEVEN: SeriesKey = SeriesKey { key: 7, start: 0 };

    fn waits(n: u64) -> Counts {
        Counts {
            woken: Waits {
                counts: vec![n],
                sum_ns: n,
            },
            preempted: Waits::default(),
        }
    }

    fn history(from_seq: u64, to_seq: u64, columns: &[(u64, u64)]) -> SeriesHistory {
        SeriesHistory {
            key: 7,
            start: 0,
            from_seq,
            to_seq,
            columns: columns.iter().map(|(seq, n)| (*seq, waits(*n))).collect(),
        }
    }

    fn total(selection: &Selection, seq: u64) -> Option<u64> {
        selection.at(seq).map(Counts::total)
    }

    #[test]
    fn before_the_answer_only_what_came_since_is_known() {
        let mut selection = Selection::new(SEVEN, "a".into());
        assert_eq!(total(&selection, 10), None);
        selection.push(10, Some(&waits(3)));
        selection.push(11, None);
        assert_eq!(total(&selection, 9), None);
        assert_eq!(total(&selection, 10), Some(3));
        assert_eq!(total(&selection, 11), Some(0));
    }

    #[test]
    fn the_answer_joins_what_came_before_and_after_it() {
        let mut selection = Selection::new(SEVEN, "a".into());
        selection.push(10, Some(&waits(3)));
        selection.fill(history(4, 9, &[(5, 1), (9, 2)]), 1);
        selection.push(11, None);
        let table = [
            (3, None),
            (4, Some(0)),
            (5, Some(1)),
            (9, Some(2)),
            (10, Some(3)),
            (11, Some(0)),
            (12, None),
        ];
        for (seq, n) in table {
            assert_eq!(total(&selection, seq), n, "{seq}");
        }
        // An answer that overtook the interval it holds changes nothing.
        selection.fill(history(4, 11, &[(10, 3)]), 1);
        selection.push(11, None);
        assert_eq!(total(&selection, 10), Some(3));
    }

    #[test]
    fn what_another_series_with_its_key_waited_is_not_its_past() {
        let mut selection = Selection::new(SEVEN, "a".into());
        selection.fill(history(1, 9, &[(3, 1), (6, 2)]), 5);
        assert_eq!(
            [3, 4, 5, 6].map(|seq| total(&selection, seq)),
            [None, None, Some(0), Some(2)]
        );
        // An answer from before the change has nothing to tell.
        let mut selection = Selection::new(SEVEN, "a".into());
        selection.fill(history(1, 4, &[(3, 1)]), 5);
        assert!(selection.answered && selection.waits.is_empty());
        assert_eq!(total(&selection, 3), None);
    }

    #[test]
    fn a_hole_makes_what_lies_before_it_unknown() {
        let mut selection = Selection::new(SEVEN, "a".into());
        selection.fill(history(1, 5, &[(5, 1)]), 1);
        selection.push(8, None);
        assert_eq!(total(&selection, 5), None);
        assert_eq!(total(&selection, 8), Some(0));
        selection.forget_before(6);
        assert!(selection.waits.is_empty());
    }
}
