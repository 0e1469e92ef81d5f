//! Why a page gets no connection, from what came back when it asked in HTTP: of a WebSocket that is refused a browser
//! tells nothing.

/// Attempts at a WebSocket in a row that fail before a server that answers is to blame no more: one that is just being
/// restarted fails once or twice.
const FEW: u32 = 3;

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// 0 if nothing came.
    pub status: u16,
    /// The server's own words; empty if it was not the server that answered.
    pub error: String,
    pub hint: String,
}

/// What it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server wants a token.
    NoAccess(String),
    Because(String),
    /// It may be over in a moment.
    Unknown,
}

impl Answer {
    /// After so many attempts in a row that brought no message.
    pub fn verdict(&self, attempts: u32, is_tls: bool) -> Verdict {
        let Self {
            status,
            error,
            hint,
        } = self;
        match status {
            0 if is_tls => Verdict::Because(
                "the server can't be reached, or this browser does not trust its certificate any more (a reload shows \
                 which)"
                    .into(),
            ),
            0 => Verdict::Because(
                "the server can't be reached: it has stopped, or a tunnel or the network is down".into(),
            ),
            // The answer to a request that should have been a WebSocket's: it is there and lets this page in.
            426 if attempts < FEW => Verdict::Unknown,
            426 => Verdict::Because(
                "the server answers in HTTP only: a proxy on the way may not pass WebSocket upgrades (docs/proxy.md)"
                    .into(),
            ),
            401 if !error.is_empty() => Verdict::NoAccess(error.clone()),
            _ if !error.is_empty() => Verdict::Because(format!("{error} ({hint})")),
            502..=504 => Verdict::Because(format!(
                "a proxy answers with status {status}: it does not reach the server"
            )),
            401 | 407 => Verdict::Because(format!(
                "a proxy answers with status {status}: sign in to it by reloading the page"
            )),
            _ => Verdict::Because(format!(
                "what answers here is not runqlat-web (status {status}): a proxy leads elsewhere"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Verdict};

    #[test]
    fn what_comes_back_tells_why() {
        let table = [
            // Status, whether in the server's own words; attempts, TLS; what it says.
            ((0, false), (1, false), "a tunnel or the network"),
            ((0, false), (1, true), "trust its certificate"),
            ((426, true), (3, false), "may not pass WebSocket upgrades"),
            ((403, true), (1, false), "words (advice)"),
            ((421, true), (1, true), "words (advice)"),
            ((503, true), (1, false), "words (advice)"),
            ((503, false), (1, false), "does not reach the server"),
            ((502, false), (9, true), "does not reach the server"),
            ((401, false), (1, true), "sign in to it"),
            ((404, false), (1, true), "not runqlat-web (status 404)"),
            ((200, false), (1, true), "not runqlat-web (status 200)"),
        ];
        for ((status, own), (attempts, is_tls), said) in table {
            let (error, hint) = if own { ("words", "advice") } else { ("", "") };
            let answer = Answer {
                status,
                error: error.into(),
                hint: hint.into(),
            };
            match answer.verdict(attempts, is_tls) {
                Verdict::Because(why) => assert!(why.contains(said), "{why}"),
                other => panic!("{answer:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_restart_is_no_proxy_and_a_token_is_asked_for() {
        let answer = |status| Answer {
            status,
            error: "words".into(),
            hint: "advice".into(),
        };
        assert_eq!(answer(426).verdict(2, false), Verdict::Unknown);
        let asked = answer(401).verdict(1, false);
        assert_eq!(asked, Verdict::NoAccess("words".into()));
    }
}
