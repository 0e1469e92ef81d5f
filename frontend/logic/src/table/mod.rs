//! The list of series: which stand in it, in what order, and the few of them that are in view.

mod entry;
pub mod groups;
pub mod order;
pub mod pins;
mod sort;
#[cfg(test)]
mod tests;
pub mod view;

use crate::filter::Filter;
use crate::keys;
use crate::session::recent::Recent;
use crate::session::strip::{CELLS, Cell};
use crate::session::total::Total;
use entry::{Entry, Sums};
use order::Order;
use pins::Pins;
use runqlat_common::counts::Range;
use runqlat_common::wire::{Key, SeriesKey, Span};
pub use sort::{Column, Sort};
use std::sync::Arc;
use view::View;

/// One series, or all those of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its place in the list, from 0 on.
    pub index: usize,
    /// What it is known by in the list.
    pub key: SeriesKey,
    pub name: String,
    /// Series that it sums up.
    pub members: u64,
    /// The series, where it is one.
    pub series: Option<SeriesKey>,
    pub gone: bool,
    pub pinned: bool,
    pub waits_per_s: f64,
    /// Time waited per second, in ns.
    pub wait_ns_per_s: f64,
    /// The same as a part of the largest of all rows.
    pub share: f64,
    /// Of their buckets; `None` without waits.
    pub p50: Option<Range>,
    pub p99: Option<Range>,
    pub max: Option<Range>,
}

impl Row {
    /// Its last intervals, the oldest first.
    pub fn strip(&self, recent: &Recent) -> [Cell; CELLS] {
        match keys::is_of_name(self.key) {
            true => recent.strip_of_name(self.key),
            false => recent.strip(self.key),
        }
    }
}

/// What somebody wants to see of the list.
pub struct How<'a> {
    pub filter: &'a Filter,
    pub sort: Sort,
    pub pins: &'a Pins,
    pub view: &'a View,
    /// Series of one name are one row.
    pub by_name: bool,
    /// The order is held; each holding has a number of its own.
    pub held: Option<u32>,
}

/// The list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// The rows in view, by the place on the page that shows them: see [`View`].
    pub places: Vec<Option<Row>>,
    /// The part of the list that they are; one that has the focus may be from elsewhere.
    pub window: std::ops::Range<usize>,
    /// Rows of the list, in view or not.
    pub rows: usize,
    /// Series that pass the filter; or names, where they are the rows.
    pub matched: usize,
    /// All series with recent waits, and those that are gone since a short while.
    pub total: usize,
    /// What they are.
    pub key: Key,
    /// The time that is summed: the last so many seconds, or another than the present.
    pub seconds: f64,
    pub span: Option<Span>,
    /// A name that most series have, and how many have it.
    pub alike: Option<(String, usize)>,
    /// The order while it is held.
    pub order: Option<Arc<Order>>,
}

