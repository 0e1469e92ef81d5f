//! What is known of one series of the list.

use super::strip::Strip;
use super::total::Total;
use crate::keys;
use runqlat_common::wire::SeriesKey;

/// What is known of one series.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) total: Total,
    pub(super) strip: Strip,
    pub(super) name: Option<Name>,
    /// Series that it sums up, where it is not one.
    pub(super) members: u64,
    /// When it was gone, in ms since 1970.
    pub(super) gone_ms: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) text: Box<str>,
    /// For sorting, which would else make thousands anew with every update.
    pub(super) lower: Box<str>,
    /// What all of this name are known by.
    pub(super) key: SeriesKey,
}

impl Name {
    pub(super) fn new(name: String) -> Self {
        Self {
            lower: name.to_lowercase().into(),
            key: keys::of_name(&name),
            text: name.into(),
        }
    }
}

impl Known {
    pub(super) const NEW: Self = Self {
        total: Total::ZERO,
        strip: Strip::NEW,
        name: None,
        members: 1,
        gone_ms: None,
    };

    pub(super) fn is_listed(&self) -> bool {
        self.total.is_recent() || self.gone_ms.is_some()
    }

    /// Nothing is lost when it is dropped.
    pub(super) fn is_nothing(&self) -> bool {
        !self.is_listed() && self.name.is_none()
    }
}
