//! The displayed form of names that somebody else chose: process names, cgroup paths, command lines, host names.
//! Whoever may start a process or create a cgroup chooses any bytes, so what would move a cursor, reorder its
//! neighbours or be invisible becomes an escape: `\u{1b}` for a character, `\x{ff}` for a byte that is not UTF-8,
//! `\x{}` for an empty name. systemd escapes without braces (`\x2d`), so its names stay as they are. A backslash is
//! escaped as `\x{5c}` only before `x{` or `u{`, where it could be taken for an escape. Two different names never look
//! alike, and [`bytes`] reads them back.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// Combining marks that a letter may carry. Written languages need two; more would reach into the lines above and
/// below.
pub const MAX_MARKS: usize = 2;

/// An empty name.
const EMPTY: &str = r"\x{}";

/// A name in its displayed form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownName {
    /// Never empty, without hidden characters; at most six times as long as its bytes, except for the empty name.
    pub name: String,
    /// Its bytes in hex, if they differ from the displayed form.
    pub hex: Option<String>,
}

/// The displayed form of a name with these bytes.
pub fn shown(bytes: &[u8]) -> ShownName {
    let name = match bytes {
        [] => EMPTY.into(),
        _ => escaped(bytes, Form::Name),
    };
    let hex = (name.as_bytes() != bytes).then(|| hex(bytes));
    ShownName { name, hex }
}

/// The bytes of a name in hex, if they differ from its displayed form.
pub fn shown_hex(name: &str) -> Option<String> {
    let bytes = bytes(name);
    (bytes != name.as_bytes()).then(|| hex(&bytes))
}

/// A line of text, such as a command line or an error, with hidden characters escaped as in names. It may be empty;
/// blanks and backslashes are kept, so that names in it that are escaped already stay as they are.
pub fn text(bytes: &[u8]) -> String {
    escaped(bytes, Form::Text)
}

/// The bytes of the name whose displayed form is `name`. What is not an escape stands for itself.
pub fn bytes(name: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('\\') {
        bytes.extend(&rest.as_bytes()[..at]);
        rest = &rest[at..];
        let read = escape(rest, &mut bytes).unwrap_or_else(|| {
            bytes.push(b'\\');
            1
        });
        rest = &rest[read..];
    }
    bytes.extend(rest.as_bytes());
    bytes
}

/// Reads the escape that `text` begins with, and returns its length.
fn escape(text: &str, bytes: &mut Vec<u8>) -> Option<usize> {
    let (digits, _) = text.get(3..)?.split_once('}')?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    match &text[..3] {
        r"\x{" if digits.is_empty() => {}
        r"\x{" if is_hex => bytes.push(u8::from_str_radix(digits, 16).ok()?),
        r"\u{" if is_hex => {
            let letter = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            bytes.extend(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
        _ => return None,
    }
    Some(digits.len() + 4)
}

/// Two hex digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// The bytes that [`hex`] wrote.
pub fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8)
    };
    match rest {
        [] => pairs.iter().map(byte).collect(),
        _ => None,
    }
}

/// What is escaped in addition to hidden characters.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Text,
    /// Blanks that a page or a reader would drop, at the ends and after another one; and backslashes before what looks
    /// like an escape.
    Name,
}

fn escaped(bytes: &[u8], form: Form) -> String {
    let mut text = String::with_capacity(bytes.len());
    // Marks on the letter before; `None` if there is no letter to carry one.
    let mut marks = None;
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid().chars();
        while let Some(letter) = rest.next() {
            let is_last = rest.as_str().is_empty() && chunk.invalid().is_empty();
            let stays = match letter {
                ' ' | '\\' if form == Form::Text => true,
                ' ' => !(text.is_empty() || text.ends_with(' ') || is_last),
                '\\' => !rest.as_str().starts_with("x{") && !rest.as_str().starts_with("u{"),
                _ if is_mark(letter) => marks.is_some_and(|marks| marks < MAX_MARKS),
                _ => !is_hidden(letter),
            };
            marks = match letter {
                ' ' | '/' => None,
                _ if !stays => None,
                _ if is_mark(letter) => marks.map(|marks| marks + 1),
                _ => Some(0),
            };
            match letter {
                _ if stays => text.push(letter),
                '\\' => text.push_str(r"\x{5c}"),
                ' ' => text.push_str(r"\u{20}"),
                _ => text.extend(letter.escape_unicode()),
            }
        }
        for byte in chunk.invalid() {
            marks = None;
            let _ = write!(text, r"\x{{{byte:02x}}}");
        }
    }
    text
}

/// Whether a character is invisible or ambiguous: control characters, separators, blanks other than the space, bidi
/// controls, zero-width and other invisible characters, private and unassigned ones.
pub fn is_hidden(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_control();
    }
    !is_printable(letter)
        || matches!(
            letter,
            // Grapheme joiner, Khmer inherent vowels, Mongolian and other variation selectors, Hangul fillers,
            // the empty Braille pattern, the empty note head.
            '\u{34f}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{e0100}'..='\u{e01ef}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
                | '\u{2800}' | '\u{1d159}'
        )
}

/// Joiners and variation selectors: hidden, but needed in text (👩‍💻, ❤️, Persian).
pub fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// Whether a character is drawn over the one before it.
pub fn is_mark(letter: char) -> bool {
    // The standard library escapes a combining mark at the start of a text.
    !letter.is_ascii() && !is_hidden(letter) && letter.escape_debug().ne([letter])
}

/// Whether the Unicode tables of the standard library call it printable: not in the categories Cc, Cf, Cs, Co, Cn, Zl,
/// Zp, Zs. Inside a text the library escapes only those; our own list would have to follow Unicode's versions.
fn is_printable(letter: char) -> bool {
    let mut buffer = [b'a'; 5];
    let length = 1 + letter.encode_utf8(&mut buffer[1..]).len();
    let text = core::str::from_utf8(&buffer[..length]).unwrap_or_default();
    text.escape_debug().eq(text.chars())
}

#[cfg(test)]
mod tests;
