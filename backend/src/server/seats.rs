//! The connections that there are, and who has to make room where there are as many as may be: a stranger, who has shown
//! nothing yet. Those who are known keep their seats.

use super::crowd::{MAX_CONNECTIONS, Origin};
use super::peer::End;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Of all seats those that no stranger gets: who becomes known leaves a stranger's seat to the next.
const KEPT: usize = 64;

const FOR_STRANGERS: usize = MAX_CONNECTIONS as usize - KEPT;

/// A stranger who came, or asked something, less than this ago may stay.
const YOUNG: Duration = Duration::from_secs(2);

/// And one who is being answered for less than this.
const ANSWERED: Duration = Duration::from_secs(10);

/// Why somebody gets no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// There are as many connections as may be.
    All,
    /// As many from this address.
    Address,
}

/// All connections.
#[derive(Clone)]
pub(super) struct Seats {
    /// From one address.
    each: usize,
    room: Arc<Mutex<Room>>,
}

#[derive(Default)]
struct Room {
    last: u64,
    /// In the order of coming.
    taken: BTreeMap<u64, Taken>,
    /// Those who had to make room.
    evicted: u64,
}

struct Taken {
    origin: Option<Origin>,
    known: bool,
    /// Requests that are being answered.
    busy: u32,
    /// When they came, or last asked or were answered.
    since: Instant,
    leave: Arc<Notify>,
}

impl Taken {
    fn must_stay(&self, now: Instant) -> bool {
        let young = if self.busy > 0 { ANSWERED } else { YOUNG };
        self.known || now - self.since < young
    }
}

impl Seats {
    pub(super) fn new(each: u32) -> Self {
        let each = each as usize;
        let room = Arc::default();
        Self { each, room }
    }

    /// A seat for a stranger, if need be that of another.
    pub(super) fn sit(&self, end: End, now: Instant) -> Result<Seat, Full> {
        let mut room = self.room();
        let origin = Origin::of(end);
        let of_address = |taken: &Taken| origin.is_some() && taken.origin == origin;
        if room.count(of_address) >= self.each {
            room.evict(now, of_address).ok_or(Full::Address)?;
        }
        if room.count(|taken| !taken.known) >= FOR_STRANGERS
            || room.taken.len() >= MAX_CONNECTIONS as usize
        {
            room.evict(now, |_| true).ok_or(Full::All)?;
        }
        room.last += 1;
        let (number, leave) = (room.last, Arc::new(Notify::new()));
        let taken = Taken {
            origin,
            known: false,
            busy: 0,
            since: now,
            leave: leave.clone(),
        };
        room.taken.insert(number, taken);
        drop(room);
        Ok(Seat(Arc::new(Held {
            seats: self.clone(),
            number,
            leave,
        })))
    }

    /// Those who had to make room since the start.
    pub(super) fn evicted(&self) -> u64 {
        self.room().evicted
    }

    pub(super) fn are_empty(&self) -> bool {
        self.room().taken.is_empty()
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        // Entries are there or not: a panic leaves nothing half-changed.
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn count(&self, which: impl Fn(&Taken) -> bool) -> usize {
        self.taken.values().filter(|taken| which(taken)).count()
    }

    /// Sends the stranger away who has been idle longest, or else the one who has been answered longest.
    fn evict(&mut self, now: Instant, which: impl Fn(&Taken) -> bool) -> Option<()> {
        let may_go = |taken: &&Taken| which(taken) && !taken.must_stay(now);
        let strangers = self.taken.iter().filter(|(_, taken)| may_go(taken));
        let first = strangers.min_by_key(|(_, taken)| (taken.busy > 0, taken.since));
        let number = *first?.0;
        self.taken.remove(&number)?.leave.notify_one();
        self.evicted += 1;
        Some(())
    }
}

/// A seat, until its last clone is dropped. In each request's extensions: a WebSocket whose viewer is not known yet
/// keeps it.
#[derive(Clone)]
pub(super) struct Seat(Arc<Held>);

struct Held {
    seats: Seats,
    number: u64,
    leave: Arc<Notify>,
}

impl Seat {
    /// Who sits here has shown who they are, and keeps the seat.
    pub(super) fn known(&self) {
        self.0.change(|taken| taken.known = true);
    }

    /// A request, until the result is dropped.
    pub(super) fn busy(&self) -> Busy {
        self.0.change(|taken| {
            taken.busy += 1;
            taken.since = Instant::now();
        });
        Busy(self.clone())
    }

