//! What people and links bring to the page: an address' query, and a filter in its first line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runqlat_common::buckets::SLOTS;
use runqlat_logic::address::Address;
use runqlat_logic::filter::Filter;

fuzz_target!(|text: &str| {
    let address = Address::parse(text);
    // What an address shows, the page writes as one that shows the same.
    assert_eq!(
        Address::parse(&address.query()),
        address,
        "{}",
        address.query()
    );
    if let Some(view) = address.view {
        assert!(view.span_ms.is_finite() && view.span_ms > 0.0);
    }
    if let Some(brush) = address.brush {
        assert!(brush.from_ms < brush.to_ms && brush.to_slot < SLOTS);
    }
    let (typed, name) = text.split_once('\n').unwrap_or((text, "postgres"));
    if let Ok(filter) = Filter::new(typed)
        && !filter.is_empty()
    {
        filter.matches(1_234, name);
        // A plain word finds the name that it is.
        let is_word = !name.is_empty() && !name.starts_with(['!', '/']);
        if is_word && !name.contains(char::is_whitespace) {
            let by_name = Filter::new(name).expect("a word is no expression");
            assert!(by_name.matches(1, name), "{name:?} does not find itself");
        }
    }
});
