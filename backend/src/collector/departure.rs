//! What is measured goes away: since when, and whether what comes in its place is to be measured.

use crate::target::Presence;
use std::time::Duration;
use tokio::time::Instant;

/// A service that is started again and again has a new cgroup each time: at most so often is it followed, for each time
/// is a change of what is measured.
const FOLLOW_EVERY: Duration = Duration::from_secs(10);

/// What is known of the scope's process or cgroup.
#[derive(Default)]
pub(super) struct Departure {
    gone_ms: Option<u64>,
    /// Another cgroup lies under its path.
    anew: bool,
    followed: Option<Instant>,
}

impl Departure {
    /// Takes what was seen at the end of an interval; true when that is news, and bad.
    pub fn see(&mut self, presence: Presence, end_ms: u64) -> bool {
        let was_there = self.gone_ms.is_none();
        self.anew = presence == Presence::Anew;
        self.gone_ms = match presence {
            Presence::There => None,
            Presence::Gone | Presence::Anew => self.gone_ms.or(Some(end_ms)),
        };
        was_there && self.gone_ms.is_some()
    }

    /// Since when it is gone, in ms since 1970.
    pub fn gone_ms(&self) -> Option<u64> {
        self.gone_ms
    }

    /// Something else is measured from now on.
    pub fn forget(&mut self) {
        (self.gone_ms, self.anew) = (None, false);
    }

    /// Whether there is another cgroup to be measured now; not again soon after.
    pub fn is_to_be_followed(&mut self) -> bool {
        let is_time = self
            .followed
            .is_none_or(|since| since.elapsed() >= FOLLOW_EVERY);
        let follow = self.anew && is_time;
        if follow {
            self.followed = Some(Instant::now());
        }
        follow
    }
}

#[cfg(test)]
mod tests {
    use super::{Departure, Duration, FOLLOW_EVERY};
    use crate::target::Presence::{Anew, Gone, There};

    #[tokio::test(start_paused = true)]
    async fn it_is_told_once_and_followed_at_a_pace() {
        let mut departure = Departure::default();
        assert!(!departure.see(There, 1));
        assert!(departure.see(Gone, 2));
        assert!(!departure.see(Gone, 3) && !departure.is_to_be_followed());
        assert!(!departure.see(Anew, 4));
        assert_eq!(departure.gone_ms(), Some(2));
        assert!(departure.is_to_be_followed() && !departure.is_to_be_followed());
        assert!(!departure.see(There, 5));
        assert_eq!(departure.gone_ms(), None);
        assert!(departure.see(Anew, 6) && !departure.is_to_be_followed());
        tokio::time::advance(FOLLOW_EVERY + Duration::from_millis(1)).await;
        assert!(departure.is_to_be_followed());
    }
}
