//! Which series the list shows. Terms between blanks must all fit: a part of the name in any case,
//! the beginning of the id, a `/regular expression/`, or any of these negated by a `!` before it.

mod expression;

use expression::Expression;
use std::fmt;

/// Most expressions of a filter, which may come from somebody else's link.
const MAX_EXPRESSIONS: usize = 4;

/// What was typed; the default lets everything through.
#[derive(Debug, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

#[derive(Debug)]
struct Term {
    excludes: bool,
    what: What,
}

enum What {
    Text {
        /// Lower case.
        text: String,
        /// Digits only: an id.
        is_number: bool,
    },
    Regex(Expression),
}

impl Filter {
    /// An error is for people: what is wrong with what they typed.
    pub fn new(text: &str) -> Result<Self, String> {
        let terms = split(text).into_iter().filter_map(Term::new);
        let terms: Vec<Term> = terms.collect::<Result<_, _>>()?;
        let is_expression = |term: &&Term| matches!(term.what, What::Regex(_));
        if terms.iter().filter(is_expression).count() > MAX_EXPRESSIONS {
            return Err(format!(
                "more than {MAX_EXPRESSIONS} expressions: join some with |"
            ));
        }
        Ok(Self { terms })
    }

    /// Lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn matches(&self, key: u64, name: &str) -> bool {
        // Lowered once for all terms, and only where one is a text.
        let has_text = |term: &Term| matches!(term.what, What::Text { .. });
        let lowered = self.terms.iter().any(has_text).then(|| lower(name));
        let lowered = lowered.unwrap_or_default();
        self.terms
            .iter()
            .all(|term| term.what.is_in(key, name, &lowered) != term.excludes)
    }
}

/// Text between blanks. Blanks in a regular expression belong to it: it goes on to the next `/` that
/// a blank or the end follows, if there is one.
fn split(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let body = rest.strip_prefix('!').unwrap_or(rest);
        let closed = if body.starts_with('/') {
            let begin = rest.len() - body.len() + 1;
            let is_end = |at: &usize| {
                let after = rest[at + 1..].chars().next();
                after.is_none_or(char::is_whitespace)
            };
            let ends = rest.match_indices('/').map(|(at, _)| at);
            let end = ends.filter(|at| *at >= begin).find(is_end);
            end.map(|at| at + 1)
        } else {
            None
        };
        let end = closed.or_else(|| rest.find(char::is_whitespace));
        let end = end.unwrap_or(rest.len());
        terms.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    terms
}

impl Term {
    /// Nothing for a term that is not typed to its end: a lone `!` or `/`.
    fn new(term: &str) -> Option<Result<Self, String>> {
        let (excludes, body) = match term.strip_prefix('!') {
            Some(body) => (true, body),
            None => (false, term),
        };
        let what = match body.strip_prefix('/') {
            // Until the last `/` is typed, too. The beginning of a path is found just so.
            Some(open) => match open.strip_suffix('/').unwrap_or(open) {
                "" => return None,
                pattern => Expression::new(pattern).map(What::Regex),
            },
            None if body.is_empty() => return None,
            None => Ok(What::text(body)),
        };
        Some(what.map(|what| Self { excludes, what }))
    }
}

impl fmt::Debug for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text { text, .. } => text,
            Self::Regex(_) => "/…/",
        })
    }
}

impl What {
    fn text(text: &str) -> Self {
        Self::Text {
            text: lower(text),
            is_number: text.bytes().all(|b| b.is_ascii_digit()),
        }
    }

    fn is_in(&self, key: u64, name: &str, lowered: &str) -> bool {
        match self {
            Self::Text { text, is_number } => {
                (*is_number && key.to_string().starts_with(text)) || lowered.contains(text.as_str())
            }
            Self::Regex(expression) => expression.matches(name),
        }
    }
}

