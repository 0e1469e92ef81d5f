//! What viewers are told of each other. Only the newest state counts: however often it changes, it is
//! told at a bounded rate, and a slow viewer gets the newest alone.

use super::{Hub, Live};
use crate::frame::Frame;
use crate::together::Room;
use runqlat_common::wire::{ServerMessage, Together};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, watch};

/// At most so often all are told who is here, and what the presenter looks at.
const COMPANY_PACE: Duration = Duration::from_millis(250);
const SHOWN_PACE: Duration = Duration::from_millis(100);

/// A state and the way in which it is told.
struct Newest {
    frame: watch::Sender<Option<Arc<Frame>>>,
    changed: Notify,
}

impl Newest {
    fn new() -> Self {
        Self {
            frame: watch::Sender::new(None),
            changed: Notify::new(),
        }
    }

    /// Tells the state at once when it changes, and what changed within `pace` after that together.
    async fn tell(&self, pace: Duration, state: impl Fn() -> Option<ServerMessage>) {
        let mut told = None;
        loop {
            self.changed.notified().await;
            let now = state();
            if now == told {
                continue;
            }
            self.frame.send_replace(now.clone().map(Frame::new));
            told = now;
            tokio::time::sleep(pace).await;
        }
    }
}

/// The people, and how they are told of each other.
pub(super) struct Told {
    room: Mutex<Room>,
    company: Newest,
    shown: Newest,
}

impl Told {
    pub(super) fn new() -> Self {
        Self {
            room: Mutex::new(Room::default()),
            company: Newest::new(),
            shown: Newest::new(),
        }
    }

    /// For looking; may be held together with the live state, which is locked first.
    pub(super) fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes who is here or what they do, which everybody is told.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Room) -> T) -> T {
        let changed = change(&mut self.room());
        self.company.changed.notify_one();
        changed
    }

    /// Tells what the presenter looks at.
    pub(super) fn show(&self) {
        self.shown.changed.notify_one();
    }

    /// What a viewer starts from, but for its id.
    pub(super) fn together(&self, live: &Live) -> Together {
        let room = self.room();
        Together {
            you: 0,
            company: room.company(),
            notes: live.history.notes.all().to_vec(),
            shown: room.shown().cloned(),
        }
    }

    pub(super) fn news(&self, frames: broadcast::Receiver<Arc<Frame>>) -> News {
        News {
            frames,
            company: self.company.frame.subscribe(),
            shown: self.shown.frame.subscribe(),
        }
    }
}

impl Hub {
    /// Tells viewers of each other for as long as it is polled.
    pub async fn tell(self: Arc<Self>) {
        let company = || Some(ServerMessage::Company(self.told.room().company()));
        let shown = || self.told.room().shown().cloned().map(ServerMessage::Shown);
        tokio::join!(
            self.told.company.tell(COMPANY_PACE, company),
            self.told.shown.tell(SHOWN_PACE, shown),
        );
    }
}

/// What comes after a viewer's snapshot.
pub struct News {
    pub(super) frames: broadcast::Receiver<Arc<Frame>>,
    company: watch::Receiver<Option<Arc<Frame>>>,
    shown: watch::Receiver<Option<Arc<Frame>>>,
}

impl News {
    /// The next message, whenever that comes; nothing is lost if this is dropped before.
    pub async fn next(&mut self) -> Result<Arc<Frame>, RecvError> {
        loop {
            let told = tokio::select! {
                frame = self.frames.recv() => return frame,
                Ok(()) = self.company.changed() => &mut self.company,
                Ok(()) = self.shown.changed() => &mut self.shown,
            };
            if let Some(frame) = told.borrow_and_update().clone() {
                return Ok(frame);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{COMPANY_PACE, SHOWN_PACE};
    use crate::hub::tests::message as snapshot;
    use crate::hub::{Hub, News, Viewer, for_tests as hub};
    use runqlat_common::wire::{Introduction, ServerMessage, Showing};
    use std::sync::Arc;
    use tokio::time::{Duration, Instant};

    async fn message(news: &mut News) -> ServerMessage {
        news.next()
            .await
            .expect("the hub is there")
            .message()
            .clone()
    }

    fn enter(hub: &Arc<Hub>) -> Viewer {
        hub.enter(9).expect("there is room")
    }

    fn introduced(name: String) -> Introduction {
        let secret = String::new();
        Introduction { name, secret }
    }

    fn telling() -> Arc<Hub> {
        let hub = hub();
        tokio::spawn(hub.clone().tell());
        hub
    }

    #[tokio::test(start_paused = true)]
    async fn however_often_names_change_they_are_told_at_a_pace() {
        let hub = telling();
        let (mut ada, watcher) = (enter(&hub), enter(&hub));
        let mut news = watcher.join(true).news;
        let started = Instant::now();
        // Both have come.
        message(&mut news).await;
        for n in 1..=15 {
            ada.introduce(introduced(format!("Ada {n}"))).unwrap();
        }
        let ServerMessage::Company(company) = message(&mut news).await else {
            panic!("somebody else's name");
        };
        assert_eq!(company.people[0].name, "Ada 15");
        assert!(started.elapsed() >= COMPANY_PACE, "{:?}", started.elapsed());
        let more = tokio::time::timeout(Duration::from_secs(5), news.next()).await;
        assert!(more.is_err(), "nothing more has changed");
        drop(ada);
        let ServerMessage::Company(company) = message(&mut news).await else {
            panic!("who goes is told");
        };
        assert_eq!((company.viewers, company.people.len()), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn followers_get_the_newest_view_and_those_who_join_later_too() {
        let hub = telling();
        let (mut ada, mut bob) = (enter(&hub), enter(&hub));
        ada.present(false).unwrap();
        assert!(bob.present(false).is_err());
        let mut news = bob.join(true).news;
        let view = |query: String| Showing { query, cell: None };
        let started = Instant::now();
        for n in 0..1_000 {
            ada.show(view(format!("last={n}"))).unwrap();
        }
        let mut told = 0;
        let shown = loop {
            if let ServerMessage::Shown(shown) = message(&mut news).await {
                told += 1;
                if shown.view.query == "last=999" {
                    break shown;
                }
            }
        };
        assert!(told <= 2 && started.elapsed() <= SHOWN_PACE, "{told}");
        let ServerMessage::Snapshot(late) = snapshot(&mut enter(&hub).join(true)) else {
            panic!("a viewer starts with a snapshot");
        };
        assert_eq!(late.together.shown, Some(shown));
        assert_eq!(late.together.you, 3);
        drop(ada);
        let ServerMessage::Snapshot(later) = snapshot(&mut bob.join(true)) else {
            panic!("a viewer starts with a snapshot");
        };
        assert_eq!(later.together.shown, None);
        assert_eq!(later.together.company.presenter, None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_told_everything_gets_the_same_bytes() {
        use runqlat_common::wire::Format;
        let hub = telling();
        let (mut ada, bob) = (enter(&hub), enter(&hub));
        let (mut one, mut two) = (bob.join(true).news, bob.join(true).news);
        ada.introduce(introduced("Ada".into())).unwrap();
        let (one, two) = (one.next().await.unwrap(), two.next().await.unwrap());
        let bytes = |frame: &crate::frame::Frame| frame.bytes(Format::Json);
        assert_eq!(bytes(&one).as_ptr(), bytes(&two).as_ptr());
    }
}
