use super::{MAX_MARKS, bytes, from_hex, hex, is_hidden, is_mark, shown, shown_hex, text};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

#[test]
fn plain_names_stay_as_they_are() {
    for plain in [
        "sshd",
        "kworker/0:1-events",
        "(sd-pam)",
        "/",
        "/with space/b",
        r"/system.slice/dev-disk-by\x2duuid-0\x5cxff.swap",
        r"C:\users\x",
        "日本語",
        "Ünïcödé",
        "e\u{301}\u{323}",
        "שלום",
        "🚀",
    ] {
        let shown = shown(plain.as_bytes());
        assert_eq!((&*shown.name, shown.hex), (plain, None));
    }
}

#[test]
fn what_is_hidden_or_moves_others_is_escaped() {
    let table: [(&[u8], &str); 20] = [
        (b"", r"\x{}"),
        (b" ", r"\u{20}"),
        (b"   ", r"\u{20} \u{20}"),
        (b" a  b ", r"\u{20}a \u{20}b\u{20}"),
        (b"a\npid = 1 sshd", r"a\u{a}pid = 1 sshd"),
        (b"\x1b[2J\x1b]0;owned\x07", r"\u{1b}[2J\u{1b}]0;owned\u{7}"),
        (b"a\0\x7f\t", r"a\u{0}\u{7f}\u{9}"),
        (b"a\xffb", r"a\x{ff}b"),
        (b"a\xfeb", r"a\x{fe}b"),
        // An emoji that was cut in half.
        (b"\xf0\x9f\x9a", r"\x{f0}\x{9f}\x{9a}"),
        // The same number as a character and as a byte.
        (b"\xc2\x9b\x9b", r"\u{9b}\x{9b}"),
        ("\u{202e}gpj.exe".as_bytes(), r"\u{202e}gpj.exe"),
        ("\u{200b}".as_bytes(), r"\u{200b}"),
        (
            "a\u{a0}\u{3000}\u{2028}".as_bytes(),
            r"a\u{a0}\u{3000}\u{2028}",
        ),
        ("❤\u{fe0f}\u{e0041}".as_bytes(), r"❤\u{fe0f}\u{e0041}"),
        ("\u{301}a".as_bytes(), r"\u{301}a"),
        ("/\u{301} \u{301}".as_bytes(), r"/\u{301} \u{301}"),
        (
            "e\u{301}\u{301}\u{301}\u{301}".as_bytes(),
            "e\u{301}\u{301}\\u{301}\\u{301}",
        ),
        (br"a\x{ff}b", r"a\x{5c}x{ff}b"),
        (br"\u{1b}\\x{}", r"\x{5c}u{1b}\\x{5c}x{}"),
    ];
    for (name, expected) in table {
        let shown = shown(name);
        assert_eq!(shown.name, expected);
        assert_eq!(shown.hex, Some(hex(name)), "{expected}");
        assert_eq!(bytes(&shown.name), name, "{expected}");
    }
}

#[test]
fn hidden_letters_are_known_in_all_their_blocks() {
    let hidden = [
        0x00, 0x1f, 0x7f, 0x80, 0x9f, 0xa0, 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x1680, 0x17b4,
        0x180b, 0x180e, 0x2000, 0x200a, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029,
        0x202a, 0x202e, 0x202f, 0x205f, 0x2060, 0x2065, 0x2066, 0x2069, 0x206f, 0x2800, 0x3000,
        0x3164, 0xe000, 0xfe00, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xffff, 0x1d159, 0x1d173, 0xe0001,
        0xe0020, 0xe007f, 0xe0100, 0xe01ef, 0x10ffff,
    ];
    for code in hidden {
        assert!(is_hidden(char::from_u32(code).unwrap()), "{code:x}");
    }
    for seen in "aZ~\\'\" éß–€中あ한🚀\u{301}\u{fffd}".chars() {
        assert!(!is_hidden(seen), "{seen:?}");
    }
    assert!(
        ['\u{301}', '\u{489}', '\u{e31}', '\u{20dd}']
            .into_iter()
            .all(is_mark)
    );
    assert!(
        !['a', '\\', '"', '中', '\u{fe0f}', '\u{200d}']
            .into_iter()
            .any(is_mark)
    );
}

#[test]
fn a_text_keeps_its_blanks() {
    assert_eq!(text(b" sleep  1\n"), r" sleep  1\u{a}");
    assert_eq!(text(b""), "");
    let name = shown(b"a\\x{1}\xff").name;
    assert_eq!(text(name.as_bytes()), name);
}

#[test]
fn hex_is_read_as_it_is_written() {
    assert_eq!(hex(b"a\xff\0"), "61ff00");
    assert_eq!(from_hex("61Ff00").unwrap(), b"a\xff\0");
    assert_eq!(from_hex("").unwrap(), b"");
    for odd in ["6", "6g", "+6", "6 1", "é"] {
        assert_eq!(from_hex(odd), None, "{odd}");
    }
}

#[test]
fn what_is_no_escape_stands_for_itself() {
    for plain in [
        r"\",
        r"\x{",
        r"\x{100}",
        r"\x{+1}",
        r"\u{d800}",
        r"\u{}",
        r"\u{110000}",
        r"a\x2d",
        "\\é{1}",
    ] {
        assert_eq!(bytes(plain), plain.as_bytes(), "{plain}");
    }
}

/// Names with many of the special cases.
fn names() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        any::<u8>().prop_map(|byte| alloc::vec![byte]),
        any::<char>().prop_map(|letter| String::from(letter).into_bytes()),
        proptest::sample::select(alloc::vec![
            &b"\\"[..],
            b"x{",
            b"u{",
            b"5c}",
            b"ff}",
            b"}",
            b" ",
            b"/",
            b"\xcc\x81",
            b"\xe2\x80\xae",
            b"a",
        ])
        .prop_map(<[u8]>::to_vec),
        Just(br"\x{5c}".to_vec()),
    ];
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn every_name_can_be_read_back(name in names()) {
        let shown = shown(&name);
        prop_assert_eq!(bytes(&shown.name), &*name);
        prop_assert_eq!(shown.hex.is_none(), shown.name.as_bytes() == name);
        prop_assert_eq!(shown_hex(&shown.name), shown.hex.clone());
        prop_assert!(shown.hex.is_none_or(|hex| from_hex(&hex).unwrap() == name));
    }

    /// So two names never have the same displayed form.
    #[test]
    fn names_that_differ_are_shown_apart(names in proptest::collection::vec(names(), 1..40)) {
        let mut by_text = BTreeMap::new();
        for name in names {
            let before = by_text.entry(shown(&name).name).or_insert_with(|| name.clone());
            prop_assert_eq!(&*before, &name);
        }
    }

    #[test]
    fn nothing_that_is_shown_is_hidden(name in names()) {
        let shown = shown(&name).name;
        prop_assert!(!shown.is_empty() && !shown.chars().any(is_hidden), "{:?}", shown);
        prop_assert!(shown.trim() == shown && !shown.contains("  "), "{:?}", shown);
        prop_assert!(shown.len() <= (6 * name.len()).max(4));
        prop_assert!(!text(&name).chars().any(is_hidden));
    }

    #[test]
    fn marks_never_stack(name in names()) {
        let mut marks = MAX_MARKS;
        for letter in shown(&name).name.chars() {
            marks = if is_mark(letter) { marks + 1 } else { 0 };
            prop_assert!(marks <= MAX_MARKS);
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(name in "\\PC{0,40}|(\\\\|x\\{|u\\{|[0-9a-f}é]){0,20}") {
        let _ = bytes(&name);
        let _ = from_hex(&name);
    }
}
