//! Where this machine gets Debian from: its apt sources, in both formats. Pure; knows texts, not files.

/// The base addresses of Debian's two archives.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Archives {
    /// Releases, their updates and backports.
    pub(super) main: String,
    /// Security updates.
    pub(super) security: String,
}

/// One archive that apt may install from.
#[derive(Debug, Default, PartialEq, Eq)]
struct Source {
    addresses: Vec<String>,
    suites: Vec<String>,
    components: Vec<String>,
}

/// What Debian calls its releases. Other archives use these names too, but offer no component `main` with them.
const RELEASES: [&str; 14] = [
    "buster",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "sid",
    "unstable",
    "testing",
    "stable",
    "oldstable",
    "oldoldstable",
    "rc-buggy",
    "experimental",
];

/// Finds Debian's archives in the sources' files, given as name and text; the first that fits counts.
pub(super) fn archives(files: &[(String, String)]) -> Option<Archives> {
    let sources: Vec<Source> = files
        .iter()
        .flat_map(|(name, text)| {
            if name.ends_with(".sources") {
                stanzas(text)
            } else {
                lines(text)
            }
        })
        .filter(|source| source.components.iter().any(|name| name == "main"))
        .collect();
    let first = |fits: fn(&str) -> bool| {
        let source = sources
            .iter()
            .find(|source| source.suites.iter().any(|suite| fits(suite)))?;
        Some(source.addresses.first()?.trim_end_matches('/').to_owned())
    };
    Some(Archives {
        main: first(is_release)?,
        security: first(is_security)?,
    })
}

fn is_release(suite: &str) -> bool {
    let name = suite
        .strip_suffix("-updates")
        .or_else(|| suite.strip_suffix("-backports"));
    RELEASES.contains(&name.unwrap_or(suite))
}

/// `bookworm-security`, and before Debian 11 `buster/updates`.
fn is_security(suite: &str) -> bool {
    let name = suite
        .strip_suffix("-security")
        .or_else(|| suite.strip_suffix("/updates"));
    name.is_some_and(|name| RELEASES.contains(&name))
}

/// The format of `*.list`: `deb [options] address suite component…`.
fn lines(text: &str) -> Vec<Source> {
    let source = |line: &str| {
        let line = line.split('#').next()?.trim();
        let mut rest = line.strip_prefix("deb")?;
        if !rest.starts_with(char::is_whitespace) {
            return None;
        }
        if rest.trim_start().starts_with('[') {
            rest = rest.split_once(']')?.1;
        }
        let mut words = rest.split_whitespace().map(str::to_owned);
        Some(Source {
            addresses: vec![words.next()?],
            suites: vec![words.next()?],
            components: words.collect(),
        })
    };
    text.lines().filter_map(source).collect()
}

/// The format of `*.sources`: stanzas of fields, whose values may go on in indented lines.
fn stanzas(text: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let lines: Vec<&str> = lines.collect();
    for stanza in lines.split(|line| line.trim().is_empty()) {
        let mut source = Source::default();
        let (mut binary, mut enabled) = (false, true);
        let mut field = String::new();
        for line in stanza {
            let value = if line.starts_with(char::is_whitespace) {
                *line
            } else {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                field = name.to_ascii_lowercase();
                value
            };
            let words = value.split_whitespace().map(str::to_owned);
            match field.as_str() {
                "uris" => source.addresses.extend(words),
                "suites" => source.suites.extend(words),
                "components" => source.components.extend(words),
                "types" => binary |= words.into_iter().any(|word| word == "deb"),
                "enabled" => enabled = value.trim().eq_ignore_ascii_case("yes"),
                _ => {}
            }
        }
        if binary && enabled {
            found.push(source);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Option<(String, String)> {
        let files: Vec<_> = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        archives(&files).map(|found| (found.main, found.security))
    }

    fn both(main: &str, security: &str) -> Option<(String, String)> {
        Some((main.to_owned(), security.to_owned()))
    }

    #[test]
    fn stanzas_are_read_with_their_comments_and_continuations() {
        let text = "Types: deb\n# http://x/y\nURIs: http://a/debian/\nSuites: bookworm\n bookworm-updates\n\
                    Components: main\nSigned-By:\n -----BEGIN\n .\n\nTypes: deb deb-src\nURIs: http://a/sec\n\
                    Suites: bookworm-security\nComponents: main contrib\n";
        assert_eq!(
            found(&[("debian.sources", text)]),
            both("http://a/debian", "http://a/sec")
        );
    }

    #[test]
    fn stanzas_that_are_off_or_of_sources_do_not_count() {
        let good = "deb http://b/debian trixie main\ndeb http://b/sec trixie-security main\n";
        for off in ["Types: deb\nEnabled: no\n", "Types: deb-src\n"] {
            let text = format!("{off}URIs: http://a/\nSuites: trixie\nComponents: main\n");
            assert_eq!(
                found(&[("a.sources", &text), ("sources.list", good)]),
                both("http://b/debian", "http://b/sec"),
                "{off}"
            );
        }
    }

    #[test]
    fn lines_are_read_with_options() {
        let text = "# deb http://no/ trixie main\ndeb-src http://no/ trixie main\n\
                    deb [arch=amd64 signed-by=/k.gpg] http://a/debian trixie main # why\n\
                    deb http://a/sec buster/updates main\n";
        assert_eq!(
            found(&[("sources.list", text)]),
            both("http://a/debian", "http://a/sec")
        );
    }

    #[test]
    fn other_archives_are_not_debians() {
        let others = "deb http://browser/ stable stuff\ndeb http://database/ trixie-db main\n\
                      deb http://ubuntu/ noble main\ndeb http://ubuntu/ noble-security main\n";
        assert_eq!(found(&[("other.list", others)]), None);
        assert_eq!(found(&[]), None);
        // Without security updates there are no kernels of old releases.
        let text = "deb http://a/debian trixie main\n";
        assert_eq!(found(&[("sources.list", text)]), None);
    }
}
