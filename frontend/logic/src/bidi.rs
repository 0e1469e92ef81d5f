//! Names in which letters run from right to left, in sentences in which they don't. The server shows the controls that
//! turn a text round as escapes; letters of such scripts stay, and would pull the numbers beside them to their side.

use std::borrow::Cow;

/// A name for the middle of a sentence: what stands beside it stays where it is. For texts only; where a name has an
/// element of its own, the style sheet does it.
pub fn isolated(name: &str) -> Cow<'_, str> {
    if name.chars().any(is_right_to_left) {
        format!("\u{2068}{name}\u{2069}").into()
    } else {
        name.into()
    }
}

/// Hebrew, Arabic and the scripts beside them: the blocks that Unicode keeps for letters from right to left.
fn is_right_to_left(letter: char) -> bool {
    matches!(
        letter,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}'
    )
}

#[cfg(test)]
mod tests {
    use super::isolated;

    #[test]
    fn only_names_that_would_turn_others_are_isolated() {
        for plain in ["", "sshd", "日本", "é", r"\u{202e}gpj.exe"] {
            assert_eq!(isolated(plain), plain);
        }
        for turned in ["שלום", "a/مرحبا"] {
            assert_eq!(isolated(turned), format!("\u{2068}{turned}\u{2069}"));
        }
    }
}
