//! Series of one name as one row: a storm of forks is a thousand series of one wait each.

use crate::filter::Filter;
use crate::keys;
use crate::session::keyed::Keyed;
use crate::session::recent::Recent;
use crate::session::total::Total;
use runqlat_common::wire::{Key, SeriesKey};

/// The series of one name.
#[derive(Clone, Debug)]
pub struct Group {
    pub name: String,
    pub total: Total,
    /// Series with recent waits; all where none has any.
    pub members: u64,
    /// One of them.
    pub series: SeriesKey,
    /// Some passes the filter.
    pub passes: bool,
    /// None lives any more.
    pub gone: bool,
}

/// Whether series of one name say something together: cgroups' paths are their own.
pub fn has_groups(key: Key) -> bool {
    matches!(key, Key::Process | Key::Thread | Key::Pidns)
}

/// The groups that listed series belong to, by ascending key, with the series.
fn pairs(recent: &Recent) -> Vec<(SeriesKey, SeriesKey)> {
    let pair = |(series, named): (SeriesKey, Option<SeriesKey>)| match series {
        SeriesKey::OTHER => (series, series),
        _ => {
            let key = named.unwrap_or_else(|| keys::of_name(&recent.name_of(series)));
            (key, series)
        }
    };
    let mut pairs: Vec<_> = recent.listed_names().map(pair).collect();
    pairs.sort_unstable();
    pairs
}

/// All groups, with their keys.
pub fn groups(recent: &Recent, filter: &Filter) -> Vec<(SeriesKey, Group)> {
    let pairs = pairs(recent);
    let groups = pairs.chunk_by(|a, b| a.0 == b.0);
    groups
        .map(|all| (all[0].0, Group::new(recent, filter, all)))
        .collect()
}

impl Group {
    fn new(recent: &Recent, filter: &Filter, all: &[(SeriesKey, SeriesKey)]) -> Self {
        let series = all[0].1;
        let name = recent.name_of(series);
        let mut group = Self {
            passes: filter.is_empty(),
            name,
            total: Total::ZERO,
            members: 0,
            series,
            gone: true,
        };
        let (mut recently, mut lately) = (0, 0);
        for (_, series) in all {
            let members = recent.members(*series);
            lately += members;
            group.passes |= filter.matches(series.key, &group.name);
            group.gone &= recent.is_gone(*series);
            if let Some(total) = recent.total(*series) {
                group.total.join(total);
                recently += members;
            }
        }
        // What is gone and quiet by now is counted where nothing else is.
        group.members = if recently > 0 { recently } else { lately };
        group
    }
}

/// A name that so many of the series have that they are better read as one row, and how many have it.
pub fn alike(recent: &Recent, total: usize) -> Option<(String, usize)> {
    if total < ENOUGH || !has_groups(recent.scope().key) {
        return None;
    }
    let mut names = Keyed::<(usize, SeriesKey)>::default();
    for (series, name) in recent.listed_names() {
        // Those without one are told apart by their ids.
        let Some(name) = name else { continue };
        let (many, one) = names.entry(name).or_default();
        (*many, *one) = (*many + 1, series);
    }
    // Of two names with a half each always the same.
    let most = names
        .into_iter()
        .max_by_key(|(name, (many, _))| (*many, *name));
    let (_, (many, one)) = most?;
    (many * 2 >= total).then(|| (recent.name_of(one), many))
}

/// Fewer series are read as they are.
const ENOUGH: usize = 50;

/// The filter that lets just the series of a name through.
pub fn filter_for(name: &str) -> String {
    let mut pattern = String::from("/^");
    for letter in name.chars() {
        if r"\^$.|?*+()[]{}".contains(letter) {
            pattern.push('\\');
        }
        match letter {
            // Before a blank it would end the expression.
            '/' => pattern.push_str(r"\x2f"),
            letter => pattern.push(letter),
        }
    }
    pattern + "$/"
}

#[cfg(test)]
mod tests {
    use super::filter_for;
    use crate::filter::Filter;
    use proptest::prelude::{prop_assert, proptest};

    proptest! {
        #[test]
        fn a_groups_filter_lets_its_series_through_and_no_longer_name(name in "[ -~]{1,15}") {
            let filter = Filter::new(&filter_for(&name)).expect("a filter");
            prop_assert!(filter.matches(7, &name));
            for longer in [format!("{name}x"), format!("x{name}")] {
                prop_assert!(!filter.matches(7, &longer));
            }
        }
    }
}
