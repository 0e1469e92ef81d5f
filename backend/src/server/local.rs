//! What the user at the other end of a connection may without a token, and what a stranger is told. Who counts is decided
//! by `access::local`.

use super::Shared;
use super::peer::Peer;
use super::reply::Refusal;
use crate::access::Rights;
use crate::allowance::Allowance;
use crate::procfs;
use axum::extract::Request;
use axum::http::HeaderMap;
use runqlat_common::name;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of the reason with which a WebSocket is closed, of 123 that fit.
const REASON: usize = 120;

/// Refusals that are written at once, and again with each second.
const AT_ONCE: u32 = 10;
const A_SECOND: f64 = 0.2;

/// After this long the number of those that were left out is written.
const LEFT_OUT: Duration = Duration::from_secs(60);

/// Whether a request says that somebody else passed it on: a proxy, or a program that was made to fetch an address. Whose
/// connection it comes by then says nothing of who asks.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name == "forwarded" || name == "via" || name.starts_with("x-forwarded-")
    })
}

impl Shared {
    /// The rights of the user at the other end, where users count and this one does. Of a request that was passed on,
    /// nobody is known from here on.
    pub(super) fn of_user(&self, request: &mut Request) -> Option<Rights> {
        let is_forwarded = is_forwarded(request.headers());
        let peer = request.extensions_mut().get_mut::<Peer>()?;
        if is_forwarded {
            peer.uid = None;
        }
        self.is_local(peer).then(|| self.access.of_user())
    }

    /// Whether this user needs no token.
    pub(super) fn is_local(&self, peer: &Peer) -> bool {
        self.access.knows_users() && peer.uid.is_some_and(|uid| self.local.is(uid))
    }

    /// What somebody gets who has no rights and shows nothing. Users of this host are told whose server it is; others do
    /// not need to know its name or its users'.
    pub(super) fn stranger(&self, peer: Option<&Peer>, headers: &HeaderMap) -> Refusal {
        let on_host = peer.is_some_and(|peer| peer.end.is_local()) && !is_forwarded(headers);
        match on_host {
            true => self.strangers_told.words(self.access.knows_users()),
            false => Refusal::no_token(),
        }
    }
}

/// Those who were refused, and what they are told.
pub(super) struct Strangers {
    /// Whose server it is, and on which host.
    owner: String,
    host: String,
    told: Mutex<Told>,
}

struct Told {
    allowance: Allowance,
    left_out: u64,
}

impl Strangers {
    pub(super) fn new(owner: &str) -> Self {
        Self {
            owner: name::text(owner.as_bytes()),
            host: procfs::hostname(),
            told: Mutex::new(Told {
                allowance: Allowance::new(AT_ONCE, A_SECOND),
                left_out: 0,
            }),
        }
    }

    /// Whose server it is and how to get a link. With `users`, its owner needs no token to make one.
    fn words(&self, users: bool) -> Refusal {
        let Self { owner, host, .. } = self;
        let link = if users {
            ", which `runqlat-web link` prints"
        } else {
            ""
        };
        let texts = [
            format!(
                "this server asks for a token: ask {owner}, who started it on {host}, for a link{link}"
            ),
            format!("this server asks for a token: ask {owner}, who started it, for a link{link}"),
            "this server asks for a token: ask whoever started it for a link".into(),
        ];
        let error = texts.into_iter().find(|text| text.len() <= REASON);
        let refusal = Refusal::no_token();
        Refusal {
            error: error.unwrap_or_else(|| refusal.error.clone()),
            hint: format!("{owner} on {host} started it; {}", refusal.hint),
            ..refusal
        }
    }

    /// Writes that somebody was refused, unless that was written often enough lately.
    pub(super) fn refused(self: &Arc<Self>, peer: &Peer, refusal: &Refusal) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.allowance.take(Instant::now()) {
            peer.with(None)
                .did("refused", "", &refusal.clone().told().0);
            return;
        }
        told.left_out += 1;
        if told.left_out == 1 {
            let (strangers, peer) = (self.clone(), *peer);
            tokio::spawn(async move {
                tokio::time::sleep(LEFT_OUT).await;
                strangers.count_left_out(&peer);
            });
        }
    }

    /// The peer is the first of them.
    fn count_left_out(&self, peer: &Peer) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let more = std::mem::take(&mut told.left_out);
        let seconds = LEFT_OUT.as_secs();
        let result =
            format!("{more} more in {seconds} s, this one the first, have no lines of their own");
        peer.with(None).did("refused", "", &result);
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, REASON, Strangers, is_forwarded};
    use crate::server::peer::{End, Peer};
    use crate::server::reply::Refusal;
    use axum::http::{HeaderMap, HeaderName, HeaderValue};
    use std::sync::Arc;

    #[test]
    fn whoever_passes_a_request_on_is_not_who_asks() {
        let table = [
            ("forwarded", true),
            ("Via", true),
            ("X-Forwarded-For", true),
            ("x-forwarded-host", true),
            ("X-Forwarded-Anything", true),
            ("x-forwarded-", true),
            ("x-forward", false),
            ("host", false),
            ("x-real-ip", false),
        ];
        for (name, expected) in table {
            let mut headers = HeaderMap::new();
            let name: HeaderName = name.parse().unwrap();
            headers.insert(name.clone(), HeaderValue::from_static(""));
            assert_eq!(is_forwarded(&headers), expected, "{name}");
        }
        assert!(!is_forwarded(&HeaderMap::new()));
    }

    #[test]
    fn strangers_are_told_whose_server_it_is_as_far_as_that_fits() {
        let longest = "x".repeat(64);
        for (owner, host) in [
            ("alice", "db1"),
            ("alice", &*longest),
            (&*longest, &*longest),
        ] {
            let strangers = Strangers {
                host: host.into(),
                ..Strangers::new(owner)
            };
            for users in [false, true] {
                let Refusal { error, hint, .. } = strangers.words(users);
                assert!(
                    error.starts_with("this server asks for a token: ask ")
                        && error.len() <= REASON
                );
                assert!(hint.contains(owner) && hint.contains(host), "{hint}");
                assert_eq!(error.contains("alice"), owner == "alice", "{error}");
            }
        }
        let told = Strangers {
            host: "db1".into(),
            ..Strangers::new("alice")
        };
        assert_eq!(
            told.words(true).error,
            "this server asks for a token: ask alice, who started it on db1, for a link, which `runqlat-web link` prints"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_refusals_is_counted_and_not_written() {
        let strangers = Arc::new(Strangers::new("alice"));
        let peer = Peer {
            end: End::Unix,
            uid: None,
            forwarded: None,
        };
        let left_out = || strangers.told.lock().unwrap().left_out;
        (0..1_000).for_each(|_| strangers.refused(&peer, &Refusal::no_token()));
        // A slow machine may be given some back meanwhile.
        assert!(
            (900..=1_000 - u64::from(AT_ONCE)).contains(&left_out()),
            "{}",
            left_out()
        );
        tokio::time::sleep(super::LEFT_OUT * 2).await;
        assert_eq!(left_out(), 0);
    }
}
