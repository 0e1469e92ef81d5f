//! Versions, as far as they decide whether something is new enough.

/// The oldest compiler this workspace builds with.
pub(super) const MINIMUM: &str = env!("CARGO_PKG_RUST_VERSION");

/// Whether a version is at least another, by their leading numbers: "1.96.0+dfsg1" has reached "1.95".
pub(super) fn reaches(version: &str, wanted: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        text.split(|c: char| !c.is_ascii_digit())
            .map_while(|part| part.parse().ok())
            .take(2)
            .collect()
    };
    numbers(version) >= numbers(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(reaches("1.96.0+dfsg1-1~deb12u2", "1.95"));
        assert!(reaches("1.95.0", "1.95"));
        assert!(reaches("1.100.0-nightly", "1.95"));
        assert!(!reaches("1.85.0+dfsg3", "1.95"));
        assert!(!reaches("(none)", "1.95"));
    }
}