    /// Until somebody else needs this seat.
    pub(super) async fn evicted(&self) {
        self.0.leave.notified().await;
        // For the others who wait: a connection and what became of it.
        self.0.leave.notify_one();
    }
}

impl Held {
    fn change(&self, change: impl FnOnce(&mut Taken)) {
        if let Some(taken) = self.seats.room().taken.get_mut(&self.number) {
            change(taken);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.seats.room().taken.remove(&self.number);
    }
}

/// While this is held, the seat's owner is being answered.
pub(super) struct Busy(Seat);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.change(|taken| {
            taken.busy -= 1;
            taken.since = Instant::now();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{ANSWERED, End, FOR_STRANGERS, Full, KEPT, Seat, Seats, YOUNG};
    use std::time::{Duration, Instant};

    const MOMENT: Duration = Duration::from_millis(1);

    fn sit(seats: &Seats, address: &str, now: Instant) -> Result<Seat, Full> {
        seats.sit(End::Tcp(address.parse().unwrap()), now)
    }

    fn is_gone(seat: &Seat) -> bool {
        !seat.0.seats.room().taken.contains_key(&seat.0.number)
    }

    fn fill(seats: &Seats, from: Instant) -> Vec<Seat> {
        let at = |n| from + MOMENT * n as u32;
        let taken = (0..FOR_STRANGERS).map(|n| sit(seats, "127.0.0.1", at(n)).ok());
        taken.collect::<Option<_>>().unwrap()
    }

    #[tokio::test]
    async fn the_oldest_stranger_makes_room_and_the_young_do_not() {
        let seats = Seats::new(16);
        let start = Instant::now();
        let held = fill(&seats, start);
        let early = start + YOUNG - MOMENT;
        assert_eq!(sit(&seats, "127.0.0.1", early).err(), Some(Full::All));
        held[0].known();
        let next = sit(&seats, "127.0.0.1", start + YOUNG).unwrap();
        assert!(!is_gone(&held[0]) && !is_gone(&held[1]));
        // Now the others are as many as may be.
        let late = start + YOUNG + MOMENT;
        let last = sit(&seats, "127.0.0.1", late).unwrap();
        held[1].evicted().await;
        held[1].evicted().await;
        assert!(is_gone(&held[1]) && !is_gone(&held[2]) && !is_gone(&last));
        assert_eq!(seats.evicted(), 1);
        drop((held, next, last));
        assert!(seats.are_empty());
    }

    #[test]
    fn the_idle_go_first_and_those_who_are_answered_may_take_a_while() {
        let seats = Seats::new(16);
        let start = Instant::now();
        let held = fill(&seats, start);
        let busy: Vec<_> = held.iter().skip(1).map(Seat::busy).collect();
        let late = Instant::now() + YOUNG + MOMENT;
        let _next = sit(&seats, "127.0.0.1", late).unwrap();
        assert!(is_gone(&held[0]));
        assert_eq!(sit(&seats, "127.0.0.1", late).err(), Some(Full::All));
        let later = Instant::now() + ANSWERED + MOMENT;
        drop(_next);
        let _more = [(); 2].map(|()| sit(&seats, "127.0.0.1", later).unwrap());
        assert!(is_gone(&held[1]));
        drop(busy);
    }

    #[test]
    fn known_ones_take_the_seats_that_strangers_do_not_get() {
        let seats = Seats::new(16);
        let start = Instant::now();
        let mut held = Vec::new();
        for _ in 0..FOR_STRANGERS + KEPT {
            let seat = sit(&seats, "127.0.0.1", start).unwrap();
            seat.known();
            held.push(seat);
        }
        let late = start + Duration::from_secs(60);
        assert_eq!(sit(&seats, "127.0.0.1", late).err(), Some(Full::All));
        drop(held.pop());
        assert!(sit(&seats, "127.0.0.1", late).is_ok());
    }

    #[test]
    fn an_address_has_so_many_and_its_own_make_room() {
        let seats = Seats::new(2);
        let now = Instant::now();
        let held = [(); 2].map(|()| sit(&seats, "192.0.2.1", now).unwrap());
        assert_eq!(sit(&seats, "192.0.2.1", now).err(), Some(Full::Address));
        let _other = sit(&seats, "192.0.2.2", now).unwrap();
        let _next = sit(&seats, "192.0.2.1", now + YOUNG).unwrap();
        assert!(is_gone(&held[0]) && !is_gone(&held[1]) && !is_gone(&_other));
    }
}
