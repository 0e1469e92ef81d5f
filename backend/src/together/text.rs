//! What people may call themselves and write: one line of text, bounded, that looks like what it is.

use super::TogetherError;
use runqlat_common::name;
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
    if text.chars().any(is_refused) || stacks_marks(text) {
        return Err(TogetherError::Control(what));
    }
    // Joiners alone are no text.
    let is_seen = |letter: char| !name::is_hidden(letter) && letter != ' ';
    let text = if text.chars().any(is_seen) { text } else { "" };
    Ok(text.to_owned())
}

/// Whether a character is refused: a hidden one, except those that people write with, which are joiners and blanks of
/// any width.
fn is_refused(letter: char) -> bool {
    let is_line_end = letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    let is_blank = letter.is_whitespace() && !is_line_end;
    name::is_hidden(letter) && !name::is_joiner(letter) && !is_blank
}

fn stacks_marks(text: &str) -> bool {
    let mut marks = 0;
    text.chars().any(|letter| {
        marks = match letter {
            _ if name::is_mark(letter) => marks + 1,
            _ if name::is_joiner(letter) => marks,
            _ => 0,
        };
        marks > name::MAX_MARKS
    })
}

#[cfg(test)]
mod tests {
    use super::{is_refused, name, note, secret};
    use crate::together::TogetherError;
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn text_is_one_bounded_line() {
        assert_eq!(name("  Ada Lovelace ").unwrap(), "Ada Lovelace");
        assert_eq!(name(" ").unwrap(), "");
        assert_eq!(note("日本 <b>1.2</b> 🚀").unwrap(), "日本 <b>1.2</b> 🚀");
        assert_eq!(note("  "), Err(TogetherError::Empty));
        assert_eq!(name("\u{200d}\u{fe0f}").unwrap(), "");
        for written in [
            "👩\u{200d}💻 ❤\u{fe0f}",
            "می\u{200c}خواهم",
            "山\u{3000}田",
            "e\u{301}\u{323}",
        ] {
            assert_eq!(name(written).unwrap(), written);
        }
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
            "a\u{ad}b",
            "a\u{e0041}",
            "a\u{200b}",
            "e\u{301}\u{301}\u{200d}\u{301}",
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
                prop_assert!(!kept.chars().any(is_refused));
            }
        }
    }
}