impl Listing {
    /// The list after `before`: a held order goes on.
    pub fn new(recent: &Recent, how: &How<'_>, before: Option<&Self>) -> Self {
        let key = recent.scope().key;
        let how = &How {
            pins: &how.pins.of(key),
            by_name: how.by_name && groups::has_groups(key),
            ..*how
        };
        let mut listing = Self {
            key,
            seconds: recent.seconds(),
            span: recent.span().cloned(),
            ..Self::default()
        };
        let mut most_ns = 1;
        let mut entries = listing.entries(recent, how, &mut most_ns);
        let is_there = |key| entries.iter().any(|entry: &Entry<'_>| entry.key == key);
        let absent = how.pins.keys();
        let absent = absent.filter(|key| keys::is_of_name(*key) == how.by_name && !is_there(*key));
        let absent: Vec<_> = absent.collect();
        entries.extend(
            absent
                .into_iter()
                .map(|key| Entry::new(recent, key, Sums::Series(&Total::ZERO), how.sort.by, true)),
        );
        listing.order = listing.hold(recent, how, &mut entries, before);
        listing.rows = entries.len();
        let mut view = how.view.clone();
        view.scrolls |= how.held.is_some() || view.held.is_some();
        let places = view.choose(&mut entries, &|a, b| a.compare(b, how.sort.descending));
        let row = |place: Option<(usize, usize)>| {
            place.map(|(index, at)| entries[at].row(recent, how, before, index, most_ns))
        };
        listing.window = view.window(listing.rows);
        listing.places = places.into_iter().map(row).collect();
        listing
    }

    /// A row for each series, or for each name.
    fn entries<'a>(
        &mut self,
        recent: &'a Recent,
        how: &How<'_>,
        most_ns: &mut u64,
    ) -> Vec<Entry<'a>> {
        if how.by_name {
            let groups = groups::groups(recent, how.filter).into_iter();
            let mut all = groups.map(|(key, group)| {
                let passes = group.passes;
                (key, Sums::Group(Box::new(group)), passes)
            });
            return self.collect(recent, how, &mut all, most_ns);
        }
        let mut all = recent.listed().map(|(key, sums)| {
            let passes = how.filter.is_empty() || how.filter.matches(key.key, &recent.name_of(key));
            (key, Sums::Series(sums), passes)
        });
        let entries = self.collect(recent, how, &mut all, most_ns);
        self.alike = groups::alike(recent, self.total);
        entries
    }

    /// An entry for each that passes the filter or is pinned; all count.
    fn collect<'a>(
        &mut self,
        recent: &'a Recent,
        how: &How<'_>,
        all: &mut dyn Iterator<Item = (SeriesKey, Sums<'a>, bool)>,
        most_ns: &mut u64,
    ) -> Vec<Entry<'a>> {
        let mut entries = Vec::new();
        for (key, sums, passes) in all {
            self.total += 1;
            *most_ns = sums.total().sum_ns.max(*most_ns);
            self.matched += usize::from(passes);
            let pinned = how.pins.contains(key);
            if passes || pinned {
                entries.push(Entry::new(recent, key, sums, how.sort.by, pinned));
            }
        }
        entries
    }

    /// Keeps the order where it is held. What has left the list meanwhile stays, without waits, for nothing may
    /// move up.
    fn hold<'a>(
        &self,
        recent: &'a Recent,
        how: &How<'_>,
        entries: &mut Vec<Entry<'a>>,
        before: Option<&Self>,
    ) -> Option<Arc<Order>> {
        let number = how.held?;
        let same = before.filter(|b| (b.key, &b.span) == (self.key, &self.span));
        let kept = same.and_then(|before| before.order.clone());
        let kept = kept.filter(|order| order.number == number);
        view::sort(entries, &|a, b| a.compare(b, how.sort.descending));
        let sorted = entries.iter().map(|entry| entry.key);
        let order = match kept {
            Some(mut order) => {
                if sorted.clone().any(|key| order.find(key).is_none()) {
                    Arc::make_mut(&mut order).append(sorted.clone());
                }
                let mut left = vec![true; order.keys().count()];
                sorted.for_each(|key| order.find(key).into_iter().for_each(|at| left[at] = false));
                let left = order.keys().zip(left).filter(|(_, left)| *left);
                entries.extend(left.map(|(key, _)| {
                    Entry::new(recent, key, Sums::Series(&Total::ZERO), how.sort.by, false)
                }));
                order
            }
            None => {
                // Numbers may be newer than those that are seen. A held order that gives way does so at a hand's wish.
                let seen = same.filter(|before| before.order.is_none());
                let shown = seen
                    .map(|before| before.in_order(entries))
                    .unwrap_or_default();
                Arc::new(Order::new(number, sorted.collect(), &shown))
            }
        };
        entries.iter_mut().for_each(|entry| entry.keep(&order));
        Some(order)
    }

    /// The rows in view that are still among `entries`, by their places.
    fn in_order(&self, entries: &[Entry<'_>]) -> Vec<(u64, SeriesKey)> {
        let rows = self
            .places
            .iter()
            .flatten()
            .filter(|row| self.window.contains(&row.index));
        let is_there = |row: &&Row| entries.iter().any(|entry| entry.key == row.key);
        let mut shown: Vec<_> = rows
            .filter(is_there)
            .map(|row| (row.index as u64, row.key))
            .collect();
        shown.sort_unstable();
        shown
    }

    /// The rows of the window, from its top on.
    pub fn in_window(&self) -> impl Iterator<Item = Option<&Row>> {
        self.window.clone().map(|index| self.at(index))
    }

    /// The row with this place in the list, where it is in view.
    pub fn at(&self, index: usize) -> Option<&Row> {
        self.places.iter().flatten().find(|row| row.index == index)
    }

    /// The row of a key, where it is in view.
    pub fn row_of(&self, key: SeriesKey) -> Option<&Row> {
        self.places.iter().flatten().find(|row| row.key == key)
    }
}
