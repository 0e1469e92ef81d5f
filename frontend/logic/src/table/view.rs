//! The part of a long list that is in view. Only its rows are sorted, built and filled; each is shown
//! in one of a few places, which are used again for other rows.

use crate::kept::Kept;
use runqlat_common::wire::SeriesKey;
use std::cmp::Ordering;
use std::ops::Range;

/// Rows above and below the visible ones while they may be scrolled, so that scrolling by a little shows no gap.
const MORE: usize = 4;

/// Where the end of a long list is far away there is room for a multiple of so many rows.
const ROOM: usize = 64;

/// What is in view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The topmost visible row.
    pub top: usize,
    /// Rows that are visible, wholly or in part: one more or less with where the topmost begins.
    pub visible: usize,
    /// It was scrolled a moment ago, or there is a hand on it that may.
    pub scrolls: bool,
    /// The place that has the focus, and the key it stays with, wherever that goes.
    pub held: Option<(usize, SeriesKey)>,
}

/// A call for each comparison: what sorts is kept once for all orders.
pub type Compare<'a, T> = &'a dyn Fn(&T, &T) -> Ordering;

pub trait Keyed {
    fn key(&self) -> SeriesKey;
}

impl View {
    /// Places that are used: one for each row, one for the row that makes room for a held one, and one so that a held
    /// one keeps its place when a row less is visible.
    pub fn places(&self) -> usize {
        self.visible + 2 * MORE + 2
    }

    /// How many rows there is room for, of so many: exactly they where their end is in view or nearly so. Elsewhere it is
    /// more, and stays what it was `before` for a while.
    pub fn room(&self, rows: usize, before: Option<Kept>) -> Kept {
        let near = self.top + 3 * self.visible + 2 * MORE;
        if near >= rows {
            Kept::exactly(rows)
        } else {
            Kept::after(before, rows.next_multiple_of(ROOM))
        }
    }

    /// The rows that are built, of so many: the visible ones, and where they may be scrolled those beside them.
    pub fn window(&self, rows: usize) -> Range<usize> {
        let more = if self.scrolls { MORE } else { 0 };
        let count = self.visible + 2 * more;
        let start = self.top.saturating_sub(more);
        let start = start.min(rows.saturating_sub(count));
        start..(start + count).min(rows)
    }

    /// For each place the row to show: its index in the list, and where it is in `all` afterwards.
    pub fn choose<T: Keyed>(
        &self,
        all: &mut [T],
        compare: Compare<'_, T>,
    ) -> Vec<Option<(usize, usize)>> {
        let window = self.window(all.len());
        let held = self.held.and_then(|(place, key)| {
            let held = all.iter().find(|entry| entry.key() == key)?;
            let before = |entry: &&T| compare(entry, held) == Ordering::Less;
            Some((place, key, all.iter().filter(before).count()))
        });
        sort_within(all, &window, compare);
        let mut places: Vec<_> = window.clone().map(|index| Some((index, index))).collect();
        places.resize(self.places(), None);
        if let Some((place, key, index)) = held.filter(|(place, ..)| *place < places.len()) {
            let found = window.contains(&index).then(|| index - window.start);
            let from = found.unwrap_or(places.len() - 1);
            if found.is_none() {
                let at = all.iter().position(|entry| entry.key() == key);
                places[from] = at.map(|at| (index, at));
            }
            places.swap(place, from);
        }
        places
    }
}

/// Puts all into their order.
pub fn sort<T>(all: &mut [T], compare: Compare<'_, T>) {
    all.sort_unstable_by(compare);
}

/// Puts the entries of a part of the order into their order; the others stay unsorted on their side.
fn sort_within<T>(all: &mut [T], window: &Range<usize>, compare: Compare<'_, T>) {
    let mut rest = all;
    if window.start > 0 && window.start < rest.len() {
        rest.select_nth_unstable_by(window.start, compare);
        rest = &mut rest[window.start..];
    }
    let count = window.len().min(rest.len());
    if count < rest.len() {
        rest.select_nth_unstable_by(count, compare);
    }
    sort(&mut rest[..count], compare);
}

