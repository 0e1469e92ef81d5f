//! A secret that gives a right: made of the system's randomness or chosen by a person, compared in
//! constant time, and never printed by accident.

use std::fmt;
use std::io;
use subtle::ConstantTimeEq;

/// Bytes of randomness in a token that is made here.
const BYTES: usize = 20;

/// Fewest characters of a token that a person brings: 128 bits as base64.
const SHORTEST: usize = 22;

/// Most of them: it travels in a header.
const LONGEST: usize = 512;

#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why a text is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    #[error("it has {0} characters, and fewer than {SHORTEST} can be guessed")]
    Short(usize),
    #[error("it has {0} characters, and {LONGEST} are the most")]
    Long(usize),
    #[error(
        "it holds {0:?}, and only letters, digits, '-', '_', '.' and '~' need no escape in a link"
    )]
    Character(char),
}

impl Token {
    /// One that nobody can guess.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::from)?;
        Ok(Self(
            bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        ))
    }

    /// What a person wrote into a file; blanks around it do not count.
    pub fn read(text: &str) -> Result<Self, NoToken> {
        let text = text.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        if let Some(odd) = text.chars().find(|c| !plain(*c)) {
            return Err(NoToken::Character(odd));
        }
        match text.len() {
            length @ ..SHORTEST => Err(NoToken::Short(length)),
            length @ ..=LONGEST => {
                debug_assert!(length >= SHORTEST);
                Ok(Self(text.to_owned()))
            }
            length => Err(NoToken::Long(length)),
        }
    }

    /// Whether `shown` is this token. How long that takes tells nothing but the length.
    pub fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }

    /// The secret itself.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Secrets stay out of logs.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{NoToken, Token};

    #[test]
    fn tokens_are_long_differ_and_are_not_printed() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_eq!(one.text().len(), 40);
        assert_ne!(one, other);
        assert!(one.is(one.text()) && !one.is(other.text()));
        assert!(!format!("{one:?}").contains(one.text()));
        assert_eq!(Token::read(one.text()), Ok(one));
    }

    #[test]
    fn what_people_bring_must_be_long_and_plain() {
        let good = "correct-horse_battery.staple~9";
        assert_eq!(Token::read(&format!(" {good}\n")).unwrap().text(), good);
        let table = [
            (String::new(), NoToken::Short(0)),
            ("x".repeat(21), NoToken::Short(21)),
            ("x".repeat(513), NoToken::Long(513)),
            (
                "correct horse battery staple".into(),
                NoToken::Character(' '),
            ),
            (
                "correct;horse;battery;staple".into(),
                NoToken::Character(';'),
            ),
            ("korrektes-pferd-mit-öse".into(), NoToken::Character('ö')),
        ];
        for (text, why) in table {
            assert_eq!(Token::read(&text), Err(why), "{text}");
        }
    }
}
