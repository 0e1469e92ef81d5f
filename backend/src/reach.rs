//! What the server is called, and so which requests are meant for it and how its links begin. Must not
//! know HTTP.

use crate::access::Token;
use crate::public_url::PublicUrl;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// The server's names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    pub listening: SocketAddr,
    /// An address of this host that others reach it by: see [`host`].
    pub host: IpAddr,
    /// Names that people reach it by, besides its address and localhost.
    pub names: Vec<String>,
    /// Where people open it, if that is a proxy.
    pub public: Option<PublicUrl>,
    pub tls: bool,
}

impl Reach {
    pub fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// Whether tokens that are sent to it can be read on the way.
    pub fn is_exposed(&self) -> bool {
        !self.tls && !self.listening.ip().is_loopback()
    }

    /// Where it listens, as an address.
    pub fn address(&self) -> String {
        format!("{}://{}", self.scheme(), self.listening)
    }

    /// The address to give to people, with a slash at its end: the proxy's, or by its first name, or an address of this
    /// host.
    pub fn url(&self) -> String {
        let (scheme, port) = (self.scheme(), self.listening.port());
        match (&self.public, self.names.first()) {
            (Some(public), _) => public.url(),
            (None, Some(name)) => format!("{scheme}://{name}:{port}/"),
            (None, None) => format!("{scheme}://{}/", SocketAddr::new(self.host, port)),
        }
    }

    /// An address that brings its token along. Browsers send nothing of what follows the #, so it
    /// reaches no log on the way; the page exchanges it for a session and takes it out of the address.
    pub fn link(&self, token: &Token) -> String {
        format!("{}#token={}", self.url(), token.text())
    }

    /// Whether `host`, of a request, names this server without a look-up: its address, any address when
    /// it listens on all, `localhost`, or a name that it was told. Ports are the sender's business: a
    /// tunnel's differs. A full name may end with a dot.
    pub fn is_called(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => name,
            _ => host,
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        let own = |own: &String| name.eq_ignore_ascii_case(own.strip_suffix('.').unwrap_or(own));
        let public = |public: &PublicUrl| public.is_called(name);
        if name.eq_ignore_ascii_case("localhost")
            || self.names.iter().any(own)
            || self.public.as_ref().is_some_and(public)
        {
            return true;
        }
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let listening = self.listening.ip();
        bare.parse::<IpAddr>().is_ok_and(|address| {
            address == listening || address.is_loopback() || listening.is_unspecified()
        })
    }

    /// Whether a page with this Origin, whose request has this Host, is this server's own. Behind a proxy only the
    /// public address is: the proxy may put any name of this server into the Host, another page's requests included.
    pub fn is_own_page(&self, origin: &str, host: &str) -> bool {
        match &self.public {
            Some(public) => public.is_origin(origin),
            None => origin.split_once("://") == Some((self.scheme(), host)),
        }
    }

    /// What comes before the server's own paths where a proxy leaves it there; empty, or as `/runqlat`.
    pub fn prefix(&self) -> &str {
        self.public.as_ref().map_or("", PublicUrl::prefix)
    }
}

/// The address that others reach a server by that listens on `ip`. Opens a socket, which is not allowed once rights
/// are given up.
pub fn host(ip: IpAddr) -> IpAddr {
    if ip.is_unspecified() {
        outgoing(ip)
    } else {
        ip
    }
}

/// The address of this host that others are likely to reach: the one it speaks to others from.
fn outgoing(unspecified: IpAddr) -> IpAddr {
    // An address that is set aside for documents; a datagram socket that connects sends nothing.
    let other: SocketAddr = match unspecified {
        IpAddr::V4(_) => ([192, 0, 2, 1], 9).into(),
        IpAddr::V6(_) => ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 9).into(),
    };
    let own = UdpSocket::bind((unspecified, 0)).and_then(|socket| {
        socket.connect(other)?;
        socket.local_addr()
    });
    own.map_or(unspecified, |own| own.ip())
}

#[cfg(test)]
mod tests {
    use super::{Reach, host};
    use crate::public_url::PublicUrl;
    use std::net::SocketAddr;

    fn reach(listening: &str, names: &[&str]) -> Reach {
        let listening: SocketAddr = listening.parse().unwrap();
        Reach {
            listening,
            host: host(listening.ip()),
            names: names.iter().map(|&name| name.into()).collect(),
            public: None,
            tls: false,
        }
    }

