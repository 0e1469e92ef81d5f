//! Paths of cgroups, found by walking the hierarchy when an id is new.

use crate::cgroup::{self, Mount};
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Least time between two walks; and as a multiple of what the last walk took.
const PACE: Duration = Duration::from_secs(1);
const REST: u32 = 50;

/// How long an id that was not found is not searched for again: a namespace or a partial mount may hide it.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The paths by id, as far as they can be seen.
pub(super) struct GroupNames {
    mount: Option<Mount>,
    paths: Arc<HashMap<u64, OsString>>,
    unseen: HashSet<u64>,
    walked: Option<Walk>,
}

struct Walk {
    at: Instant,
    took: Duration,
}

impl GroupNames {
    pub(super) fn new() -> Self {
        Self {
            mount: cgroup::v2(&cgroup::mounted()).cloned(),
            paths: Arc::default(),
            unseen: HashSet::new(),
            walked: None,
        }
    }

    /// The names of these groups and perhaps of more.
    pub(super) fn of(&mut self, ids: impl Iterator<Item = u64>) -> Arc<HashMap<u64, OsString>> {
        let unknown: Vec<u64> = ids.filter(|id| !self.paths.contains_key(id)).collect();
        if self.is_worth_a_walk(&unknown, Instant::now())
            && let Some(mount) = &self.mount
        {
            let at = Instant::now();
            let found = cgroup::shown_paths(mount).unwrap_or_default();
            let took = at.elapsed();
            self.unseen = unknown.into_iter().collect();
            self.unseen.retain(|id| !found.contains_key(id));
            self.paths = Arc::new(found);
            self.walked = Some(Walk { at, took });
        }
        self.paths.clone()
    }

    fn is_worth_a_walk(&self, unknown: &[u64], now: Instant) -> bool {
        let Some(Walk { at, took }) = self.walked else {
            return !unknown.is_empty();
        };
        let since = now.saturating_duration_since(at);
        let is_new = |id: &u64| !self.unseen.contains(id) || since >= LOOK_AGAIN;
        since >= PACE.max(took * REST) && unknown.iter().any(is_new)
    }
}

#[cfg(test)]
mod tests {
    use super::{GroupNames, LOOK_AGAIN, PACE, REST, Walk};
    use std::collections::HashSet;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    #[test]
    fn the_hierarchy_is_walked_for_new_groups_at_a_pace() {
        let at = Instant::now();
        let mut names = GroupNames {
            mount: None,
            paths: Arc::default(),
            unseen: HashSet::new(),
            walked: None,
        };
        assert!(names.is_worth_a_walk(&[7], at) && !names.is_worth_a_walk(&[], at));
        let took = Duration::from_millis(100);
        names.walked = Some(Walk { at, took });
        names.unseen.insert(7);
        let table = [
            (PACE, &[8][..], false),
            (took * REST, &[8], true),
            (took * REST, &[7], false),
            (LOOK_AGAIN, &[7], true),
            (LOOK_AGAIN, &[], false),
        ];
        for (since, unknown, worth) in table {
            assert_eq!(
                names.is_worth_a_walk(unknown, at + since),
                worth,
                "{since:?}"
            );
        }
    }
}