#[cfg(test)]
mod tests {
    use super::{Keyed, View};
    use crate::kept::Kept;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use runqlat_common::wire::SeriesKey;

    impl Keyed for u64 {
        fn key(&self) -> SeriesKey {
            id(*self)
        }
    }

    fn id(key: u64) -> SeriesKey {
        SeriesKey { key, start: 0 }
    }

    proptest! {
        /// Whatever is held, the rows in view are each shown once, and the held one in its place.
        #[test]
        fn every_row_in_view_has_one_place(
            keys in proptest::collection::btree_set(0..500_u64, 0..200),
            top in 0..300_usize, visible in 0..20_usize, scrolls: bool, held: Option<(u8, u16)>,
        ) {
            let sorted: Vec<u64> = keys.iter().copied().collect();
            let mut all = sorted.clone();
            all.sort_by_key(|key| key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let view = View { top, visible, scrolls, held: None };
            let held = held.map(|(place, key)| {
                (usize::from(place) % view.places(), id((key % 500).into()))
            });
            let view = View { held, ..view };
            let places = view.choose(&mut all, &u64::cmp);
            prop_assert_eq!(places.len(), view.places());
            let mut shown = Vec::new();
            for (index, at) in places.iter().flatten() {
                prop_assert_eq!(all[*at], sorted[*index]);
                shown.push(*index);
            }
            shown.sort_unstable();
            for index in view.window(all.len()) {
                prop_assert!(shown.binary_search(&index).is_ok());
            }
            shown.dedup();
            prop_assert_eq!(shown.len(), places.iter().flatten().count());
            if let Some((place, key)) = held.filter(|(_, id)| keys.contains(&id.key)) {
                prop_assert_eq!(places[place].map(|(_, at)| all[at]), Some(key.key));
            }
        }
    }

    fn view(top: usize, scrolls: bool) -> View {
        View {
            top,
            visible: 10,
            scrolls,
            held: None,
        }
    }

    #[test]
    fn rows_beside_the_visible_ones_are_built_for_scrolling() {
        assert_eq!(view(90, false).window(1_000), 90..100);
        assert_eq!(view(90, true).window(1_000), 86..104);
    }

    #[test]
    fn the_room_is_exact_where_the_end_can_be_seen() {
        let room = |top, rows| view(top, false).room(rows, None).size;
        // Ten are visible, and the end of less than some screens is near.
        assert_eq!([0, 1, 12, 30].map(|rows| room(0, rows)), [0, 1, 12, 30]);
        // Far away a row more or less changes nothing.
        assert_eq!([990, 1_003, 1_024].map(|rows| room(0, rows)), [1_024; 3]);
        assert_eq!(room(0, 1_025), 1_088);
        // And what is kept is not given up for a few.
        let kept = |rows| view(0, false).room(rows, Some(Kept::exactly(1_024))).size;
        assert_eq!([1_024, 960, 200].map(kept), [1_024; 3]);
        assert_eq!([1_025, 30].map(kept), [1_088, 30]);
        // Who goes there finds no room beyond the last row, wherever a hand may have thrown the list.
        assert_eq!([980, 993, 1_014].map(|top| room(top, 1_003)), [1_003; 3]);
    }

    #[test]
    fn the_window_ends_with_the_list() {
        assert_eq!(view(90, true).window(100), 82..100);
        assert_eq!(view(95, false).window(100), 90..100);
        assert_eq!(view(90, true).window(5), 0..5);
    }

    #[test]
    fn a_held_row_keeps_its_place_when_a_row_less_is_visible() {
        let mut all: Vec<u64> = (0..100).collect();
        let last = view(0, true).window(100).len() - 1;
        let held = View {
            visible: 9,
            held: Some((last, id(50))),
            ..view(0, true)
        };
        let places = held.choose(&mut all, &u64::cmp);
        let shown = places[last].map(|(index, at)| (index, all[at]));
        assert_eq!(shown, Some((50, 50)));
    }
}
