//! Which series the list shows: by a part of the name, in any case, or by the beginning of the id.

/// What was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Lower case, without blanks around it.
    text: String,
    /// Digits only: an id.
    is_number: bool,
}

impl Filter {
    pub fn new(text: &str) -> Self {
        let text = lower(text.trim());
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        Self { text, is_number }
    }

    /// Lets everything through.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn matches(&self, key: u64, name: &str) -> bool {
        self.is_empty()
            || (self.is_number && key.to_string().starts_with(&self.text))
            || self.is_in(name)
    }

    fn is_in(&self, name: &str) -> bool {
        // A kernel's name has 15 bytes: lowering it anew costs less than keeping a second copy.
        lower(name).contains(&self.text)
    }
}

/// Letter by letter: `str::to_lowercase` looks at a letter's neighbours (the Greek final sigma), so
/// that a part of a name would not be found in it.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::Filter;
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn names_match_in_part_and_ids_from_their_beginning() {
        let table = [
            ("", 1, "sshd", true),
            ("SSH", 1, "sshd", true),
            ("  hd ", 1, "sshd", true),
            ("nginx", 1, "sshd", false),
            ("12", 1_234, "sshd", true),
            ("1234", 1_234, "sshd", true),
            ("34", 1_234, "sshd", false),
            ("3", 1_234, "worker-3", true),
            ("1a", 1, "sshd", false),
            ("ÄRG", 1, "ärger", true),
        ];
        for (text, key, name, shown) in table {
            assert_eq!(
                Filter::new(text).matches(key, name),
                shown,
                "{text:?} {name}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_process_is_found_by_its_name_and_id(key: u64, name in "\\PC{1,15}") {
            prop_assert!(Filter::new(&key.to_string()).matches(key, &name));
            prop_assert!(Filter::new(&name).matches(key, &name));
        }
    }
}
