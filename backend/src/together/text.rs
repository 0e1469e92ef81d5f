//! What people may call themselves and write: one line of text, bounded, that looks like what it is.

use super::TogetherError;
use runqlat_common::wire::{MAX_NAME, MAX_NOTE, MAX_SECRET};

/// A name as it is shown; empty is none.
pub fn name(text: &str) -> Result<String, TogetherError> {
    line("name", text, MAX_NAME)
}

/// A note as it is shown.
pub fn note(text: &str) -> Result<String, TogetherError> {
    let text = line("note", text, MAX_NOTE)?;
    match text.is_empty() {
        true => Err(TogetherError::Empty),
        false => Ok(text),
    }
}

/// A secret, which nobody is shown.
pub fn secret(text: String) -> Result<String, TogetherError> {
    match text.len() <= MAX_SECRET {
        true => Ok(text),
        false => Err(TogetherError::Long {
            what: "secret",
            most: MAX_SECRET,
            unit: "bytes",
        }),
    }
}

fn line(what: &'static str, text: &str, most: usize) -> Result<String, TogetherError> {
    let text = text.trim();
    if text.chars().count() > most {
        return Err(TogetherError::Long {
            what,
            most,
            unit: "characters",
        });
    }
    match text.chars().any(is_control) {
        true => Err(TogetherError::Control(what)),
        false => Ok(text.to_owned()),
    }
}

/// Control characters, separators of lines, and those that are not seen but turn or hide what stands
/// beside them.
fn is_control(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::{name, note, secret};
    use crate::together::TogetherError;
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn text_is_one_bounded_line() {
        assert_eq!(name("  Ada Lovelace ").unwrap(), "Ada Lovelace");
        assert_eq!(name(" ").unwrap(), "");
        assert_eq!(note("日本 <b>1.2</b> 🚀").unwrap(), "日本 <b>1.2</b> 🚀");
        assert_eq!(note("  "), Err(TogetherError::Empty));
        assert_eq!(name(&"é".repeat(40)).unwrap().chars().count(), 40);
        assert!(note(&"é".repeat(200)).is_ok());
        for long in [
            name(&"é".repeat(41)),
            note(&"é".repeat(201)),
            secret("x".repeat(65)),
        ] {
            let error = long.unwrap_err();
            assert!(matches!(error, TogetherError::Long { .. }), "{error}");
        }
        for odd in [
            "a\nb",
            "a\0",
            "a\u{1b}[31m",
            "a\u{202e}b",
            "\u{feff}",
            "a\u{2028}b",
        ] {
            let error = note(&format!("x{odd}x")).unwrap_err();
            assert_eq!(error, TogetherError::Control("note"), "{odd:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_passes_stays_as_it_is(text in "\\PC{0,60}|.{0,60}") {
            if let Ok(kept) = name(&text) {
                prop_assert!(name(&kept).as_ref() == Ok(&kept));
                prop_assert!(!kept.chars().any(char::is_control));
            }
        }
    }
}
