//! Series that stay on top of the list, whatever its order and filter.

use runqlat_common::wire::{Key, SeriesKey};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What was pinned: keys of one kind, with their names, which outlive the series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    of: Key,
    names: BTreeMap<SeriesKey, String>,
}

impl Pins {
    pub const NONE: Self = Self {
        of: Key::Process,
        names: BTreeMap::new(),
    };

    /// Pins a series, or lets it go.
    pub fn toggle(&mut self, of: Key, key: SeriesKey, name: &str) {
        if self.of != of {
            // The same number is another thing now.
            *self = Self {
                of,
                ..Self::default()
            };
        }
        if self.names.remove(&key).is_none() {
            self.names.insert(key, name.to_owned());
        }
    }

    /// Those that mean something where waits are counted by `key`: all or none.
    pub fn of(&self, key: Key) -> Cow<'_, Self> {
        if self.of == key {
            Cow::Borrowed(self)
        } else {
            Cow::Owned(Self::default())
        }
    }

    pub fn contains(&self, key: SeriesKey) -> bool {
        !self.names.is_empty() && self.names.contains_key(&key)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn keys(&self) -> impl Iterator<Item = SeriesKey> + '_ {
        self.names.keys().copied()
    }

    pub fn name(&self, key: SeriesKey) -> Option<&str> {
        self.names.get(&key).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::Pins;
    use runqlat_common::wire::{Key, SeriesKey};

    const fn id(key: u64, start: u64) -> SeriesKey {
        SeriesKey { key, start }
    }

    #[test]
    fn pins_belong_to_one_kind_of_series() {
        let (seven, eight) = (id(7, 0), id(8, 0));
        let mut pins = Pins::default();
        pins.toggle(Key::Thread, seven, "sh");
        pins.toggle(Key::Thread, eight, "ls");
        pins.toggle(Key::Thread, eight, "ls");
        assert_eq!(pins.keys().collect::<Vec<_>>(), [seven]);
        assert_eq!(pins.name(seven), Some("sh"));
        assert!(pins.of(Key::Cgroup).is_empty() && pins.of(Key::Thread).contains(seven));
        pins.toggle(Key::Cgroup, seven, "/");
        assert_eq!(pins.name(seven), Some("/"));
    }

    #[test]
    fn a_pin_keeps_to_the_one_that_was_pinned() {
        let mut pins = Pins::default();
        pins.toggle(Key::Process, id(7, 100), "make");
        assert!(pins.contains(id(7, 100)) && !pins.contains(id(7, 900)));
        pins.toggle(Key::Process, id(7, 900), "nginx");
        pins.toggle(Key::Process, id(7, 100), "make");
        assert_eq!(pins.keys().collect::<Vec<_>>(), [id(7, 900)]);
    }
}
