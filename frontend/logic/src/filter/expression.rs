//! A regular expression of a filter, bounded in size and time, for it may come from somebody else's link.

use regex_lite::{Regex, RegexBuilder};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most bytes of a compiled expression. The engine does not backtrack, but takes time in proportion to the expression's
/// size and the name's length: with these limits, ten thousand names of 16 letters take 0.15 s at worst.
const MAX_COMPILED: usize = 4 << 10;

/// Names whose match is remembered; the list is filtered with each update, and most of its names stay.
const MAX_REMEMBERED: usize = 20_000;

/// A regular expression that knows no case of ASCII letters, and what it said of names so far.
pub(super) struct Expression {
    regex: Regex,
    known: Mutex<HashMap<String, bool>>,
}

impl Expression {
    /// An error is for people: the expression, and what is wrong with it.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        let mut builder = RegexBuilder::new(pattern);
        let built = builder
            .case_insensitive(true)
            .size_limit(MAX_COMPILED)
            .build();
        let regex = built.map_err(|error| format!("/{pattern}/: {error}"))?;
        Ok(Self {
            regex,
            known: Mutex::default(),
        })
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        // Whole entries: a panic leaves nothing half-changed.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&matches) = known.get(name) {
            return matches;
        }
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        let matches = self.regex.is_match(name);
        known.insert(name.into(), matches);
        matches
    }
}
