//! What a browser keeps once somebody has shown a token: a random number, and the token's word for it (an HMAC). The
//! server remembers none of them, so one whose tokens are in files lets people in after a restart; and another token
//! ends them all.

use super::{Right, Token};
use ring::hmac;
use std::collections::{HashSet, VecDeque};
use std::fmt::Write;
use std::io;

/// What is signed, besides the right and the random number: the token may be used for other things one day.
const PURPOSE: &[u8] = b"runqlat-web session 1";

/// Bytes of the random number, and of what is made of it.
const RANDOM: usize = 16;
const SIGNATURE: usize = 32;

/// Sessions that are remembered as ended, 160 kB at most. Whoever can end so many has a token, and each is known to its
/// own browser alone: the oldest may be forgotten.
const MOST_ENDED: usize = 4_096;

/// What tells one session from others.
pub(super) type Id = [u8; RANDOM];

/// A session as somebody shows it; whether it is one, its token says.
pub(super) struct Shown {
    pub(super) right: Right,
    pub(super) id: Id,
    signature: [u8; SIGNATURE],
}

/// A new session.
pub(super) fn make(right: Right, token: &Token) -> io::Result<String> {
    let mut id = [0; RANDOM];
    getrandom::fill(&mut id).map_err(io::Error::from)?;
    let signature = hmac::sign(&key(token), &signed(right, &id));
    let mut text = String::from(letter(right));
    for byte in id.iter().chain(signature.as_ref()) {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

impl Shown {
    /// `None` for what can't be a session, as a token.
    pub(super) fn read(text: &str) -> Option<Self> {
        let right = match text.chars().next()? {
            'v' => Right::View,
            'c' => Right::Control,
            _ => return None,
        };
        let bytes = from_hex(text.get(1..)?)?;
        Some(Self {
            right,
            id: bytes.get(..RANDOM)?.try_into().ok()?,
            signature: bytes.get(RANDOM..)?.try_into().ok()?,
        })
    }

    /// Whether this token's word is in it; compared in constant time.
    pub(super) fn is_of(&self, token: &Token) -> bool {
        let signed = signed(self.right, &self.id);
        hmac::verify(&key(token), &signed, &self.signature).is_ok()
    }
}

fn letter(right: Right) -> char {
    match right {
        Right::View => 'v',
        Right::Control => 'c',
    }
}

fn key(token: &Token) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, token.text().as_bytes())
}

fn signed(right: Right, id: &Id) -> Vec<u8> {
    let mut signed = PURPOSE.to_vec();
    signed.push(letter(right) as u8);
    signed.extend_from_slice(id);
    signed
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    };
    pairs.map(byte).collect()
}

/// Sessions that somebody has signed out of.
#[derive(Debug, Default)]
pub(super) struct Ended {
    known: HashSet<Id>,
    by_age: VecDeque<Id>,
}

impl Ended {
    pub(super) fn add(&mut self, id: Id) {
        if self.known.insert(id) {
            self.by_age.push_back(id);
        }
        if self.by_age.len() > MOST_ENDED
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    pub(super) fn has(&self, id: &Id) -> bool {
        self.known.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ended, MOST_ENDED, Right, Shown, make};
    use crate::access::Token;

    #[test]
    fn a_session_is_its_tokens_and_its_rights_alone() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        let session = make(Right::View, &one).unwrap();
        assert_eq!(session.len(), 1 + 32 + 64);
        let shown = Shown::read(&session).unwrap();
        assert_eq!(shown.right, Right::View);
        assert!(shown.is_of(&one) && !shown.is_of(&other));
        assert_ne!(session, make(Right::View, &one).unwrap());
        // Another letter, another digit, another length.
        let raised = session.replacen('v', "c", 1);
        assert!(!Shown::read(&raised).unwrap().is_of(&one));
        for at in [1, 40, 96] {
            let mut bytes = session.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            let forged = String::from_utf8(bytes).unwrap();
            assert!(!Shown::read(&forged).unwrap().is_of(&one), "{at}");
        }
        for bad in [
            "",
            "v",
            "vé",
            "v0",
            &session[1..],
            &session[..95],
            &session[..96],
        ] {
            assert!(Shown::read(bad).is_none(), "{bad}");
        }
        assert!(Shown::read(&format!("{session}00")).is_none());
        assert!(Shown::read(one.text()).is_none());
    }

    #[test]
    fn so_many_are_remembered_as_ended() {
        let mut ended = Ended::default();
        let id = |n: usize| (n as u128).to_le_bytes();
        for n in 0..=MOST_ENDED {
            ended.add(id(n));
            ended.add(id(n));
        }
        assert!(!ended.has(&id(0)) && ended.has(&id(1)) && ended.has(&id(MOST_ENDED)));
        assert_eq!(ended.known.len(), MOST_ENDED);
    }
}
