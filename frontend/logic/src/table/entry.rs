//! A row with what it is sorted by, before it is known whether it is in view.

use super::groups::Group;
use super::order::Order;
use super::{Column, How, Listing, Row, view};
use crate::session::recent::Recent;
use crate::session::total::Total;
use runqlat_common::counts::Range;
use runqlat_common::wire::SeriesKey;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Where the numbers are.
pub(super) enum Sums<'a> {
    Series(&'a Total),
    Group(Box<Group>),
}

impl Sums<'_> {
    pub(super) fn total(&self) -> &Total {
        match self {
            Self::Series(total) => total,
            Self::Group(group) => &group.total,
        }
    }
}

/// A series, or a group of them.
pub(super) struct Entry<'a> {
    pub(super) key: SeriesKey,
    sums: Sums<'a>,
    pinned: bool,
    number: u64,
    word: Cow<'a, str>,
    rank: u64,
}

impl view::Keyed for Entry<'_> {
    fn key(&self) -> SeriesKey {
        self.key
    }
}

impl<'a> Entry<'a> {
    pub(super) fn new(
        recent: &'a Recent,
        key: SeriesKey,
        sums: Sums<'a>,
        by: Column,
        pinned: bool,
    ) -> Self {
        let slot = |slot: Option<usize>| slot.map_or(0, |slot| slot as u64 + 1);
        let total = sums.total();
        let number = match by {
            Column::Name => 0,
            Column::Id => match &sums {
                Sums::Group(group) => group.series.key,
                Sums::Series(_) => key.key,
            },
            Column::Rate => total.waits,
            Column::Wait => total.sum_ns,
            Column::P50 => slot(total.percentile_slot(50)),
            Column::P99 => slot(total.percentile_slot(99)),
            Column::Max => slot(total.max_slot()),
        };
        let word = match (by, &sums) {
            (Column::Name, Sums::Group(group)) => Cow::Owned(group.name.to_lowercase()),
            (Column::Name, Sums::Series(_)) => recent.lower_name(key),
            _ => Cow::Borrowed(""),
        };
        Self {
            key,
            sums,
            pinned,
            number,
            word,
            rank: 0,
        }
    }

    /// Stays where a held order has it.
    pub(super) fn keep(&mut self, order: &Order) {
        self.rank = order.rank(self.key);
    }

    /// Pinned rows come first, and those of a held order as that has them. Equal rows are in the order of their
    /// waiting time and then of their ids, so that buckets, which are often equal, give an order one can read.
    pub(super) fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let first = || {
            let ascending = (self.number, &self.word).cmp(&(other.number, &other.word));
            match descending {
                true => ascending.reverse(),
                false => ascending,
            }
        };
        let pinned = other.pinned.cmp(&self.pinned);
        pinned
            .then(self.rank.cmp(&other.rank))
            .then_with(first)
            .then_with(|| other.sum_ns().cmp(&self.sum_ns()))
            .then_with(|| self.key.cmp(&other.key))
    }

    pub(super) fn sum_ns(&self) -> u64 {
        self.sums.total().sum_ns
    }

    /// The row with this place in the list; `before` may remember the name of what is forgotten.
    pub(super) fn row(
        &self,
        recent: &Recent,
        how: &How<'_>,
        before: Option<&Listing>,
        index: usize,
        most_ns: u64,
    ) -> Row {
        let (unit, seconds) = (recent.scope().unit, recent.seconds().max(1e-3));
        let total = self.sums.total();
        let range = |slot: Option<usize>| slot.map(|slot| Range::of(slot, unit));
        let known = recent.knows(self.key);
        let (name, members, series, gone) = match &self.sums {
            Sums::Group(group) => {
                let series = (group.members < 2).then_some(group.series);
                (group.name.clone(), group.members, series, group.gone)
            }
            Sums::Series(_) if known => {
                let name = recent.name_of(self.key);
                (name, 1, Some(self.key), recent.is_gone(self.key))
            }
            Sums::Series(_) => {
                let pinned = how.pins.name(self.key);
                let name = pinned.or_else(|| before?.row_of(self.key).map(|row| &*row.name));
                let name = name.map_or_else(|| recent.name_of(self.key), str::to_owned);
                (name, 1, Some(self.key), true)
            }
        };
        Row {
            index,
            key: self.key,
            name,
            members,
            series,
            gone,
            pinned: self.pinned,
            waits_per_s: total.waits as f64 / seconds,
            wait_ns_per_s: total.sum_ns as f64 / seconds,
            share: total.sum_ns as f64 / most_ns as f64,
            p50: range(total.percentile_slot(50)),
            p99: range(total.percentile_slot(99)),
            max: range(total.max_slot()),
        }
    }
}
