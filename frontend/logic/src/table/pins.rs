//! Series that stay on top of the list, whatever its order and filter.

use runqlat_common::wire::Key;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What was pinned: keys of one kind, with their names, which outlive the series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    of: Key,
    names: BTreeMap<u64, String>,
}

impl Pins {
    pub const NONE: Self = Self {
        of: Key::Process,
        names: BTreeMap::new(),
    };

    /// Pins a series, or lets it go.
    pub fn toggle(&mut self, of: Key, key: u64, name: &str) {
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

    pub fn contains(&self, key: u64) -> bool {
        !self.names.is_empty() && self.names.contains_key(&key)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn keys(&self) -> impl Iterator<Item = u64> + '_ {
        self.names.keys().copied()
    }

    pub fn name(&self, key: u64) -> Option<&str> {
        self.names.get(&key).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::Pins;
    use runqlat_common::wire::Key;

    #[test]
    fn pins_belong_to_one_kind_of_series() {
        let mut pins = Pins::default();
        pins.toggle(Key::Thread, 7, "sh");
        pins.toggle(Key::Thread, 8, "ls");
        pins.toggle(Key::Thread, 8, "ls");
        assert_eq!(pins.keys().collect::<Vec<_>>(), [7]);
        assert_eq!(pins.name(7), Some("sh"));
        assert!(pins.of(Key::Cgroup).is_empty() && pins.of(Key::Thread).contains(7));
        pins.toggle(Key::Cgroup, 7, "/");
        assert_eq!(pins.name(7), Some("/"));
    }
}
