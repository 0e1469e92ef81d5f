//! The address by which people reach a server behind a proxy: `--public-url`. Parsed by the standard that browsers
//! follow, since what it is compared with are a browser's `Host` and `Origin`. Must not know HTTP.

use url::Url;

/// What this server's own paths begin with. Under a prefix like them nobody could tell whether a proxy has taken the
/// prefix off.
const OWN: [&str; 4] = ["api", "assets", "healthz", "ws"];

/// Scheme, host, port and prefix of the address that people open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// As a browser's Origin: `https://ops.example`, with a port only where it is not the scheme's own.
    origin: String,
    /// The host alone, in lower case.
    host: String,
    /// What comes before the server's own paths: empty, or `/runqlat`, without a slash at the end.
    prefix: String,
}

impl PublicUrl {
    /// Reads an address; the error is a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let strange = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
        if text.contains(strange) {
            return Err("a URL has no blanks and no backslashes".into());
        }
        let url = Url::parse(text).map_err(|error| {
            format!("this is no URL ({error}); write it as https://ops.example/runqlat/")
        })?;
        let scheme = url.scheme();
        // The standard is lenient about slashes; who writes too few or too many means something else.
        let after = text
            .get(scheme.len()..)
            .and_then(|rest| rest.strip_prefix("://"));
        let Some(after) = after.filter(|rest| !rest.starts_with('/')) else {
            return Err("a URL begins with https:// or http:// and a host".into());
        };
        if scheme != "https" && scheme != "http" {
            return Err(format!("browsers open https and http here, not {scheme}"));
        }
        if !url.username().is_empty() || url.password().is_some() || after.contains('@') {
            return Err("a URL that is printed holds no user and no password".into());
        }
        if after.contains(['?', '#']) {
            return Err(
                "links get a query and a fragment of their own; end the URL with its path".into(),
            );
        }
        let path = after.find('/').map_or("", |at| &after[at..]);
        let url = without_dot(url);
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            host: url.host_str().unwrap_or_default().to_owned(),
            prefix: prefix(path)?,
        })
    }

    /// As people open it, with the slash that its relative paths need.
    pub fn url(&self) -> String {
        format!("{}{}/", self.origin, self.prefix)
    }

    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether what is sent to it can be read on the way.
    pub fn is_plain(&self) -> bool {
        self.origin.starts_with("http://")
    }

    /// Whether a name, without its port, is this one's.
    pub fn is_called(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(&self.host)
    }

    /// Whether a page at this Origin was opened by this address.
    pub fn is_origin(&self, origin: &str) -> bool {
        let own = |url| without_dot(url).origin().ascii_serialization() == self.origin;
        Url::parse(origin).is_ok_and(own)
    }
}

/// A full name may end with a dot, which a browser keeps in what it sends.
fn without_dot(mut url: Url) -> Url {
    let bare = url.host_str().and_then(|host| host.strip_suffix('.'));
    if let Some(bare) = bare.map(str::to_owned) {
        // Refused only where nothing is left: that is no name of anybody's.
        let _refused = url.set_host(Some(&bare));
    }
    url
}