    #[test]
    fn only_own_names_are_answered() {
        let table = [
            ("127.0.0.1:8080", "127.0.0.1:8080", true),
            ("127.0.0.1:8080", "localhost:8080", true),
            ("127.0.0.1:8080", "LOCALHOST", true),
            ("127.0.0.1:8080", "localhost:9999", true),
            ("127.0.0.1:8080", "localhost.", true),
            ("127.0.0.1:8080", "localhost.:8080", true),
            ("127.0.0.1:8080", "localhost..", false),
            ("127.0.0.1:8080", ".", false),
            ("127.0.0.1:8080", "db1.example.:8080", true),
            ("127.0.0.1:8080", "ops.example", false),
            ("127.0.0.1:8080", "[::1]:8080", true),
            ("127.0.0.1:8080", "10.0.0.5:8080", false),
            ("127.0.0.1:8080", "rebound.example:8080", false),
            ("127.0.0.1:8080", "localhost.example", false),
            ("127.0.0.1:8080", "db1.example:8080", true),
            ("127.0.0.1:8080", "DB1.Example", true),
            ("127.0.0.1:8080", "db1.example.evil.example", false),
            ("127.0.0.1:8080", "x.db1.example", false),
            ("127.0.0.1:8080", "", false),
            ("10.0.0.5:8080", "10.0.0.5:8080", true),
            ("0.0.0.0:8080", "10.0.0.5:8080", true),
            ("0.0.0.0:8080", "rebound.example:8080", false),
            ("[::1]:8080", "[::1]", true),
        ];
        for (listening, host, own) in table {
            let reach = reach(listening, &["db1.example"]);
            assert_eq!(reach.is_called(host), own, "{listening} {host}");
        }
    }

    #[test]
    fn links_begin_with_what_others_can_reach() {
        let named = Reach {
            tls: true,
            ..reach("0.0.0.0:8443", &["db1.example", "db1"])
        };
        assert_eq!(named.url(), "https://db1.example:8443/");
        assert_eq!(reach("10.0.0.5:80", &[]).url(), "http://10.0.0.5:80/");
        assert_eq!(reach("[::1]:8080", &[]).url(), "http://[::1]:8080/");
        let anywhere = reach("0.0.0.0:8080", &[]);
        let named = anywhere.url();
        assert!(anywhere.is_called(named.trim_start_matches("http://").trim_end_matches('/')));
    }

    fn behind(url: &str) -> Reach {
        Reach {
            public: Some(PublicUrl::parse(url).unwrap()),
            ..reach("127.0.0.1:8080", &["db1.example"])
        }
    }

    #[test]
    fn behind_a_proxy_its_address_and_the_local_ones_count() {
        let reach = behind("https://ops.example:8443/runqlat/");
        assert_eq!(reach.url(), "https://ops.example:8443/runqlat/");
        let hosts = [
            ("ops.example:8443", true),
            ("OPS.example.", true),
            ("localhost:8080", true),
            ("127.0.0.1:8080", true),
            ("db1.example", true),
            ("evil.example", false),
            ("", false),
        ];
        for (host, own) in hosts {
            assert_eq!(reach.is_called(host), own, "{host}");
        }
        let pages = [
            ("https://ops.example:8443", "ops.example:8443", true),
            ("https://ops.example:8443", "127.0.0.1:8080", true),
            ("https://ops.example.:8443", "ops.example.:8443", true),
            ("https://ops.example", "ops.example", false),
            ("http://ops.example:8443", "ops.example:8443", false),
            // Of a server on the reader's own machine.
            ("http://127.0.0.1:8080", "127.0.0.1:8080", false),
            ("null", "ops.example:8443", false),
        ];
        for (origin, host, own) in pages {
            assert_eq!(reach.is_own_page(origin, host), own, "{origin} {host}");
        }
    }

    #[test]
    fn tokens_are_exposed_beyond_loopback_without_tls() {
        assert!(!reach("127.0.0.1:8080", &[]).is_exposed());
        assert!(reach("0.0.0.0:8080", &[]).is_exposed());
        let safe = Reach {
            tls: true,
            ..reach("0.0.0.0:8080", &[])
        };
        assert!(!safe.is_exposed());
    }
}
