//! How many may come in from one address, and how many were turned away. People behind one proxy share an address, so
//! it gets a good part of all places; on loopback, where tunnels and proxies end, it gets all.

use super::ledger::{Arrivals, Ledger};
use super::peer::{End, Peer};
use super::seats::Seats;
use super::throttle;
use serde::Serialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections that speak HTTP at a time; viewers, who have left HTTP behind, are bounded by themselves. A
/// page needs six at most, and for a moment.
pub(super) const MAX_CONNECTIONS: u32 = 256;

/// What one address gets at least: some pages' connections, or a team.
const FEW: u32 = 16;

/// How many viewers there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxViewers {
    pub all: u32,
    /// From one address; a quarter of all, or a few, unless it is given.
    pub per_address: Option<u32>,
}

impl MaxViewers {
    pub(super) fn per_address(self) -> u32 {
        let part = self.per_address.unwrap_or((self.all / 4).max(FEW));
        part.min(self.all)
    }

    /// The same part of the connections.
    fn connections_per_address(self) -> u32 {
        let part = u64::from(MAX_CONNECTIONS) * u64::from(self.per_address());
        let part = part.div_ceil(u64::from(self.all.max(1)));
        (part as u32).clamp(FEW, MAX_CONNECTIONS)
    }
}

/// All who come in.
pub(super) struct Crowd {
    pub(super) max: MaxViewers,
    pub(super) arrivals: Arrivals,
    /// What they have sent, in bytes.
    pub(super) sent: Ledger,
    pub(super) connections: Seats,
    pub(super) viewers: Places,
    pub(super) refused: Refused,
}

impl Crowd {
    pub(super) fn new(max: MaxViewers) -> Self {
        Self {
            max,
            arrivals: Arrivals::new(),
            sent: throttle::ledger(),
            connections: Seats::new(max.connections_per_address()),
            viewers: Places::new(max.per_address()),
            refused: Refused::default(),
        }
    }
}

/// Those who were turned away since the start, by why.
#[derive(Debug, Default, Serialize)]
pub(super) struct Refused {
    pub(super) connections: AtomicU64,
    pub(super) connections_of_address: AtomicU64,
    pub(super) viewers: AtomicU64,
    pub(super) viewers_of_address: AtomicU64,
    /// Questions for which there were too many before.
    pub(super) questions: AtomicU64,
    /// Viewers who were hung up on, for they sent too much.
    pub(super) too_much: AtomicU64,
    pub(super) scope_changes: AtomicU64,
}

pub(super) fn count(refused: &AtomicU64) {
    refused.fetch_add(1, Ordering::Relaxed);
}

/// Whom an address stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    V4(Ipv4Addr),
    /// A network of /64, of which one machine can have all addresses.
    V6([u16; 4]),
}

impl Origin {
    /// None on loopback, where anybody's tunnel ends.
    pub(super) fn of(end: End) -> Option<Self> {
        let End::Tcp(address) = end else {
            return None;
        };
        match address.to_canonical() {
            own if own.is_loopback() => None,
            IpAddr::V4(address) => Some(Self::V4(address)),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Some(Self::V6([a, b, c, d]))
            }
        }
    }
}

/// Who shares a budget: an address, or on this host a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Party {
    Address(Origin),
    User(u32),
    /// Everybody on this host whose user is not known.
    Local,
}

impl Party {
    pub(super) fn of(peer: &Peer) -> Self {
        match (Origin::of(peer.counted()), peer.uid) {
            (Some(origin), _) => Self::Address(origin),
            (None, Some(uid)) => Self::User(uid),
            (None, None) => Self::Local,
        }
    }
}

/// Places of which each address may hold some. Addresses that hold none are not remembered.
#[derive(Clone)]
pub(super) struct Places {
    each: u32,
    taken: Arc<Mutex<HashMap<Origin, u32>>>,
}

impl Places {
    fn new(each: u32) -> Self {
        Self {
            each,
            taken: Arc::default(),
        }
    }

    /// A place for as long as it is held; none where the address has as many as it may.
    pub(super) fn take(&self, end: End) -> Option<Place> {
        let origin = Origin::of(end);
        if let Some(origin) = origin {
            let mut taken = self.taken();
            let held = taken.entry(origin).or_default();
            if *held >= self.each {
                return None;
            }
            *held += 1;
        }
        Some(Place {
            places: self.clone(),
            origin,
        })
    }

    fn give_back(&self, origin: Origin) {
        if let Entry::Occupied(mut held) = self.taken().entry(origin) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Origin, u32>> {
        // A number is changed or not: a panic leaves nothing half-changed.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that is held until this is dropped.
pub(super) struct Place {
    places: Places,
    origin: Option<Origin>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(origin) = self.origin {
            self.places.give_back(origin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{End, MaxViewers, Place, Places};
    use std::net::IpAddr;

    #[test]
    fn one_address_gets_a_good_part_of_all() {
        let table = [
            // All, given; viewers and connections of one address.
            (256, None, 64, 64),
            (1_000, None, 250, 64),
            (256, Some(256), 256, 256),
            (256, Some(1), 1, 16),
            (256, Some(300), 256, 256),
            (20, None, 16, 205),
            (2, None, 2, 256),
            (2, Some(1), 1, 128),
        ];
        for (all, per_address, viewers, connections) in table {
            let max = MaxViewers { all, per_address };
            let found = (max.per_address(), max.connections_per_address());
            assert_eq!(found, (viewers, connections), "{max:?}");
        }
    }

    fn take(places: &Places, address: &str) -> Option<Place> {
        let address: IpAddr = address.parse().unwrap();
        places.take(End::Tcp(address))
    }

    /// Two places each: which addresses share them with which.
    #[test]
    fn addresses_are_told_apart_as_machines_are() {
        let table = [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
            ("127.0.0.1", "127.0.0.1", false),
            ("::1", "::1", false),
            ("::ffff:127.0.0.1", "127.8.9.1", false),
        ];
        for (one, other, share) in table {
            let places = Places::new(2);
            let held = [take(&places, one), take(&places, one)];
            assert!(held.iter().all(Option::is_some), "{one}");
            assert_eq!(take(&places, other).is_none(), share, "{one} {other}");
        }
    }

    #[test]
    fn places_are_given_back_and_nothing_is_remembered() {
        let places = Places::new(1);
        for _ in 0..3 {
            let held = take(&places, "192.0.2.1");
            assert!(held.is_some() && take(&places, "192.0.2.1").is_none());
        }
        assert!(places.taken().is_empty());
    }
}