/// The path as a prefix, of plain segments only.
fn prefix(path: &str) -> Result<String, String> {
    let bare = path.strip_suffix('/').unwrap_or(path);
    let Some(inner) = bare.strip_prefix('/') else {
        return Ok(String::new());
    };
    for segment in inner.split('/') {
        match segment {
            "" => return Err("the path has an empty segment, that is two slashes in a row".into()),
            "." | ".." => {
                return Err(format!(
                    "the path has a segment {segment:?}, which browsers resolve"
                ));
            }
            _ => {}
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        if !segment.chars().all(plain) {
            return Err("the path holds letters, digits and -._~ without escapes".into());
        }
    }
    let first = inner.split('/').next().unwrap_or_default();
    if OWN.contains(&first) {
        return Err(format!(
            "a path that begins with /{first} is one of this server's own; choose another"
        ));
    }
    Ok(bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::PublicUrl;

    #[test]
    fn an_address_is_read_as_browsers_read_it() {
        let table = [
            // URL; Origin, host, prefix.
            (
                "https://ops.example/runqlat/",
                "https://ops.example",
                "ops.example",
                "/runqlat",
            ),
            (
                "https://ops.example/runqlat",
                "https://ops.example",
                "ops.example",
                "/runqlat",
            ),
            (
                "https://ops.example",
                "https://ops.example",
                "ops.example",
                "",
            ),
            (
                "https://ops.example/",
                "https://ops.example",
                "ops.example",
                "",
            ),
            (
                "HTTPS://Ops.Example:443/a/b-1~/",
                "https://ops.example",
                "ops.example",
                "/a/b-1~",
            ),
            (
                "https://ops.example:8443/",
                "https://ops.example:8443",
                "ops.example",
                "",
            ),
            ("http://10.0.0.5:80/x/", "http://10.0.0.5", "10.0.0.5", "/x"),
            (
                "http://[2001:DB8::1]:81/x/",
                "http://[2001:db8::1]:81",
                "[2001:db8::1]",
                "/x",
            ),
            (
                "https://ops.example./",
                "https://ops.example",
                "ops.example",
                "",
            ),
            (
                "https://bücher.example/",
                "https://xn--bcher-kva.example",
                "xn--bcher-kva.example",
                "",
            ),
        ];
        for (text, origin, host, prefix) in table {
            let url = PublicUrl::parse(text).unwrap();
            assert_eq!(
                (&*url.origin, &*url.host, &*url.prefix),
                (origin, host, prefix),
                "{text}"
            );
            assert_eq!(url.url(), format!("{origin}{prefix}/"));
        }
    }

    #[test]
    fn what_is_no_address_gets_a_sentence() {
        let table = [
            ("", "no URL"),
            ("ops.example/runqlat/", "no URL"),
            ("/runqlat/", "no URL"),
            ("https://", "no URL"),
            ("https:///runqlat/", "begins with"),
            ("https:ops.example", "begins with"),
            ("localhost:8080", "begins with"),
            ("https://ops.example:99999/", "no URL"),
            ("https://ops.example :80/", "no blanks"),
            ("https://ops.example\\runqlat", "no backslashes"),
            ("https://ops.example/\n", "no blanks"),
            ("ftp://ops.example/", "not ftp"),
            ("wss://ops.example/", "not wss"),
            ("https://ada:x@ops.example/", "no user"),
            ("https://@ops.example/", "no user"),
            ("https://ops.example/?a=1", "a query"),
            ("https://ops.example/?", "a query"),
            ("https://ops.example/#a", "a fragment"),
            ("https://ops.example?x", "a query"),
            ("https://ops.example/a//b/", "empty segment"),
            ("https://ops.example//", "empty segment"),
            ("https://ops.example/a/../b/", "\"..\""),
            ("https://ops.example/..", "\"..\""),
            ("https://ops.example/./", "\".\""),
            ("https://ops.example/%2e%2e/", "without escapes"),
            ("https://ops.example/a%20b/", "without escapes"),
            ("https://ops.example/é/", "without escapes"),
            ("https://ops.example/a;b/", "without escapes"),
            ("https://ops.example/api/", "server's own"),
            ("https://ops.example/ws", "server's own"),
        ];
        for (text, said) in table {
            let error = PublicUrl::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn only_its_own_origin_is_its_own() {
        let url = PublicUrl::parse("https://ops.example/runqlat/").unwrap();
        let table = [
            ("https://ops.example", true),
            ("https://ops.example.", true),
            ("http://ops.example", false),
            ("https://ops.example:8443", false),
            ("https://x.ops.example", false),
            ("https://ops.example.evil.example", false),
            ("https://localhost:8080", false),
            ("null", false),
            ("", false),
        ];
        for (origin, own) in table {
            assert_eq!(url.is_origin(origin), own, "{origin}");
        }
    }
}
