//! What was measured when: scopes one after the other, as server and page keep them beside the columns.

use super::Scope;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// From when on a scope is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeChange {
    /// Grows by one with each change; the first is 1.
    pub number: u32,
    pub scope: Scope,
    /// The first interval that it holds for, which may be still to come.
    pub from_seq: u64,
    /// Wall clock, in ms since 1970, as [`Column::end_ms`](super::Column::end_ms).
    pub at_ms: u64,
    /// The name of who asked for it; empty if not given.
    pub by: String,
}

impl ScopeChange {
    /// Whether series of `self` and `later` go on under the same keys and with the same buckets.
    pub fn continues(&self, later: &Self) -> bool {
        self.scope.key == later.scope.key && self.scope.unit == later.scope.unit
    }
}

/// Of `scopes`, oldest first, those whose series can be compared with the newest's: the last ones, with
/// nothing else in between.
pub fn comparable(scopes: &[ScopeChange]) -> &[ScopeChange] {
    let Some(newest) = scopes.last() else {
        return scopes;
    };
    let odd = scopes.iter().rposition(|scope| !scope.continues(newest));
    &scopes[odd.map_or(0, |at| at + 1)..]
}

/// The first interval of those; 0 without any.
pub fn comparable_from(scopes: &[ScopeChange]) -> u64 {
    comparable(scopes).first().map_or(0, |first| first.from_seq)
}

/// Whether the same was measured in the intervals `a` and `b`.
pub fn same(scopes: &[ScopeChange], a: u64, b: u64) -> bool {
    let at = |seq| scopes.partition_point(|scope| scope.from_seq <= seq);
    at(a) == at(b)
}

/// Drops from `scopes`, oldest first, those that held only before the interval `seq`.
pub fn forget_before(scopes: &mut Vec<ScopeChange>, seq: u64) {
    let begun = scopes.partition_point(|scope| scope.from_seq <= seq);
    scopes.drain(..begun.saturating_sub(1));
}