/// Letter by letter: `str::to_lowercase` looks at a letter's neighbours (the Greek final sigma), so
/// that a part of a name would not be found in it.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::{Filter, split};
    use proptest::prelude::{prop_assert, prop_assert_eq, prop_assume, proptest};
    use std::time::{Duration, Instant};

    fn fits(text: &str, key: u64, name: &str) -> bool {
        let filter = Filter::new(text).expect("a filter");
        filter.is_empty() || filter.matches(key, name)
    }

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
            assert_eq!(fits(text, key, name), shown, "{text:?} {name}");
        }
    }

    #[test]
    fn terms_are_all_required_or_excluded() {
        let table = [
            ("ssh d", "sshd", true),
            ("ssh x", "sshd", false),
            ("!ssh", "sshd", false),
            ("!ssh", "nginx", true),
            ("worker !3", "worker-3", false),
            ("!", "sshd", true),
            ("/^s.*D$/", "sshd", true),
            ("/^h/", "sshd", false),
            ("!/^h/", "sshd", true),
            ("/a b/ c", "a b c", true),
            ("/a b/ d", "a b c", false),
            ("/system.slice/ssh", "/system.slice/ssh.service", true),
            ("/", "sshd", true),
            ("/sys", "/system.slice", true),
            ("/sys x", "/system.slice", false),
            ("/^h", "sshd", false),
            ("//", "sshd", true),
        ];
        for (text, name, shown) in table {
            assert_eq!(fits(text, 1, name), shown, "{text:?} {name}");
        }
    }

    #[test]
    fn a_wrong_expression_is_told() {
        for text in ["x /(/", "x /("] {
            let error = Filter::new(text).expect_err("no expression");
            assert!(error.starts_with("/(/: "), "{error}");
        }
    }

    /// Each would keep an engine that backtracks busy for longer than anybody waits.
    #[test]
    fn no_expression_takes_long() {
        let names: Vec<_> = (0..1_000)
            .map(|n| format!("{}{n}", "a".repeat(60)))
            .collect();
        for pattern in [
            "(a+)+$",
            "(a|aa)+$",
            "(.*a){6}x",
            "^(([a-z])+.)+[A-Z]([a-z])+$",
        ] {
            let start = Instant::now();
            let filter = Filter::new(&format!("/{pattern}/")).expect("within the limits");
            names.iter().for_each(|name| {
                filter.matches(1, name);
            });
            let took = start.elapsed();
            assert!(took < Duration::from_secs(10), "{pattern}: {took:?}");
        }
    }

    #[test]
    fn expressions_have_bounds() {
        let error = |text: &str| Filter::new(text).expect_err("too much");
        assert!(error("/((a{99}){99}){99}/").contains("/((a{99}){99}){99}/: "));
        assert!(error("/a/ /b/ !/c/ /d/ /e/").starts_with("more than 4 expressions"));
        assert!(Filter::new("/a/ /b/ !/c/ /d/ e").is_ok());
        let names = "postgres|nginx|redis-server|java|containerd-shim|kubelet|node|python3";
        assert!(Filter::new(&format!("/^({names})$/")).is_ok());
    }

    #[test]
    fn what_is_remembered_is_bounded_and_right() {
        let filter = Filter::new("/7$/").expect("a filter");
        for _ in 0..2 {
            for n in 0..30_000_u64 {
                assert_eq!(filter.matches(1, &format!("worker-{n}")), n % 10 == 7);
            }
        }
    }

    proptest! {
        #[test]
        fn every_process_is_found_by_its_name_and_id(key: u64, name in "\\PC{1,15}") {
            prop_assume!(!name.starts_with(['!', '/']) && !name.contains([' ', '\u{a0}']));
            prop_assume!(!name.chars().any(char::is_whitespace));
            prop_assert!(fits(&key.to_string(), key, &name));
            prop_assert!(fits(&name, key, &name));
        }

        /// Whatever is typed, nothing of it is lost, and nothing panics.
        #[test]
        fn every_letter_is_in_a_term(text in "[a!/ ()]{0,20}", name: String) {
            let kept: String = split(&text).concat().split_whitespace().collect();
            let typed: String = text.split_whitespace().collect();
            prop_assert_eq!(kept, typed);
            if let Ok(filter) = Filter::new(&text) {
                filter.matches(1, &name);
            }
        }
    }
}
