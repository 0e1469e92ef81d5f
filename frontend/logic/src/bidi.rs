//! Right-to-left names in left-to-right sentences. The server escapes bidi controls; right-to-left letters stay, and
//! would move the numbers beside them to their other side.

use std::borrow::Cow;

/// A name for the middle of a sentence, isolated so that its neighbours keep their place. For plain text only; where a
/// name has its own element, the style sheet isolates it.
pub fn isolated(name: &str) -> Cow<'_, str> {
    if name.chars().any(is_right_to_left) {
        format!("\u{2068}{name}\u{2069}").into()
    } else {
        name.into()
    }
}

/// Hebrew, Arabic and related scripts: the blocks that Unicode reserves for right-to-left letters.
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
