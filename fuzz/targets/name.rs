//! A name of any bytes that somebody else chose, and a text that may contain displayed names.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runqlat_common::name;

fuzz_target!(|bytes: &[u8]| {
    let shown = name::shown(bytes);
    // The displayed form can be read back, so no two names look alike.
    assert_eq!(name::bytes(&shown.name), bytes, "{}", shown.name);
    assert_eq!(shown.hex, name::shown_hex(&shown.name));
    assert_eq!(shown.hex.is_none(), shown.name.as_bytes() == bytes);
    if let Some(hex) = &shown.hex {
        assert_eq!(name::from_hex(hex).as_deref(), Some(bytes));
    }
    assert!(!shown.name.trim().is_empty());
    assert!(shown.name.len() <= (6 * bytes.len()).max(4));
    let text = name::text(bytes);
    assert!(!shown.name.chars().chain(text.chars()).any(name::is_hidden));
    assert_eq!(name::text(text.as_bytes()), text);
    if let Ok(text) = str::from_utf8(bytes) {
        // Whatever a person types is a valid name.
        let typed = name::bytes(text);
        assert_eq!(name::bytes(&name::shown(&typed).name), typed);
        let _ = name::from_hex(text);
    }
});
